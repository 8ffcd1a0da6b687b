import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { parquetMetadata } from 'hyparquet';
import type { Cost } from './counted-lab.ts';
import { CountedLab } from './counted-lab.ts';
import type { Change, LabTable, OrderRow } from './table-lab.ts';

/** Text that does not compress and differs from row to row, so that files are larger than what is read whole. */
const noise = (seed: number): string => createHash('sha512').update(String(seed)).digest('base64');
const day = (i: number): string => `d${String(i).padStart(4, '0')}`;
/** Each partition has the ids from its number times this. */
const IDS_PER_DAY = 10_000;

/** What every merge costs beside the lake's files: its row, its claim and its commit, and one entry of its history. */
const ROW_AND_RAW_FILES = { 'tables get': 1, 'raw list': 1, 'raw read': 1, 'tables update': 2, 'history add': 1 };

/** Changes of ten rows, whose new values are others in every round. */
function tenUpdates(round: number, row: (i: number) => OrderRow): Change[] {
  return Array.from({ length: 10 }, (_, i): Change => {
    const [id, , ...partition] = row(i);
    return ['U', id, noise(-1000 * round - i), ...partition];
  });
}

/** Where the parts of a lake file are, in bytes, as another reader finds them. */
function layoutOf(bytes: Uint8Array, keyName = 'id') {
  const footer = parquetMetadata(Uint8Array.from(bytes).buffer);
  const groups = footer.row_groups.map(({ columns }) => {
    const chunks = columns.map(({ meta_data }) => {
      const { path_in_schema, dictionary_page_offset, data_page_offset, total_compressed_size } = meta_data!;
      const start = Number(dictionary_page_offset ?? data_page_offset);
      return { name: path_in_schema[0], start, end: start + Number(total_compressed_size) };
    });
    const key = chunks.find(({ name }) => name === keyName)!;
    const start = Math.min(...chunks.map((chunk) => chunk.start));
    const end = Math.max(...chunks.map((chunk) => chunk.end));
    return { keyBytes: key.end - key.start, bytes: end - start };
  });
  return { size: bytes.length, footerBytes: footer.metadata_length + 8, groups };
}

type Layout = ReturnType<typeof layoutOf>;

/** Bytes of the key columns and then of the whole of these row groups: what finding and changing rows reads. */
function bytesToChange({ groups }: Layout, changed: readonly number[]): number {
  return changed.reduce((sum, i) => sum + groups[i]!.keyBytes + groups[i]!.bytes, 0);
}

/** One merge of a new process, the next one of the same process, and one that finds nothing to do. */
interface Merges {
  cold: Cost;
  warm: Cost;
  unchanged: Cost;
  unchangedCold: Cost;
  /** Lake files that change, as they were before and between the merges. */
  before: Layout[];
  between: Layout[];
}

async function merges(
  lab: CountedLab,
  table: LabTable,
  changed: (key: string) => boolean,
  changes: (round: number) => Change[],
): Promise<Merges> {
  const layouts = (): Layout[] =>
    lab.lake
      .keys()
      .filter(changed)
      .map((key) => layoutOf(lab.lake.bytes(key)!));
  lab.startProcess();
  const before = layouts();
  const cold = await lab.costOf(table, [table.change('20260301-100000000', changes(0))]);
  const between = layouts();
  const second = table.change('20260301-100000001', changes(1));
  const warm = await lab.costOf(table, [second]);
  const unchanged = await lab.costOf(table, [second]);
  lab.startProcess();
  return { cold, warm, unchanged, unchangedCold: await lab.costOf(table, []), before, between };
}

function itCostsNothingToFindNothing(found: () => Merges): void {
  it('woken without anything new it costs one read of its row and one listing of raw files; the lake is not asked', () => {
    const { unchanged, unchangedCold } = found();
    for (const cost of [unchanged, unchangedCold]) {
      expect(cost).toEqual({
        requests: { 'tables get': 1, 'raw list': 1 },
        bytes: { readRaw: 0, readLake: 0, written: 0, copied: 0 },
      });
    }
  });
}

