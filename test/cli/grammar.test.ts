/** What all commands have in common: options, help, words for what is unknown, completion, and how they are called. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Command } from 'commander';
import { runCompact } from '../../lib/cli/compact.ts';
import { runDeactivate } from '../../lib/cli/deactivate.ts';
import { runForget } from '../../lib/cli/forget.ts';
import { runHistory } from '../../lib/cli/history.ts';
import { nearestNames } from '../../lib/nearest.ts';
import { runPlan } from '../../lib/cli/plan.ts';
import { tidemarkProgram } from '../../lib/cli/program.ts';
import { runReplay } from '../../lib/cli/replay.ts';
import { runSkip } from '../../lib/cli/skip.ts';
import { runVerify } from '../../lib/cli/verify.ts';
import { openPlace } from '../../lib/place/place.ts';
import { configureTable } from '../../lib/table/configure.ts';
import { putDmsFile } from '../local/dms-folder.ts';
import { rawAndLake, temporaryFolder } from '../local/temporary-folder.ts';
import { recorded, tidemark } from './terminal.ts';

const NAMES = [
  'tables',
  'history',
  'activate',
  'deactivate',
  'forget',
  'plan',
  'skip',
  'replay',
  'verify',
  'compact',
  'redrive',
  'connect',
];

/** Help as a person reads it. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

const commandNamed = (name: string): Command =>
  tidemarkProgram().commands.find((command) => command.name() === name) as Command;

describe('every command', () => {
  it.each(NAMES)('takes the same options and explains itself in the same way: %s', (name) => {
    const command = commandNamed(name);
    const options = command.options.map(({ long }) => long);
    for (const option of ['--json', '--verbose', '--raw', '--lake', '--state', '--stage', '--region', '--profile'])
      expect(options).toContain(option);
    const help = helpOf(command);
    expect(help).toMatch(new RegExp(`Examples:\n  \\$ npx tidemark ${name} `));
    expect(help).toMatch(/\n\nWith --json: /);
    expect(help).toMatch(/\n\nExit code: 0 .*1 .*wrong\susage\sor\san\sunexpected\sfailure\.\n$/s);
    expect(Math.max(...help.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(120);
  });

  it('lists the options of folders, unless it refuses folders', () => {
    for (const name of NAMES)
      for (const option of ['--raw', '--lake', '--state'])
        expect(helpOf(commandNamed(name)).includes(`  ${option} <folder>`)).toBe(name !== 'connect');
  });

  it('that changes what readers see, or what others made, has --yes; that plans has --dry-run', () => {
    const having = (option: string) =>
      NAMES.filter((name) => commandNamed(name).options.some(({ long }) => long === option));
    expect(having('--yes')).toEqual(['activate', 'forget', 'replay', 'compact', 'connect']);
    expect(having('--dry-run')).toEqual(['activate', 'forget', 'replay', 'connect']);
  });

  it('is listed, and the exit codes with them', async () => {
    const { exitCode, stdout } = await tidemark(['--help']);
    expect(exitCode).toBe(0);
    for (const name of [...NAMES, 'local', 'demo', 'completion']) expect(stdout).toContain(`\n  ${name} `);
    expect(stdout).toMatch(/Exit code: 0 done; 2 .*; 1 /);
  });
});

describe('a table that is unknown', () => {
  let places: { raw: string; lake: string };
  beforeEach(async () => {
    const { raw, lake } = await rawAndLake();
    places = { raw, lake };
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', [{ id: 1, item: 'apple' }]);
    const place = await openPlace(places, { err: () => undefined });
    await configureTable('sales/orders', { primaryKey: ['id'] }, place.ports);
  });

  type Io = ReturnType<typeof recorded>['io'];

  it.each<[string, (table: string, io: Io) => Promise<number>]>([
    ['plan', (table, io) => runPlan(table, places, io)],
    ['history', (table, io) => runHistory(table, places, io)],
    ['verify', (table, io) => runVerify(table, places, io)],
    ['replay', (table, io) => runReplay(table, { ...places, all: true }, io)],
    ['skip', (table, io) => runSkip(table, 'LOAD00000001.parquet', places, io)],
    ['compact', (table, io) => runCompact(table, places, io)],
    ['deactivate', (table, io) => runDeactivate(table, places, io)],
    ['forget', (table, io) => runForget(table, places, io)],
  ])('ends %s with 1, and the same words: those that are near, and the next command', async (_, run) => {
    const { err, io } = recorded();
    expect(await run('Sales/order', io)).toBe(1);
    expect(err.join()).toMatch(
      /: Sales\/order is not known at .* → .*\. Did you mean sales\/orders\? Those that are: `npx tidemark tables --raw \S+ --lake \S+`\. A new one/,
    );
  });

  it('is not told of names that are far', async () => {
    const { err, io } = recorded();
    await runPlan('stock/customers', places, io);
    expect(err.join()).toMatch(/stock\/customers is not known at .*\. Those that are: /);
  });
});

describe('names that are near', () => {
  it.each([
    ['sales/ordres', ['sales/orders']],
    ['SALES/ORDERS', ['sales/orders']],
    ['a/b', ['a/c']],
    ['nothing/like/it', []],
  ])('%s', (wanted, near) => {
    expect(nearestNames(wanted, ['a/c', 'sales/orders', 'stock/items'])).toEqual(near);
  });
});

/** What bash's package for completions brings. */
const BASH_COMPLETION = '/usr/share/bash-completion/bash_completion';

