import { mapConcurrently } from '../concurrency.ts';
import { TableBlocked } from '../errors.ts';
import { nameColumns } from './remedies.ts';
import type { KnownLakeFile } from '../lake/known-lake-file.ts';
import type { OpenLakeFile } from '../lake/lake-file.ts';
import type { Column } from '../parquet/column-type.ts';
import { sameType } from '../parquet/column-type.ts';
import type { FooterColumn, RowGroup } from '../parquet/footer.ts';
import type { ChunkStatistics } from '../parquet/statistics.ts';
import type { Threads } from '../ports/threads.ts';
import { OWN_THREAD } from '../threads/own-thread.ts';
import type { KeyGroup } from './find-keys.ts';
import { readBloomFilters } from './group-filters.ts';
import { columnIndex, readable, readChunks } from './read-group.ts';
import { storedChunk } from './stored-chunk.ts';
import type { WantedKeys } from './wanted-keys.ts';

/** Where a row of the lake is. */
export interface Location {
  file: OpenLakeFile;
  group: number;
  /** Within the row group. */
  row: number;
}

/** What finding took, for a plan's readers. */
export interface FindingCounts {
  files: number;
  filesOpened: number;
  rowGroups: number;
  rowGroupsDecoded: number;
}

/**
 * Finds the rows of the lake whose key is wanted. Files and row groups that cannot hold one, by the bounds and bloom
 * filters of their key columns, are passed over; of the others only the key columns are decoded.
 *
 * @param keyColumns those inside the files
 * @returns for each row of the batch whose key was found its places: one, but for lakes of another writer that hold a key
 *   twice
 * @throws TableBlocked if that is so of very many
 */
export async function locate(
  files: readonly KnownLakeFile[],
  keyColumns: readonly Column[],
  wanted: WantedKeys,
  counts: FindingCounts,
  threads: Threads,
): Promise<Map<number, Location[]>> {
  const found = new Map<number, Location[]>();
  counts.files += files.length;
  const candidates = files.filter(
    ({ rows, columns, statistics, folder }) =>
      rows > 0 &&
      wanted.mayBeIn(
        keyColumns.map((column) => statistics && fileStatistics(columns, statistics, column)),
        folder,
      ),
  );
  counts.filesOpened += candidates.length;
  const opened = await mapConcurrently(candidates, FILES_AT_ONCE, async (known) => {
    const file = await known.open();
    return { file, groups: await groupsToDecode(file, keyColumns, wanted) };
  });
  for (const { file } of opened) counts.rowGroups += file.footer.rowGroups.length;
  const groups = opened.reduce((sum, of) => sum + of.groups.length, 0);
  counts.rowGroupsDecoded += groups;
  const few = groups < GROUPS_FOR_THREADS_MIN;
  const tasks = opened.flatMap(({ file, groups: ofFile }) =>
    batches(ofFile, few ? 1 : GROUPS_PER_TASK).map((batch) => ({ file, batch })),
  );
  let doubled = 0;
  await mapConcurrently(tasks, TASKS_AT_ONCE, async ({ file, batch }) => {
    const places = await findRows(file, batch, keyColumns, wanted, few ? OWN_THREAD : threads);
    for (const { batchRow, ...place } of places) {
      const known = found.get(batchRow);
      if (known) {
        known.push(place);
        if (++doubled > DOUBLED_MAX) throw noKey(keyColumns);
      } else found.set(batchRow, [place]);
    }
  });
  return found;
}

/** Each row that is found takes memory. */
const DOUBLED_MAX = 1 << 20;

function noKey(keyColumns: readonly Column[]): TableBlocked {
  const names = keyColumns.map(({ name }) => name).join(', ');
  return new TableBlocked(
    '',
    `PrimaryKey (${names}) is no key: more than ${DOUBLED_MAX} rows of the lake share theirs with another row.`,
    {
      next: `Name the columns that tell rows apart: ${nameColumns('PrimaryKey')}; then the table is built anew.`,
    },
  );
}

const FILES_AT_ONCE = 16;
const TASKS_AT_ONCE = 8;
/** Fewer are done sooner than they are sent to other threads. */
const GROUPS_FOR_THREADS_MIN = 16;
const GROUPS_PER_TASK = 16;

async function findRows(
  file: OpenLakeFile,
  groups: readonly number[],
  keyColumns: readonly Column[],
  wanted: WantedKeys,
  threads: Threads,
): Promise<(Location & { batchRow: number })[]> {
  const inFolder = wanted.inFolder(file.folder);
  if (!inFolder) return [];
  const rowGroups = groups.map((group) => file.footer.rowGroups[group] as RowGroup);
  const indices = keyColumns.map(({ name }) => columnIndex(file, name));
  const bytes = await readChunks(
    file.read,
    rowGroups.flatMap(({ chunks }) => indices.flatMap((index) => chunks[index] ?? [])),
  );
  const keyGroups = rowGroups.map((group): KeyGroup => ({
    rows: group.rows,
    chunks: keyColumns.map((column) => storedChunk(file, group, column, bytes)),
  }));
  const found = await readable(file, threads.run('findKeys', { keys: inFolder.plain(keyColumns), groups: keyGroups }));
  return found.rows.map((row, i) => ({
    file,
    group: groups[found.groups[i] as number] as number,
    row,
    batchRow: inFolder.batchRow(found.keys[i] as number),
  }));
}

function batches(groups: readonly number[], size: number): number[][] {
  const count = Math.ceil(groups.length / size);
  return Array.from({ length: count }, (_, i) => groups.slice(i * size, (i + 1) * size));
}

async function groupsToDecode(
  file: OpenLakeFile,
  keyColumns: readonly Column[],
  wanted: WantedKeys,
): Promise<number[]> {
  const { rowGroups, columns } = file.footer;
  const sources = keyColumns.map((column) => {
    const index = columnIndex(file, column.name);
    const stored = columns[index];
    return { index, isComparable: stored !== undefined && sameType(stored.type, column.type) };
  });
  const statisticsOf = (group: RowGroup): (ChunkStatistics | undefined)[] =>
    sources.map(({ index, isComparable }) => (isComparable ? group.chunks[index]?.statistics : undefined));
  const within = rowGroups.flatMap((group, i) =>
    group.rows > 0 && wanted.mayBeIn(statisticsOf(group), file.folder) ? [i] : [],
  );
  if (!wanted.isFew) return within;
  const chunks = within.map((i) =>
    sources.map(({ index, isComparable }) => (isComparable ? rowGroups[i]?.chunks[index] : undefined)),
  );
  const filters = await readBloomFilters(file, chunks);
  return within.filter((i, at) =>
    wanted.mayBeInFilters(statisticsOf(rowGroups[i] as RowGroup), filters[at] ?? [], file.folder),
  );
}

/** Bounds are bytes in the file's type: of no use where the key's is another. */
function fileStatistics(
  columns: readonly FooterColumn[],
  statistics: ReadonlyMap<string, ChunkStatistics>,
  { name, type }: Column,
): ChunkStatistics | undefined {
  const stored = columns.find((column) => column.name === name);
  return stored && sameType(stored.type, type) ? statistics.get(name) : undefined;
}