describe('ten changed rows in ten of the 80 row groups of a table of one file', () => {
  const GROUP_ROWS = 250;
  let found: Merges;
  beforeAll(async () => {
    const lab = new CountedLab({ rowsPerRowGroup: GROUP_ROWS });
    const table = await lab.activeTable();
    table.load(
      'LOAD00000001',
      Array.from({ length: 80 * GROUP_ROWS }, (_, id): OrderRow => [id, noise(id)]),
    );
    await table.merge();
    // In the next round it is the next ten groups.
    found = await merges(
      lab,
      table,
      () => true,
      (round) => tenUpdates(round, (i) => [(8 * i + round) * GROUP_ROWS + 7]),
    );
  });

  const groupsOf = (round: number): number[] => Array.from({ length: 10 }, (_, i) => 8 * i + round);

  it('cold cost one listing, one read of the footer, one read of a group’s keys and one of the group, one write', () => {
    expect(found.cold.requests).toEqual({
      ...ROW_AND_RAW_FILES,
      'lake list': 1,
      'lake read footer': 1,
      'lake read range': 20,
      'lake copy': 1,
      'lake write': 1,
    });
    const [file] = found.before;
    // A small table has no index that would know how long the footer is: it is guessed from the file's size.
    const guess = 64 * 1024 + Math.ceil(file!.size / 256);
    expect(file!.footerBytes).toBeLessThan(guess);
    expect(found.cold.bytes.readLake).toBe(guess + bytesToChange(file!, groupsOf(0)));
  });

  it('warm cost the same without the footer, which is known from writing it', () => {
    expect(found.warm.requests).toEqual({
      ...ROW_AND_RAW_FILES,
      'lake list': 1,
      'lake read range': 20,
      'lake copy': 1,
      'lake write': 1,
    });
    expect(found.warm.bytes.readLake).toBe(bytesToChange(found.between[0]!, groupsOf(1)));
  });

  it('write no more than the changed groups and a footer, and have the store copy the rest', () => {
    for (const [cost, [file], round] of [
      [found.cold, found.before, 0],
      [found.warm, found.between, 1],
    ] as const) {
      const changed = groupsOf(round).reduce((sum, i) => sum + file!.groups[i]!.bytes, 0);
      expect(cost.bytes.written).toBeLessThan(1.05 * (changed + file!.footerBytes));
      expect(cost.bytes.copied).toBe(file!.size);
    }
  });

  itCostsNothingToFindNothing(() => found);
});

