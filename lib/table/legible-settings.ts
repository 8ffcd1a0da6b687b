import { commandText, TABLE } from '../command-text.ts';
import { TableBlocked } from '../errors.ts';
import type { TableSettingsOfRow } from './row.ts';

/** @throws TableBlocked if a setting of the row cannot be read: what a person meant by it must not be guessed. */
export function checkLegible(settings: Pick<TableSettingsOfRow, 'illegible'>): void {
  const problem = illegibleSettings(settings);
  if (problem) throw new TableBlocked('', problem.reason, problem);
}

/** What a person should know and do of settings that cannot be read; undefined if all can. */
export function illegibleSettings({
  illegible: [name],
}: Pick<TableSettingsOfRow, 'illegible'>): { reason: string; next: string } | undefined {
  if (name === undefined) return undefined;
  return {
    reason: `${name} in the table's row is not text.`,
    next: `Write it as text, ${FORMS[name]}.`,
  };
}

const FORMS: Readonly<Record<TableSettingsOfRow['illegible'][number], string>> = {
  PrimaryKey: `'id', 'a,b' or 'null': ${commandText('activate', TABLE, '--primary-key', '…')}`,
  PartitionKey: `'day', 'a,b' or 'null': ${commandText('activate', TABLE, '--partition-key', '…')}`,
  out_path: "'bucket/folder/', or remove it",
};
