import { commandText, TABLE } from '../command-text.ts';
import { parseRawFile } from '../dms/raw-file.ts';

/** What a person can do about a raw file that cannot be merged. */
export function mendFile(file: string): string {
  // In the place of a load file that is in the way a new load's is taken for that file, and older changes for later ones.
  const first = parseRawFile(file).kind === 'load' ? ', once the raw files that it has are removed' : '';
  return `Have DMS write it again (reload the table${first}), ${replaceOrSkip(file)}.`;
}

/** What a person can do about a raw file that lifecycle rules moved to an archive. */
export function restoreFile(file: string): string {
  return `Have S3 restore it (aws s3api restore-object): the table goes on with the next sweep. Or ${goOnWithout(file)}.`;
}

/** Part of a sentence: to have a good raw file in the place of a bad one, or none. */
export function replaceOrSkip(file: string): string {
  return `put a good copy in its place, or ${goOnWithout(file)}`;
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
