import { commandText, TABLE } from '../command-text.ts';

/** What a person can do about a raw file that cannot be merged. */
export function mendFile(file: string): string {
  return `Have DMS write it again (reload the table), put a good copy in its place, or ${goOnWithout(file)}.`;
}

/** Part of a sentence: to have the table go on without a raw file. */
export function goOnWithout(file: string): string {
  return `do without it: ${commandText('skip', TABLE, file)}, or remove it`;
}

/** Part of a sentence: to name other columns as a key. */
export function nameColumns(setting: KeySetting): string {
  return `${commandText('activate', TABLE, OPTIONS[setting], '…')} (or ${setting} in the table's row)`;
}

export type KeySetting = 'PrimaryKey' | 'PartitionKey';

const OPTIONS: Record<KeySetting, string> = { PrimaryKey: '--primary-key', PartitionKey: '--partition-key' };
