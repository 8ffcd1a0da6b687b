/**
 * Commands in texts of what to do next. Such a text is one string, as a table's row and the log have it; a command stands in
 * it between backticks: `tidemark skip sales/orders 20260301-101500123.parquet`. Who writes the text need not know which
 * table it is about, and does not know the place: who shows it adds them.
 */

import { printable } from './printable.ts';

/** Stands for the table until that is known. */
export const TABLE = 'TABLE';

/**
 * A command, as texts have it.
 * @param words after `tidemark`; `…` stands for what only the person knows
 */
export function commandText(...words: readonly string[]): string {
  return `\`tidemark ${shellText(words)}\``;
}

/** The text with the table in its commands. @param table `<schema>/<table>` */
export function aboutTable(text: string, table: string): string {
  return changedCommands(text, (words) => words.replace(ABOUT_A_TABLE, (_, name: string) => name + shellText([table])));
}

/** How the command is called in a clone. */
export const CALL = 'npx tidemark';

/** The text with commands as they can be pasted. @param place options that name the place */
export function runnableText(text: string, place: readonly string[]): string {
  return changedCommands(text, (words) => [words, ...(place.length > 0 ? [shellText(place)] : [])].join(' '), CALL);
}

/** Words as a shell reads them: `'a b'`. */
export function shellText(words: readonly string[]): string {
  return words.map((word) => (PLAIN.test(word) ? word : quoted(word))).join(' ');
}

function quoted(word: string): string {
  if (printable(word) === word) return `'${word.replaceAll("'", String.raw`'\''`)}'`;
  // What cannot be shown is written as bash and zsh read it.
  return `$'${word.replace(/[\p{Cc}'\\]/gu, escaped)}'`;
}

function escaped(char: string): string {
  const hex = char.charCodeAt(0).toString(16).padStart(2, '0');
  return char < '\u0080' ? String.raw`\x${hex}` : String.raw`\u00${hex}`;
}

function changedCommands(text: string, changed: (words: string) => string, call = 'tidemark'): string {
  return text.replaceAll(COMMAND, (_, words: string) => `\`${call} ${changed(words)}\``);
}

/** What is quoted may hold a backtick. */
const COMMAND = /`tidemark ((?:\\.|'[^']*'|[^`'\\])+)`/g;
const ABOUT_A_TABLE = new RegExp(String.raw`^(\S+ )${TABLE}(?= |$)`);
const PLAIN = /^[\w@%+=:,./…-]+$/;
