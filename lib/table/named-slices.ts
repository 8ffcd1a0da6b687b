import { TableBlocked } from '../errors.ts';
import { partitionNames } from '../lake/partition.ts';
import { ColumnNames, withColumns } from '../merge/column-names.ts';
import type { OpenRawFile, RawSlice } from '../merge/raw-slice.ts';
import type { Column } from '../parquet/column-type.ts';
import type { LakeFiles } from './lake-table.ts';

/**
 * The slices with their columns under the names that the table has for them: those of its lake, partition folders included,
 * and then those of each file before. All of a merge goes by these names.
 * @param columns that the table has at least
 * @throws TableBlocked if it cannot be told which column of the table one is.
 */
export function namedSlices(
  slices: readonly RawSlice[],
  columns: readonly Column[],
  { current }: Pick<LakeFiles, 'current'>,
): RawSlice[] {
  const names = new ColumnNames([...columns.map(({ name }) => name), ...partitionNames(current)]);
  return slices.map((slice) => {
    const { file } = slice;
    const named = names.named(file.footer.columns);
    const unclear = named.find(({ name }) => names.twinsOf(name).length > 0);
    if (unclear) throw unclearColumn(file, unclear.name, names.twinsOf(unclear.name));
    return { ...slice, file: withColumns(file, names.take(named)) };
  });
}

function unclearColumn({ name: file, footer }: OpenRawFile, name: string, twins: readonly string[]): TableBlocked {
  const own = footer.columns.map((column) => column.name).filter((other) => other.toLowerCase() === name.toLowerCase());
  return new TableBlocked(
    file,
    `${file} has ${own.join(' and ')} where the table has ${twins.join(' and ')}: columns that differ in case only are one to most engines, so which is which cannot be told.`,
    {
      next: 'Rename one of them in DMS (a transformation rule), and reload the table. Reloaded as it is, the table is built anew with the columns that its files have.',
    },
  );
}
