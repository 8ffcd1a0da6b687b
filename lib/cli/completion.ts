import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { parseObjectKey } from '../dms/object-key.ts';
import { isErrno } from '../local/errno.ts';
import { addHelpText } from './help.ts';

/** Options whose values are paths. */
const PATHS = ['raw', 'lake', 'state', 'tables', 'keep'];

/**
 * Adds `tidemark completion <shell>`, which writes a script for the shell, and the hidden command that such a script asks.
 * Tables are completed on folders, by those of `--raw`; those of a stack would take a request with every key.
 * @param asked what is typed so far, after `complete --`
 */
export function addCompletion(program: Command, asked: readonly string[]): void {
  const { commands } = tab(program, { completionCommandName: 'completion' });
  for (const { arguments: args, options } of commands.values()) {
    const table = args.get('table');
    if (table) table.handler = (complete) => tablesOf(asked).forEach((name) => complete(name, ''));
    for (const name of PATHS) {
      const option = options.get(name);
      if (option) option.handler = (complete) => pathsLike(asked.at(-1) ?? '').forEach((path) => complete(path, ''));
    }
  }
  const completion = program.commands.find((command) => command.name() === 'completion');
  if (!completion) return;
  completion.description('Writes a script that completes commands, options and tables in a shell.');
  addHelpText(completion, { examples: EXAMPLES, notes: NOTES });
}

const EXAMPLES = [
  [
    'bash > ~/.local/share/bash-completion/completions/tidemark',
    'completes commands, options, folders and tables in bash, from the next shell on; make the folder if it is not there',
  ],
  ['zsh > "${fpath[1]}/_tidemark"', 'the same in zsh'],
  ['fish > ~/.config/fish/completions/tidemark.fish', 'the same in fish'],
] as const;

const NOTES = [
  'Shells complete commands by their name: have one named tidemark, by npm link in the clone, or by alias tidemark="npx tidemark". Tables are completed where --raw stands before them.',
  'Bash needs its package bash-completion, and zsh its compinit; most systems have both on.',
  'The script for PowerShell (powershell >> $PROFILE) has not been tried in one.',
];

/** The tables that have a folder below `--raw`; none if it is not given or cannot be read. */
function tablesOf(asked: readonly string[]): string[] {
  const { raw } = parseArgs({ args: [...asked], options: { raw: { type: 'string' } }, strict: false }).values;
  if (typeof raw !== 'string') return [];
  const names = foldersIn(raw).flatMap((schema) => foldersIn(join(raw, schema)).map((table) => `${schema}/${table}`));
  return names.filter((name) => parseObjectKey(`${name}/file`, '').kind === 'table');
}

/** Paths that begin so; `--option=` before them is not one. */
function pathsLike(typed: string): string[] {
  const path = typed.startsWith('--') ? typed.slice(typed.indexOf('=') + 1) : typed;
  const folder = path === '' || path.endsWith('/') ? path : path.slice(0, path.lastIndexOf('/') + 1);
  return entriesOf(folder === '' ? '.' : folder).map(({ name }) => `${folder}${name}`);
}

function foldersIn(folder: string): string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'));
  } catch (error) {
    // A completion has nothing to say where there is nothing.
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return [];
    throw error;
  }
}
