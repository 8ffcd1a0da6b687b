import type { Dirent } from 'node:fs';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { parseObjectKey } from '../dms/object-key.ts';
import { isErrno } from '../local/errno.ts';
import { completionScript } from './completion-script.ts';
import { addHelpText } from './help.ts';

/** Options whose values are folders, and those whose values are files. */
const FOLDERS = ['raw', 'lake', 'state', 'keep'];
const FILES = ['tables'];

/**
 * Adds `tidemark completion <shell>`, which writes a script for the shell, and the hidden command that such a script asks.
 * Tables are completed on folders, by those of `--raw`; those of a stack would take a request with every key.
 * @param asked what is typed so far, after `complete --`
 */
export function addCompletion(program: Command, asked: readonly string[]): void {
  const root = tab(program, { completionCommandName: 'completion' });
  for (const { arguments: args, options } of root.commands.values()) {
    const table = args.get('table') ?? args.get('tables');
    if (table) table.handler = (complete) => tablesOf(asked).forEach((name) => complete(name, ''));
    for (const [names, isWanted] of [
      [FOLDERS, isFolder],
      [FILES, () => true],
    ] as const)
      for (const name of names) {
        const option = options.get(name);
        if (!option) continue;
        option.handler = (complete) => pathsLike(asked.at(-1) ?? '', isWanted).forEach((path) => complete(path, ''));
      }
  }
  const completion = program.commands.find((command) => command.name() === 'completion');
  if (!completion) return;
  const name = program.name();
  completion.action((shell: string) => console.log(completionScript(shell, () => root.setup(name, name, shell))));
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

/**
 * Paths that begin so; `--option=` before them is not one. Beside a folder that is the only one, there is what it holds: a
 * shell then stops behind its slash, for a person to go on.
 */
function pathsLike(typed: string, isWanted: (entry: Dirent) => boolean): string[] {
  const path = typed.startsWith('--') ? typed.slice(typed.indexOf('=') + 1) : typed;
  const paths = pathsIn(path.slice(0, path.lastIndexOf('/') + 1), isWanted).filter((found) => found.startsWith(path));
  const [only = ''] = paths;
  return paths.length === 1 && only.endsWith('/') ? [only, ...pathsIn(only, isWanted)] : paths;
}

/** @param folder empty: the one where the command runs; else it ends in a slash */
function pathsIn(folder: string, isWanted: (entry: Dirent) => boolean): string[] {
  const entries = entriesOf(folder === '' ? '.' : folder).filter(isWanted);
  return entries.map((entry) => `${folder}${entry.name}${isFolder(entry) ? '/' : ''}`);
}

function foldersIn(folder: string): string[] {
  return entriesOf(folder)
    .filter(isFolder)
    .map(({ name }) => name);
}

function isFolder(entry: Dirent): boolean {
  return entry.isDirectory();
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'));
  } catch (error) {
    // A completion has nothing to say where there is nothing.
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return [];
    throw error;
  }
}