describe.each([
  { files: 100, changed: [20, 53, 86], pages: 1 },
  // With the index there are 1,001 objects to list.
  { files: 1000, changed: [500], pages: 2 },
])('ten changed rows in $changed.length of $files files', ({ files, changed, pages }) => {
  const GROUP_ROWS = 100;
  const GROUPS = 12;
  let lab: CountedLab;
  let table: LabTable;
  let found: Merges;
  let indexBytes: number;
  beforeAll(async () => {
    lab = new CountedLab({ rowsPerRowGroup: GROUP_ROWS });
    table = await lab.activeTable({ partitionKey: ['day'] });
    const rows: OrderRow[] = [];
    for (let file = 0; file < files; file++) {
      // Only files that change need be too large to be read whole.
      const size = changed.includes(file) ? GROUPS * GROUP_ROWS : 3;
      for (let i = 0; i < size; i++) rows.push([file * IDS_PER_DAY + i, noise(file * IDS_PER_DAY + i), day(file)]);
    }
    table.load('LOAD00000001', rows);
    await table.merge();
    indexBytes = lab.lake.bytes(indexKey(lab))!.length;
    found = await merges(lab, table, isChanged, changes);
  });

  const indexKey = (of: CountedLab): string => of.lake.keys().find((key) => key.includes('/_tidemark-index'))!;
  const isChanged = (key: string): boolean => changed.some((file) => key.includes(`day=${day(file)}/`));
  /** In one group of each file, the next group in the next round. */
  const changes = (round: number): Change[] =>
    tenUpdates(round, (i) => {
      const file = changed[i % changed.length]!;
      return [file * IDS_PER_DAY + round * GROUP_ROWS + i, null, day(file)];
    });
  const perFile = {
    'lake read range': 2 * changed.length,
    'lake copy': changed.length,
    'lake write': changed.length,
  };
  const sum = (layouts: readonly Layout[], of: (layout: Layout) => number): number =>
    layouts.reduce((total, layout) => total + of(layout), 0);

  it('cold cost one listing (a page per 1,000 keys), one read of the index and, per changed file, one read of a footer of known length, one of a group’s keys, one of the group, and one write', () => {
    expect(found.cold.requests).toEqual({
      ...ROW_AND_RAW_FILES,
      ...perFile,
      'lake list': pages,
      'lake read index': 1,
      'lake read footer': changed.length,
      'lake write index': 1,
    });
    expect(found.cold.bytes.readLake).toBe(
      indexBytes + sum(found.before, (file) => file.footerBytes + bytesToChange(file, [0])),
    );
  });

  it('warm cost no read of the index and of no footer, which are known from writing them', () => {
    expect(found.warm.requests).toEqual({
      ...ROW_AND_RAW_FILES,
      ...perFile,
      'lake list': pages,
      'lake write index': 1,
    });
    expect(found.warm.bytes.readLake).toBe(sum(found.between, (file) => bytesToChange(file, [1])));
  });

  it('write no more than the changed groups, their files’ footers and the index, and have the store copy the rest', () => {
    for (const [cost, layouts, group] of [
      [found.cold, found.before, 0],
      [found.warm, found.between, 1],
    ] as const) {
      const changedBytes = sum(layouts, ({ groups, footerBytes }) => groups[group]!.bytes + footerBytes);
      expect(cost.bytes.written).toBeLessThan(1.05 * (changedBytes + indexBytes));
      expect(cost.bytes.copied).toBe(sum(layouts, ({ size }) => size));
    }
  });

  it('are found by an index of a few dozen bytes a file', () => {
    expect(indexBytes).toBeLessThan(files * 40);
  });

  itCostsNothingToFindNothing(() => found);

  it('cost, where the index was lost, one read of each file’s footer, once', async () => {
    lab.lake.remove(indexKey(lab));
    lab.startProcess();
    const lost = await lab.costOf(table, [table.change('20260301-100000003', changes(2))]);
    // Files of up to 64 KiB are read whole.
    expect(lost.requests).toMatchObject({
      'lake read footer': changed.length,
      'lake read whole file': files - changed.length,
      'lake write index': 1,
    });
    lab.startProcess();
    const next = await lab.costOf(table, [table.change('20260301-100000004', changes(3))]);
    expect(next.requests).toEqual({ ...found.cold.requests, 'lake list': pages });
  });
});

