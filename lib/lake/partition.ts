import type { Column, PhysicalValue } from '../parquet/column-type.ts';
import { textForm } from '../parquet/text-form.ts';

/**
 * Partition folders, named exactly as Spark and Hive name them: `day=2018-12-13/shop=A%2FB/`
 * (Spark, ExternalCatalogUtils.escapePathName and getPartitionPathString).
 */
export function partitionFolder(columns: readonly Column[], values: readonly PhysicalValue[]): string {
  return columns
    .map((column, i) => `${escapeName(column.name)}=${folderValue(partitionText(column, values[i] ?? null))}/`)
    .join('');
}

/**
 * The text that stands for a value in its folder's name; null for null, and, as in Spark, for empty text; also for the text
 * that null's folder has, since readers take it for null. Both zeros of a float, being equal, are one.
 * @throws TypeError for bytes.
 */
export function partitionText(column: Column, value: PhysicalValue): string | null {
  const text = value === null ? '' : textForm(value === 0 ? 0 : value, column.type);
  return text === '' || text === NULL_VALUE ? null : text;
}

/** The texts of a folder's partition columns, by name. Folders that are none are passed over. */
export function partitionTexts(folder: string): Map<string, string | null> {
  const texts = new Map<string, string | null>();
  for (const segment of folder.split('/')) {
    const equals = segment.indexOf('=');
    if (equals < 1) continue;
    const value = segment.slice(equals + 1);
    texts.set(unescapeName(segment.slice(0, equals)), value === NULL_VALUE ? null : unescapeName(value));
  }
  return texts;
}

/** The names of partition columns, as the folders of files have them. */
export function partitionNames(files: readonly { folder: string }[]): Set<string> {
  return new Set(files.flatMap(({ folder }) => [...partitionTexts(folder).keys()]));
}

export const NULL_VALUE = '__HIVE_DEFAULT_PARTITION__';

function folderValue(text: string | null): string {
  return text === null ? NULL_VALUE : escapeName(text);
}

/** Control characters and what paths, queries and globs give a meaning to. `}` is not among them in Spark either. */
// eslint-disable-next-line no-control-regex -- control characters are what this is about
const ESCAPED = /[\u0000-\u001f"#%'*/:=?\\\u007f{[\]^]/g;

function escapeName(text: string): string {
  return text.replace(ESCAPED, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

function unescapeName(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
