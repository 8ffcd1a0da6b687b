import { byFile } from '../errors.ts';
import type { TableStatus } from '../table/list-tables.ts';

/** What a person should know of a table besides its line: a paragraph for each thing, of lines. */
export function tableNotes({ table, note, blocked, catalog }: TableStatus): string[][] {
  return [
    ...(note === undefined ? [] : [[`${table}: ${note}`]]),
    ...(catalog?.failed ? [failureLines(table, catalog.table, catalog.failed)] : []),
    ...(blocked ? [blockedLines(table, blocked)] : []),
  ];
}

function blockedLines(table: string, { file, since, reason, next }: NonNullable<TableStatus['blocked']>): string[] {
  return [`${table} is blocked${byFile(file)} since ${since}: ${reason}`, ...nextLines(next)];
}

function failureLines(
  table: string,
  registeredAs: string,
  { reason, next, since }: NonNullable<NonNullable<TableStatus['catalog']>['failed']>,
): string[] {
  const line = `${table} could not be registered in the catalog as ${registeredAs} since ${since}: ${reason}`;
  return [line, ...nextLines(next)];
}

function nextLines(next: string): string[] {
  return next === '' ? [] : [`  What to do: ${next}`];
}
