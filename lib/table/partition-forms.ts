import { TableBlocked } from '../errors.ts';
import type { OpenRawFile } from '../merge/raw-slice.ts';
import { nameColumns } from '../merge/remedies.ts';
import { resolveColumns } from '../merge/row-batch.ts';
import type { Column, ColumnType } from '../parquet/column-type.ts';
import { typeName } from '../parquet/column-type.ts';

/**
 * How the values of the partition columns are written in folders' names, by the types that a raw file gives them: one text
 * for each, in the order of PartitionKey.
 * @throws TableBlocked if the file does not have one of them.
 */
export function partitionForms({ name, footer }: OpenRawFile, partitionKey: readonly string[]): string[] {
  return resolveColumns(partitionKey, footer.columns, name, 'PartitionKey').map(({ type }) => formOf(type));
}

/**
 * A value that is written in another way would be in another folder, and a key in two: `1.50` of decimal(10,2) is `1.500`
 * of decimal(12,3).
 * @param known of the files merged before; undefined if there is none
 * @throws TableBlocked if the file gives a partition column a type whose values are written in another way.
 */
export function requireSameForms(file: OpenRawFile, partitionKey: readonly string[], known?: readonly string[]): void {
  if (!known) return;
  const forms = partitionForms(file, partitionKey);
  const changed = forms.findIndex((form, i) => form !== known[i]);
  if (changed < 0) return;
  const column = resolveColumns(partitionKey, file.footer.columns, file.name, 'PartitionKey')[changed] as Column;
  throw new TableBlocked(
    file.name,
    `${file.name} has ${typeName(column.type)} in the partition column ${column.name}, whose values name folders in another way than those merged before (${known[changed]}).`,
    { next: `Have DMS reload the table, or name another column: ${nameColumns('PartitionKey')}.` },
  );
}

/** What of a type `textForm` goes by: types of one form write a value that both hold alike. */
function formOf({ physical, logical }: ColumnType): string {
  switch (logical.kind) {
    case 'decimal':
      return `decimal of scale ${logical.scale}`;
    case 'float':
      return physical.toLowerCase();
    default:
      return logical.kind;
  }
}
