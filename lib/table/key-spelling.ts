import { commandText, TABLE } from '../command-text.ts';
import { TableBlocked } from '../errors.ts';
import type { KnownLakeFile } from '../lake/known-lake-file.ts';
import { partitionTexts } from '../lake/partition.ts';
import type { KeySetting } from '../merge/remedies.ts';
import { resolveColumns } from '../merge/row-batch.ts';
import type { Column } from '../parquet/column-type.ts';

/*
 * Rows are told apart by the table's key columns. A file that has one under another name only, or not at all, would have
 * nulls in its place: its rows would all be one.
 */

/**
 * @param key columns of the table that the setting names
 * @param columns of the raw file, under the names that the table has for them
 * @throws TableBlocked if one of the key is not among them.
 */
export function requireOwnKey(
  key: readonly Column[],
  columns: readonly Column[],
  file: string,
  setting: KeySetting,
): void {
  const names = key.map(({ name }) => name);
  resolveColumns(names, columns, file, setting).forEach(({ name }, i) => {
    if (name === names[i]) return;
    throw new TableBlocked(
      file,
      `${file} has the column ${name} and not ${names[i]}, which ${setting} names; the table has both.`,
      { next: `Have DMS reload the table. If only its lake has both, build it anew: ${REPLAY}.` },
    );
  });
}

/**
 * @param stored key columns that are in files
 * @param partition columns that are in the names of folders
 * @throws TableBlocked if rows of the lake have one of them under a name that differs in case.
 */
export function requireKeyInLake(
  stored: readonly Column[],
  partition: readonly Column[],
  files: readonly KnownLakeFile[],
): void {
  for (const { key, rows, columns, folder } of files) {
    if (rows === 0) continue;
    const inFile = columns.map(({ name }) => name);
    requireSpelling(stored, inFile, key);
    requireSpelling(partition, [...partitionTexts(folder).keys()], key);
  }
}

function requireSpelling(wanted: readonly Column[], names: readonly string[], file: string): void {
  for (const { name } of wanted) {
    if (names.includes(name)) continue;
    const twin = names.find((other) => other.toLowerCase() === name.toLowerCase());
    if (twin === undefined) continue;
    throw new TableBlocked('', `The lake file ${file} has the key column ${name} under the name ${twin}.`, {
      next: `Build the table anew, so that all files have it under one name: ${REPLAY}; or have DMS reload it.`,
    });
  }
}

const REPLAY = commandText('replay', TABLE, '--all');