describe('a table of one file of a few kilobytes', () => {
  let lab: CountedLab;
  let table: LabTable;
  beforeEach(async () => {
    lab = new CountedLab({ rowsPerRowGroup: 100, deadBytesShare: 1 });
    table = await lab.activeTable();
    table.load(
      'LOAD00000001',
      Array.from({ length: 200 }, (_, id): OrderRow => [id, noise(id)]),
    );
    await table.merge();
    lab.startProcess();
  });

  const update = (round: number): string =>
    table.change(
      `20260301-10000000${round}`,
      tenUpdates(round, (i) => [17 * i]),
    );
  const cost = { ...ROW_AND_RAW_FILES, 'lake list': 1, 'lake read whole file': 1, 'lake copy': 1, 'lake write': 1 };

  it('is read by one request, whole, for its footer, its keys and its rows', async () => {
    expect((await lab.costOf(table, [update(1)])).requests).toEqual(cost);
    expect((await lab.costOf(table, [update(2)])).requests).toEqual(cost);
  });

  it('is written once for several change files that are there, each of which is read once', async () => {
    const { requests } = await lab.costOf(table, [update(1), update(2), update(3)]);
    expect(requests).toEqual({ ...cost, 'raw read': 3 });
  });

  it('is not read, once its footer is known, for rows that are new, unless its last row group takes them in', async () => {
    const inserts = (name: string, first: number, count: number): string =>
      table.change(
        name,
        Array.from({ length: count }, (_, i): Change => ['I', first + i, noise(first + i)]),
      );
    await lab.costOf(table, [update(1)]);
    const full = await lab.costOf(table, [inserts('20260301-100000002', 1000, 50)]);
    expect(full.requests).toEqual({ ...ROW_AND_RAW_FILES, 'lake list': 1, 'lake copy': 1, 'lake write': 1 });
    const halfFull = await lab.costOf(table, [inserts('20260301-100000003', 2000, 10)]);
    expect(halfFull.requests).toEqual(cost);
  });
});

describe('ten changed rows in one of twenty files whose keys are texts without order', () => {
  const DAYS = 20;
  const ROWS = 1_200;
  const key = (dayNumber: number, i: number): string => noise(dayNumber * IDS_PER_DAY + i);
  let found: Merges;
  beforeAll(async () => {
    const lab = new CountedLab();
    const table = await lab.activeTable({ primaryKey: ['item'], partitionKey: ['day'] });
    for (let d = 0; d < DAYS; d++) {
      table.load(
        `LOAD${(d + 1).toString(16).toUpperCase().padStart(8, '0')}`,
        Array.from({ length: ROWS }, (_, i): OrderRow => [i, key(d, i), day(d)]),
      );
    }
    await table.merge();
    found = await merges(
      lab,
      table,
      (name) => name.includes(`day=${day(3)}/`),
      (round) => Array.from({ length: 10 }, (_, i): Change => ['U', -round - 1, key(3, 100 * i), day(3)]),
    );
  });

  it('cold cost a read of the bloom filters of each file, and then the keys and the group of one', () => {
    expect(found.cold.requests).toMatchObject({ 'lake read range': DAYS + 2, 'lake copy': 1, 'lake write': 1 });
  });

  it('warm cost no filters: they are known, those of the file that was changed too', () => {
    // The keys of the group stayed where they were when its other columns were written anew: two places to read.
    expect(found.warm.requests).toMatchObject({ 'lake read range': 3, 'lake copy': 1, 'lake write': 1 });
  });
});

describe('a table that is registered in the catalog', () => {
  const register = { 'catalog table': 1, 'tables update': 3 };
  let lab: CountedLab;
  let table: LabTable;
  beforeEach(async () => {
    lab = new CountedLab();
    lab.registersTables();
    table = await lab.activeTable({ partitionKey: ['day'] });
    table.load('LOAD00000001', [[1, 'apple', 'mon']]);
    await table.merge();
  });

  it('costs nothing more while it gains no column and no partition', async () => {
    const { requests } = await lab.costOf(table, [table.change('20260301-100000000', [['U', 1, 'fig', 'mon']])]);
    expect(requests).toEqual({
      ...ROW_AND_RAW_FILES,
      'lake list': 1,
      'lake read whole file': 1,
      'lake write': 1,
    });
  });

  it('costs a look, a call for up to a hundred new partitions and an update of its row', async () => {
    const { requests } = await lab.costOf(table, [table.change('20260301-100000000', [['I', 2, 'fig', 'tue']])]);
    expect(requests).toEqual({
      ...ROW_AND_RAW_FILES,
      'lake list': 1,
      'lake write': 1,
      ...register,
      'catalog createPartitions': 1,
    });
  });
});