describe('completion', () => {
  let raw: string;
  beforeEach(async () => {
    ({ raw } = await rawAndLake());
    for (const table of ['sales/orders', 'sales/items', 'awsdms_control/status'])
      await mkdir(join(raw, table), { recursive: true });
  });

  async function written(...words: string[]): Promise<string> {
    const lines: unknown[] = [];
    const log = jest.spyOn(console, 'log').mockImplementation((line: unknown) => void lines.push(line));
    await tidemarkProgram(words).parseAsync(words, { from: 'user' });
    log.mockRestore();
    return lines.join('\n');
  }

  /** What a shell is offered for the last word. */
  async function offered(...words: string[]): Promise<string[]> {
    const lines = (await written('complete', '--', ...words)).split('\n');
    return lines.slice(0, -1).map((line) => line.split('\t')[0] as string);
  }

  it('offers commands and options', async () => {
    expect(await offered('dea')).toEqual(['deactivate']);
    expect(await offered('replay', '--dr')).toEqual(['--dry-run']);
  });

  it('offers the tables of --raw', async () => {
    expect((await offered('plan', '--raw', raw, '')).sort()).toEqual(['sales/items', 'sales/orders']);
    expect(await offered('activate', '--raw', raw, 'sales/o')).toEqual(['sales/orders']);
    expect(await offered('plan', '--raw', join(raw, 'none'), '')).toEqual([]);
    expect(await offered('tables', 'sales/orders', '--raw', raw, 'sales/i')).toEqual(['sales/items']);
    expect(await offered('plan', '')).toEqual([]);
  });

  it('offers folders where one is asked for, and what is in the only one, so that a person can go on', async () => {
    await writeFile(join(raw, 'sales.json'), '{}');
    expect((await offered('tables', '--raw', raw.slice(0, -1))).sort()).toEqual([
      `${raw}/`,
      `${raw}/awsdms_control/`,
      `${raw}/sales/`,
    ]);
    expect((await offered('tables', '--raw', `${raw}/`)).sort()).toEqual([`${raw}/awsdms_control/`, `${raw}/sales/`]);
    expect(await offered('tables', '--raw', `${raw}/sales/o`)).toEqual([`${raw}/sales/orders/`]);
    expect(await offered('tables', `--lake=${raw}/sales/o`)).toEqual([`${raw}/sales/orders/`]);
    expect(await offered('tables', '--raw', `${raw}/none`)).toEqual([]);
  });

  it('offers files, too, where one is asked for', async () => {
    await writeFile(join(raw, 'sales.json'), '{}');
    expect((await offered('local', '--tables', `${raw}/sales`)).sort()).toEqual([`${raw}/sales.json`, `${raw}/sales/`]);
  });

  it.each(['bash', 'zsh', 'fish'])('writes a script for %s', async (shell) => {
    expect(await written('completion', shell)).toContain('tidemark complete --');
  });

  it('says what bash and zsh need for it', async () => {
    const { stdout } = await tidemark(['completion', '--help']);
    expect(stdout).toMatch(/Bash needs its package bash-completion, and zsh its compinit/);
  });

  (existsSync(BASH_COMPLETION) ? describe : describe.skip)('in bash', () => {
    /** Runs lines of bash, where the command is. */
    async function bash(program: string) {
      const bin = await temporaryFolder();
      await symlink(join(import.meta.dirname, '../../lib/cli/tidemark.js'), join(bin, 'tidemark'));
      const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
      return promisify(execFile)('bash', ['-c', program], { env });
    }

    /** What bash completes the last word to. @param line as typed  @param words as bash parts it: at equals signs, too */
    async function completed(line: string, words: readonly string[]): Promise<string[]> {
      const { stdout } = await bash(`
      . ${BASH_COMPLETION}
      . <(tidemark completion bash)
      COMP_WORDS=(${words.join(' ')}) COMP_CWORD=${words.length - 1} COMP_LINE='${line}'
      COMP_POINT=\${#COMP_LINE}
      $(complete -p tidemark | grep -o '__[a-z_]*')
      printf '%s\\n' "\${COMPREPLY[@]}"`);
      return stdout.trimEnd().split('\n').sort();
    }

    it('completes tables', async () => {
      const words = ['tidemark', 'plan', '--raw', raw, 'sales/o'];
      expect(await completed(words.join(' '), words)).toEqual(['sales/orders']);
    });

    it('completes folders, one below the other, also behind an equals sign', async () => {
      const typed = `${raw}/sales/o`;
      expect(await completed(`tidemark plan --raw ${typed}`, ['tidemark', 'plan', '--raw', typed])).toEqual([
        `${typed}rders/`,
      ]);
      expect(await completed(`tidemark plan --raw=${typed}`, ['tidemark', 'plan', '--raw', '=', typed])).toEqual([
        `${typed}rders/`,
      ]);
    });

    it('can be sourced again, and beside scripts of other programs', async () => {
      const { stderr } = await bash(`
      readonly ShellCompDirectiveError=1
      . <(tidemark completion bash)
      . <(tidemark completion bash)`);
      expect(stderr).toBe('');
    });
  });

  it('writes a script for powershell that is whole, and asks the command', async () => {
    const script = await written('completion', 'powershell');
    const code = script.replaceAll(/#[^\n]*|'(?:[^']|'')*'|"(?:`.|[^"`])*"/g, '');
    let brackets = code.replaceAll(/[^()[\]{}]/g, '');
    for (let before = ''; brackets !== before;) {
      before = brackets;
      brackets = brackets.replaceAll(/\(\)|\[\]|\{\}/g, '');
    }
    expect(brackets).toBe('');
    const made = [...code.matchAll(/(?:function|filter) (__\w+)/g)].map(([, name]) => name);
    expect(new Set(made)).toEqual(new Set([...code.matchAll(/(?<!\$)\b__\w+/g)].map(([name]) => name)));
    expect(script).toContain(`& tidemark complete '--' `);
    expect(script).toMatch(/^\[scriptblock\](\$\w+) = [^]*^Register-ArgumentCompleter .*'tidemark' -ScriptBlock \1$/m);
  });

  it('is what a shell gets from the process that it asks', async () => {
    const { exitCode, stdout } = await tidemark(['complete', '--', 'plan', '--raw', raw, 'sales/o']);
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^sales\/orders\t\n:\d\n$/)]);
  });
});

describe('the command', () => {
  it('runs from any folder, by a link too, as npx and npm link make it', async () => {
    const folder = await temporaryFolder();
    const link = join(folder, 'tidemark');
    await symlink(join(import.meta.dirname, '../../lib/cli/tidemark.js'), link);
    const { raw, lake } = await rawAndLake();
    const { exitCode, stderr } = await tidemark(['tables', '--raw', raw, '--lake', lake], { cwd: folder, bin: link });
    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/^No table is registered/)]);
  });

  it('ends with 1 and a name that is near where there is no such command', async () => {
    const { exitCode, stderr } = await tidemark(['table']);
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/unknown command 'table'.*Did you mean tables\?/s)]);
  });
});
