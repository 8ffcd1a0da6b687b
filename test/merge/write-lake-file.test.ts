import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { readFileMetadata } from '../../lib/lake/file-metadata.ts';
import type { OpenLakeFile } from '../../lib/lake/lake-file.ts';
import type { ChangeFile, GroupPlan } from '../../lib/merge/plan.ts';
import { readRowBatch } from '../../lib/merge/row-batch.ts';
import { emptyFilePieces, retaggedPieces, writeLakeFile } from '../../lib/merge/write-lake-file.ts';
import type { Column, PhysicalValue } from '../../lib/parquet/column-type.ts';
import type { Chunk, RowGroup } from '../../lib/parquet/footer.ts';
import { parseFooter } from '../../lib/parquet/footer.ts';
import type { ThriftStruct } from '../../lib/parquet/thrift.ts';
import { parseThrift } from '../../lib/parquet/thrift.ts';
import type { Vector } from '../../lib/parquet/vector.ts';
import { valueAt, vectorOf } from '../../lib/parquet/vector.ts';
import type { Piece } from '../../lib/ports/object-store.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { DuckDb } from '../parquet/duckdb.ts';
import { exactSql, exactText } from '../parquet/exact-form.ts';
import { int96Bytes, structs, withFooter } from '../parquet/foreign-bytes.ts';
import { lakeBytes, readGroups } from '../parquet/lake-bytes.ts';
import { BIGINT, decimal, INT, SAMPLE_TYPES, storedDecimal, TEXT, timestamp, utf8 } from '../parquet/sample-types.ts';
import { ID, MergeBench, NAME, OP, rowsOf } from './merge-bench.ts';

const COLUMNS: Column[] = [
  { name: 'Op', type: TEXT },
  { name: 'id', type: INT },
  { name: 'price', type: decimal(20, 2, 9) },
  { name: 'name', type: TEXT },
];
const price = (value: bigint) => storedDecimal(value, decimal(20, 2, 9));

/** Three row groups, whose ids are 1–2, 3–4 and 5–6. */
function threeGroups(): Uint8Array {
  return lakeBytes(
    COLUMNS,
    [1, 3, 5].map((id): PhysicalValue[][] => [
      [utf8('I'), utf8('U')],
      [id, id + 1],
      [price(BigInt(-id)), null],
      [utf8(`name ${id} `.repeat(20)), null],
    ]),
  );
}

const KEEP: GroupPlan = { kind: 'keep' };
const DROP: GroupPlan = { kind: 'drop' };
const encode = (changes: { removed?: number[]; replaced?: [number, number][]; appended?: number[] }): GroupPlan => ({
  kind: 'encode',
  removed: new Set(changes.removed),
  replaced: new Map(changes.replaced),
  appended: changes.appended ?? [],
});

/** The batch: rows 0 and 1. */
const BATCH = {
  values: new Map<string, Vector>([
    ['Op', vectorOf(TEXT, [utf8('U'), utf8('I')])],
    ['id', vectorOf(INT, [3, 9])],
    ['price', vectorOf(decimal(20, 2, 9), [price(10n ** 19n), price(-7n)])],
    ['name', vectorOf(TEXT, [utf8('new'), null])],
  ]),
};

async function written(
  bytes: Uint8Array,
  change: Partial<ChangeFile>,
  columns: readonly Column[] = COLUMNS,
  filtered: readonly string[] = [],
  rowsPerRowGroup = 4,
): Promise<{ before: OpenLakeFile; after: Uint8Array; pieces: Piece[]; counts: { encoded: number; kept: number } }> {
  const bench = new MergeBench({ rowsPerRowGroup });
  bench.lake.put('a.parquet', bytes);
  const [before] = await bench.files();
  const write: ChangeFile = {
    kind: 'change',
    file: before!,
    groups: before!.footer.rowGroups.map(() => KEEP),
    appended: [],
    holds: [],
    layout: 'grow',
    reason: '',
    ...change,
  };
  const counts = { encoded: 0, kept: 0 };
  const pieces: Piece[] = [];
  const version = writeLakeFile(write, bench.content(columns, BATCH, { filtered: new Set(filtered) }), counts);
  for await (const piece of version.pieces) pieces.push(piece);
  await bench.lake.write('a.parquet', inTurn(pieces), { eTag: before!.eTag });
  const after = bench.lake.bytes('a.parquet')!;
  expect(version.footer()).toEqual(footerOf(after));
  return { before: before!, after, pieces, counts };
}

async function* inTurn(pieces: readonly Piece[]): AsyncGenerator<Piece> {
  yield* pieces;
  await Promise.resolve();
}

const footerOf = (bytes: Uint8Array) => parseFooter(bytes, bytes.length);
const thriftOf = ({ struct }: { struct: Uint8Array }) => parseThrift(struct);
const statistics = (chunk: Chunk) => (thriftOf(chunk).field_3 as ThriftStruct).field_12;
const idsOf = (bytes: Uint8Array) => rowsOf(bytes).map((row) => row[1]);

let duckdb: DuckDb;
beforeAll(async () => {
  duckdb = await DuckDb.open();
});
afterAll(() => duckdb.close());

/** Ids as DuckDB reads them, and whether it finds each by its statistics. */
async function idsInDuckDb(bytes: Uint8Array): Promise<{ ids: number[]; lost: number[] }> {
  const path = await duckdb.save(bytes);
  const ids = (await duckdb.query(`SELECT id FROM '${path}'`)).map(([id]) => Number(id));
  const lost: number[] = [];
  for (const id of ids) {
    const [[count] = []] = await duckdb.query(`SELECT count(*) FROM '${path}' WHERE id = ${id}`);
    if (count === '0') lost.push(id);
  }
  return { ids, lost };
}

/** Whether the bloom filter of each row group says that the value is not there, as DuckDB reads it. */
async function excluded(bytes: Uint8Array, column: string, value: string): Promise<boolean[]> {
  const path = await duckdb.save(bytes);
  const probed = await duckdb.query(
    `SELECT bloom_filter_excludes FROM parquet_bloom_probe('${path}', '${column}', '${value}') ORDER BY row_group_id`,
  );
  return probed.flat().map((excludes) => excludes === 'true');
}

/** Header and bitset of a chunk's bloom filter. */
function filterBytes(bytes: Uint8Array, { bloomFilter }: Chunk): Uint8Array | undefined {
  return bloomFilter && bytes.slice(bloomFilter.start, bloomFilter.start + bloomFilter.length!);
}

describe.each(['grow', 'anew'] as const)('a lake file written in the layout "%s"', (layout) => {
  it('has what the plan says: rows replaced where they were, removed, added, the others as they were', async () => {
    const groups = [encode({ removed: [0] }), encode({ replaced: [[0, 0]], appended: [1] }), KEEP];
    const { after, counts } = await written(threeGroups(), { groups, layout });
    const old = rowsOf(threeGroups());
    expect(rowsOf(after)).toEqual([
      old[1],
      ['U', 3, expect.anything(), 'new'],
      old[3],
      ['I', 9, expect.anything(), null],
      old[4],
      old[5],
    ]);
    expect(footerOf(after).rowGroups.map(({ rows }) => rows)).toEqual([1, 3, 2]);
    expect(counts).toEqual({ encoded: 2, kept: 1 });
    expect(await idsInDuckDb(after)).toEqual({ ids: [2, 3, 4, 9, 5, 6], lost: [] });
    const path = await duckdb.save(after);
    expect((await duckdb.query(`SELECT id FROM '${path}' WHERE price = 100000000000000000.00`)).flat()).toEqual(['3']);
    expect((await duckdb.query(`SELECT id FROM '${path}' WHERE price = -0.05`)).flat()).toEqual(['5']);
  });

  it('no longer names a row group that lost its last row, and may have no rows at all', async () => {
    const { after } = await written(threeGroups(), { groups: [KEEP, DROP, KEEP], layout });
    expect(idsOf(after)).toEqual([1, 2, 5, 6]);
    const { after: empty } = await written(threeGroups(), { groups: [DROP, DROP, DROP], layout });
    expect(footerOf(empty).rowGroups).toEqual([]);
    expect(await idsInDuckDb(empty)).toEqual({ ids: [], lost: [] });
  });

  it('keeps the bounds of the row groups that it keeps as the bytes they were', async () => {
    const { before, after } = await written(threeGroups(), { groups: [KEEP, encode({ removed: [0] }), KEEP], layout });
    const { rowGroups } = footerOf(after);
    for (const i of [0, 2]) {
      expect(rowGroups[i]!.chunks.map(statistics)).toEqual(before.footer.rowGroups[i]!.chunks.map(statistics));
      expect(
        rowGroups[i]!.chunks.map(statistics).some((bounds) => (bounds as ThriftStruct).field_6 instanceof Uint8Array),
      ).toBe(true);
    }
  });

  it('gives a column that is new a chunk of nulls in the row groups that it keeps', async () => {
    const columns = [{ name: 'first', type: BIGINT }, ...COLUMNS, { name: 'last', type: TEXT }];
    const { after } = await written(threeGroups(), { groups: [KEEP, encode({ removed: [0] }), KEEP], layout }, columns);
    expect(footerOf(after).columns.map(({ name }) => name)).toEqual(columns.map(({ name }) => name));
    expect(rowsOf(after).map((row) => [row[0], row[2], row[5]])).toEqual([1, 2, 4, 5, 6].map((id) => [null, id, null]));
    const path = await duckdb.save(after);
    expect(await duckdb.query(`SELECT count(*), count("first"), count("last"), sum(id) FROM '${path}'`)).toEqual([
      ['5', '0', '0', '18'],
    ]);
    expect(await duckdb.query(`SELECT count(*) FROM '${path}' WHERE "last" IS NULL AND "first" IS NULL`)).toEqual([
      ['5'],
    ]);
  });

  it('has no sorting columns and no file offset in its row groups, whatever another writer said', async () => {
    const foreign = withFooter(threeGroups(), (footer) => {
      footer.field_4 = (footer.field_4 as ThriftStruct[]).map(({ field_1, field_2, field_3, field_6 }, i) => ({
        field_1,
        field_2,
        field_3,
        field_4: [{ field_1: 1, field_2: false, field_3: true }],
        field_5: BigInt(4 + i),
        field_6,
        field_7: i,
      }));
    });
    expect(thriftOf(footerOf(foreign).rowGroups[0]!)).toHaveProperty('field_5');
    const { after } = await written(foreign, { groups: [KEEP, encode({ removed: [0] }), KEEP], layout });
    for (const group of footerOf(after).rowGroups) {
      expect(Object.keys(thriftOf(group)).toSorted()).toEqual(['field_1', 'field_2', 'field_3', 'field_6']);
    }
    expect(idsOf(after)).toEqual([1, 2, 4, 5, 6]);
  });

  it('says how long its row groups are', async () => {
    const { after } = await written(threeGroups(), {
      groups: [KEEP, encode({ removed: [0] }), KEEP],
      appended: [0, 1],
      layout,
    });
    for (const group of footerOf(after).rowGroups) {
      const { chunks, rows } = group;
      expect(thriftOf(group)).toMatchObject({
        field_2: BigInt(chunks.reduce((sum, { uncompressedBytes }) => sum + uncompressedBytes, 0)),
        field_3: BigInt(rows),
        field_6: BigInt(chunks.reduce((sum, { start, end }) => sum + end - start, 0)),
      });
    }
  });

  it('has new rows in row groups of their own, none larger than the limit', async () => {
    const { after, counts } = await written(threeGroups(), { appended: [1, 0, 1, 0, 1], layout });
    expect(footerOf(after).rowGroups.map(({ rows }) => rows)).toEqual([2, 2, 2, 4, 1]);
    expect(counts).toEqual({ encoded: 2, kept: 3 });
    expect(idsOf(after).slice(6)).toEqual([9, 3, 9, 3, 9]);
  });

  it('notes an id of its own, the generation, and what it holds', async () => {
    const holds = [{ file: 'LOAD1.parquet', eTag: 'e', from: 0, to: 2 }];
    const { after } = await written(threeGroups(), { appended: [0], holds, layout });
    const note = readFileMetadata(footerOf(after).metadata);
    expect(note).toMatchObject({ generation: 1, holds });
    expect(note!.id).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe.each(['grow', 'anew'] as const)('a row group that changes, in the layout "%s"', (layout) => {
  const chunkBytes = (bytes: Uint8Array, { start, end }: Chunk) => bytes.slice(start, end);
  /** Row 3 as it is, but for its name. */
  const renamed = encode({ replaced: [[0, 0]] });
  const batchOf = async (change: Partial<ChangeFile>) => {
    const bytes = lakeBytes(
      COLUMNS,
      [1, 3].map((id) => [
        [utf8('U'), utf8('U')],
        [id, id + 1],
        [price(10n ** 19n), null],
        [utf8(`name ${id} `.repeat(20)), null],
      ]),
    );
    return { bytes, ...(await written(bytes, { groups: [KEEP, renamed], layout, ...change })) };
  };

  it('keeps the chunks of columns whose values stay as the bytes they were', async () => {
    const { bytes, before, after, counts } = await batchOf({});
    const [old, now] = [before.footer.rowGroups[1]!.chunks, footerOf(after).rowGroups[1]!.chunks];
    for (const i of [0, 1, 2]) {
      expect(chunkBytes(after, now[i]!)).toEqual(chunkBytes(bytes, old[i]!));
      expect(now[i]!.statistics).toEqual(old[i]!.statistics);
    }
    expect(chunkBytes(after, now[3]!)).not.toEqual(chunkBytes(bytes, old[3]!));
    expect(counts).toEqual({ encoded: 1, kept: 1 });
    expect(rowsOf(after).map(([op, id, , name]) => [op, id, name])).toEqual([
      ['U', 1, 'name 1 '.repeat(20)],
      ['U', 2, null],
      ['U', 3, 'new'],
      ['U', 4, null],
    ]);
    expect(await idsInDuckDb(after)).toEqual({ ids: [1, 2, 3, 4], lost: [] });
    const path = await duckdb.save(after);
    expect((await duckdb.query(`SELECT id FROM '${path}' WHERE name = 'new' AND price > 0`)).flat()).toEqual(['3']);
  });

  it('says of every chunk where it is, old or new', async () => {
    const { bytes, before, after } = await batchOf({});
    const [old, now] = [before.footer.rowGroups[1]!.chunks, footerOf(after).rowGroups[1]!.chunks];
    const chunks = footerOf(after).rowGroups.flatMap((group) => group.chunks);
    // Beside each other where the file begins anew.
    const anew = [4, ...chunks.slice(0, -1).map(({ end }) => end)].slice(old.length);
    const grown = [...old.slice(0, 3).map(({ start }) => start), bytes.length];
    expect(now.map(({ start }) => start)).toEqual(layout === 'grow' ? grown : anew);
  });

  it('encodes every column where rows come or go', async () => {
    for (const change of [encode({ removed: [1] }), encode({ appended: [1] })]) {
      const { bytes, before, after } = await batchOf({ groups: [KEEP, change] });
      const [old, now] = [before.footer.rowGroups[1]!.chunks, footerOf(after).rowGroups[1]!.chunks];
      for (const [i, chunk] of now.entries()) expect(chunkBytes(after, chunk)).not.toEqual(chunkBytes(bytes, old[i]!));
      expect(now.map(({ values }) => values)).toEqual(now.map(() => footerOf(after).rowGroups[1]!.rows));
    }
  });
});

describe('bloom filters', () => {
  const filtersOf = ({ chunks }: RowGroup) => chunks.map(({ bloomFilter }) => bloomFilter !== undefined);
  const ofName = [false, false, false, true];
  /** Three row groups as Tidemark wrote them, with bloom filters of their names. */
  const filtered = async () => {
    const { after } = await written(lakeBytes(COLUMNS, []), { appended: [0, 1, 0, 1, 1, 1, 1, 1, 0] }, COLUMNS, [
      'name',
    ]);
    expect(footerOf(after).rowGroups.map(filtersOf)).toEqual([ofName, ofName, ofName]);
    return after;
  };

  it('are written for the columns that are named, of all values of their row group', async () => {
    const bytes = await filtered();
    expect(await excluded(bytes, 'name', 'new')).toEqual([false, true, false]);
    expect(await excluded(bytes, 'name', 'absent')).toEqual([true, true, true]);
  });

  it('lie side by side between the row groups and the footer', async () => {
    const bytes = await filtered();
    const { rowGroups, byteLength } = footerOf(bytes);
    const filters = rowGroups.map(({ chunks }) => chunks[3]!.bloomFilter!);
    const ends = filters.map(({ start, length }) => start + length!);
    expect(filters.map(({ start }) => start)).toEqual([rowGroups.at(-1)!.chunks.at(-1)!.end, ...ends.slice(0, -1)]);
    expect(ends.at(-1)).toBe(bytes.length - byteLength);
  });

  it.each(['grow', 'anew'] as const)('tell of the values that there are after an edit, layout "%s"', async (layout) => {
    const bytes = await filtered();
    const groups = [encode({ replaced: [[0, 1]], removed: [2] }), encode({ appended: [0] }), KEEP];
    const { before, after } = await written(bytes, { groups, layout }, COLUMNS, ['name']);
    expect(await excluded(after, 'name', 'new')).toEqual([true, false, false]);
    expect(await excluded(after, 'name', 'absent')).toEqual([true, true, true]);
    const [old, kept] = [before.footer.rowGroups[2]!.chunks[3]!, footerOf(after).rowGroups[2]!.chunks[3]!];
    expect(filterBytes(after, kept)).toEqual(filterBytes(bytes, old));
    const path = await duckdb.save(after);
    expect((await duckdb.query(`SELECT count(*) FROM '${path}' WHERE name = 'new'`)).flat()).toEqual(['2']);
  });

  it.each(['grow', 'anew'] as const)('stay with a chunk that stays while its row group changes: %s', async (layout) => {
    const bytes = await filtered();
    // Row 3 of the first group gets another Op, id and price, and the name that it has.
    const { before, after } = await written(
      bytes,
      { groups: [encode({ replaced: [[3, 1]] }), encode({ replaced: [[0, 1]] }), KEEP], layout },
      COLUMNS,
      ['name'],
    );
    const { rowGroups } = footerOf(after);
    expect(rowGroups.map(filtersOf)).toEqual([ofName, ofName, ofName]);
    for (const [i, { chunks }] of rowGroups.entries())
      expect(filterBytes(after, chunks[3]!)).toEqual(filterBytes(bytes, before.footer.rowGroups[i]!.chunks[3]!));
    expect(await excluded(after, 'name', 'new')).toEqual([false, true, false]);
  });

  it.each(['grow', 'anew'] as const)('serve on where rows only go: layout "%s"', async (layout) => {
    const bytes = await filtered();
    const groups = [encode({ removed: [1] }), encode({ removed: [0] }), KEEP];
    const { before, after, pieces } = await written(bytes, { groups, layout }, COLUMNS, ['name']);
    const { rowGroups } = footerOf(after);
    expect(idsOf(after)).toHaveLength(7);
    for (const [i, { chunks }] of rowGroups.entries())
      expect(filterBytes(after, chunks[3]!)).toEqual(filterBytes(bytes, before.footer.rowGroups[i]!.chunks[3]!));
    const [first, , last] = before.footer.rowGroups.map(({ chunks }) => chunks[3]!.bloomFilter!);
    const stays = rowGroups[0]!.chunks[3]!.bloomFilter!.start === first!.start;
    const end = last!.start + last!.length!;
    const isCopied = pieces.some((piece) => 'end' in piece && piece.start === first!.start && piece.end === end);
    expect({ stays, isCopied }).toEqual({ stays: layout === 'grow', isCopied: layout === 'anew' });
  });

  it('of another writer go with the chunk that they told of', async () => {
    const { after } = await written(await filtered(), { groups: [encode({ replaced: [[0, 1]] }), KEEP, KEEP] });
    expect(footerOf(after).rowGroups.map(filtersOf)).toEqual([ofName.map(() => false), ofName, ofName]);
    const path = await duckdb.save(after);
    expect((await duckdb.query(`SELECT count(*) FROM '${path}' WHERE name = 'new'`)).flat()).toEqual(['2']);
  });
});

describe('row groups that are joined', () => {
  const anew = (groups: GroupPlan[]) => ({ groups, layout: 'anew' as const });
  const JOIN: GroupPlan[] = [{ kind: 'join', groups: [0, 1, 2] }, { kind: 'joined' }, { kind: 'joined' }];

  it('are one, of the same rows in the same order', async () => {
    const { after, counts } = await written(
      threeGroups(),
      anew([{ kind: 'join', groups: [0, 1] }, { kind: 'joined' }, KEEP]),
    );
    expect(rowsOf(after)).toEqual(rowsOf(threeGroups()));
    expect(footerOf(after).rowGroups.map(({ rows }) => rows)).toEqual([4, 2]);
    expect(counts).toEqual({ encoded: 1, kept: 1 });
    expect(await idsInDuckDb(after)).toEqual({ ids: [1, 2, 3, 4, 5, 6], lost: [] });
    const path = await duckdb.save(after);
    expect((await duckdb.query(`SELECT id FROM '${path}' WHERE price < -0.02`)).flat()).toEqual(['3', '5']);
  });

  it('leave out one between them that goes', async () => {
    const { after } = await written(threeGroups(), anew([{ kind: 'join', groups: [0, 2] }, DROP, { kind: 'joined' }]));
    expect(idsOf(after)).toEqual([1, 2, 5, 6]);
    expect(footerOf(after).rowGroups).toHaveLength(1);
  });

  it('are several of about the same size if they hold more rows than the limit', async () => {
    const { after } = await written(threeGroups(), anew(JOIN));
    expect(footerOf(after).rowGroups.map(({ rows }) => rows)).toEqual([3, 3]);
    expect(rowsOf(after)).toEqual(rowsOf(threeGroups()));
  });

  it('have a chunk of nulls for a column that is new, and bloom filters where they are asked for', async () => {
    const columns = [{ name: 'first', type: BIGINT }, ...COLUMNS];
    const { after } = await written(threeGroups(), anew(JOIN), columns, ['name']);
    expect(rowsOf(after).map((row) => row[0])).toEqual([1, 2, 3, 4, 5, 6].map(() => null));
    expect(idsOf(after).length).toBe(6);
    const path = await duckdb.save(after);
    expect(await duckdb.query(`SELECT count("first"), count(id), sum(id) FROM '${path}'`)).toEqual([['0', '6', '21']]);
    expect(await excluded(after, 'name', 'name 1 '.repeat(20))).toEqual([false, true]);
    expect(await excluded(after, 'name', 'name 5 '.repeat(20))).toEqual([true, false]);
  });

  it("may be another writer's, of other codecs and encodings", async () => {
    const path = duckdb.path();
    await duckdb.query(
      `COPY (SELECT 'I' AS Op, range::INTEGER AS id, (range % 50)::VARCHAR AS name FROM range(5000)) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048, CODEC 'zstd')`,
    );
    const columns = [
      { name: 'Op', type: TEXT },
      { name: 'id', type: INT },
      { name: 'name', type: TEXT },
    ];
    const bytes = await readFile(path);
    const { after } = await written(bytes, anew(JOIN), columns, [], 8192);
    expect(footerOf(after).rowGroups).toHaveLength(1);
    expect(rowsOf(after)).toEqual(rowsOf(bytes));
    const saved = await duckdb.save(after);
    expect(await duckdb.query(`SELECT count(*), sum(id), sum(name::INTEGER) FROM '${saved}'`)).toEqual(
      await duckdb.query(`SELECT count(*), sum(id), sum(name::INTEGER) FROM '${path}'`),
    );
  });

  it('that cannot be decoded block the table', async () => {
    const damaged = withFooter(threeGroups(), (footer) => {
      (structs(footer).chunks[1]![1]!.field_3 as ThriftStruct).field_9 = 6n;
    });
    await expect(written(damaged, anew(JOIN))).rejects.toMatchObject({
      name: 'TableBlocked',
      message: expect.stringMatching(/^The lake file a\.parquet cannot be read: column id: /),
    });
  });
});

describe('a file that grows', () => {
  it('begins with the old version, byte for byte, copied by the store; only what changed is sent', async () => {
    const bytes = threeGroups();
    const { after, pieces } = await written(bytes, { groups: [KEEP, encode({ replaced: [[0, 0]] }), KEEP] });
    expect(pieces[0]).toEqual({ start: 0, end: bytes.length });
    expect(pieces.slice(1).every((piece) => piece instanceof Uint8Array)).toBe(true);
    // A row that is replaced by another one of the same id and other values: all but the ids are sent.
    const { before } = await written(bytes, {});
    const { chunks } = footerOf(after).rowGroups[1]!;
    expect(chunks.map(({ start }) => start < bytes.length)).toEqual([false, true, false, false]);
    expect(chunks[1]).toEqual(before.footer.rowGroups[1]!.chunks[1]);
    expect(Buffer.compare(after.subarray(0, bytes.length), bytes)).toBe(0);
  });

  it('leaves row groups that it keeps where they are: offsets, page indexes and bloom filters stay true', async () => {
    const path = duckdb.path();
    await duckdb.query(
      `COPY (SELECT 'I' AS Op, range::INTEGER AS id, (range % 50)::VARCHAR AS name FROM range(6000)) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
    );
    const columns = [
      { name: 'Op', type: TEXT },
      { name: 'id', type: INT },
      { name: 'name', type: TEXT },
    ];
    const { before, after } = await written(
      await readFile(path),
      { groups: [KEEP, encode({ removed: [0] }), KEEP] },
      columns,
    );
    const chunks = (group: RowGroup) => group.chunks.map(thriftOf);
    const { rowGroups } = footerOf(after);
    expect(chunks(rowGroups[0]!)).toEqual(chunks(before.footer.rowGroups[0]!));
    expect(chunks(rowGroups[0]!).some((chunk) => 'field_14' in (chunk.field_3 as ThriftStruct))).toBe(true);
    const saved = await duckdb.save(after);
    expect(await duckdb.query(`SELECT count(*), sum(id) FROM '${saved}'`)).toEqual([
      ['5999', String((5999 * 6000) / 2 - 2048)],
    ]);
    expect(await duckdb.query(`SELECT count(*) FROM '${saved}' WHERE name = '7'`)).toEqual([['120']]);
  });

  it('is read by DuckDB in every version, and in every version every old footer still reads its rows', async () => {
    const bench = new MergeBench({ deadBytesShare: 1, rowsPerRowGroup: 3 });
    const versions: { bytes: Uint8Array; rows: unknown[][] }[] = [];
    const changes = [
      [
        ['I', 1, 'a'],
        ['I', 2, 'b'],
        ['I', 3, 'c'],
        ['I', 4, 'd'],
        ['I', 5, 'e'],
      ],
      [
        ['U', 2, 'B'],
        ['I', 6, 'f'],
      ],
      [
        ['D', 1, null],
        ['U', 5, 'E'],
      ],
      [
        ['D', 3, null],
        ['D', 2, null],
        ['I', 7, 'g'],
      ],
      [
        ['D', 4, null],
        ['D', 5, null],
        ['D', 6, null],
        ['D', 7, null],
      ],
      [['I', 1, 'again']],
    ];
    for (const [i, rows] of changes.entries()) {
      await bench.merge(await bench.slice(`20260301-10000000${i}.parquet`, [OP, ID, NAME], rows), ['id']);
      const [key, ...others] = bench.lake.keys();
      expect(others).toEqual([]);
      const bytes = bench.lake.bytes(key!)!;
      versions.push({ bytes, rows: rowsOf(bytes) });
      const path = await duckdb.save(bytes);
      expect(await duckdb.query(`SELECT Op, id::VARCHAR, name FROM '${path}'`)).toEqual(
        rowsOf(bytes).map(([op, id, name]) => [op, String(id), name]),
      );
      for (const old of versions) {
        expect(Buffer.compare(bytes.subarray(0, old.bytes.length), old.bytes)).toBe(0);
        expect(rowsOf(bytes, footerOf(old.bytes))).toEqual(old.rows);
      }
    }
    expect(versions.map(({ rows }) => rows.map(([, id]) => id))).toEqual([
      [1, 2, 3, 4, 5],
      [1, 2, 3, 4, 5, 6],
      [2, 3, 4, 5, 6],
      [4, 5, 6, 7],
      [],
      [1],
    ]);
  });
});

describe('a file laid out anew', () => {
  it('holds only what is in use, copied in ranges of the old one', async () => {
    const bytes = threeGroups();
    const { before, after, pieces } = await written(bytes, { groups: [KEEP, DROP, KEEP], layout: 'anew' });
    const kept = [0, 2].map((i) => {
      const { chunks } = before.footer.rowGroups[i]!;
      return { start: chunks[0]!.start, end: chunks.at(-1)!.end };
    });
    expect(pieces.filter((piece) => !(piece instanceof Uint8Array))).toEqual(kept);
    expect(after.length).toBeLessThan(bytes.length);
    const { rowGroups, byteLength } = footerOf(after);
    const used = rowGroups.flatMap(({ chunks }) => chunks).reduce((sum, { start, end }) => sum + end - start, 0);
    expect(after.length).toBe(4 + used + byteLength);
  });

  it('takes bloom filters along with the row groups that it moves, and leaves page indexes behind', async () => {
    const path = duckdb.path();
    await duckdb.query(
      `COPY (SELECT 'I' AS Op, range::INTEGER AS id, (range % 50)::VARCHAR AS name FROM range(6000)) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
    );
    const columns = [
      { name: 'Op', type: TEXT },
      { name: 'id', type: INT },
      { name: 'name', type: TEXT },
    ];
    const bytes = withFooter(await readFile(path), (footer) => {
      // DuckDB writes no page indexes: other writers' footers name their places so.
      for (const chunk of structs(footer).chunks.flat())
        Object.assign(chunk, { field_4: 4n, field_5: 10, field_6: 14n, field_7: 10 });
    });
    const { before, after } = await written(bytes, { groups: [DROP, KEEP, KEEP], layout: 'anew' }, columns);
    expect(Object.keys(thriftOf(before.footer.rowGroups[1]!.chunks[0]!))).toContain('field_4');
    for (const [i, chunk] of footerOf(after)
      .rowGroups.flatMap(({ chunks }) => chunks)
      .entries()) {
      expect(Object.keys(thriftOf(chunk)).toSorted()).toEqual(['field_2', 'field_3']);
      const old = before.footer.rowGroups.slice(1).flatMap(({ chunks }) => chunks)[i]!;
      expect(filterBytes(after, chunk)).toEqual(filterBytes(bytes, old));
      expect(chunk.bloomFilter === undefined).toBe(old.bloomFilter === undefined);
    }
    const saved = await duckdb.save(after);
    const [[count, sum] = []] = await duckdb.query(`SELECT count(*), sum(id) FROM '${saved}'`);
    expect([count, sum]).toEqual(['3952', String((5999 * 6000) / 2 - (2047 * 2048) / 2)]);
    expect(await duckdb.query(`SELECT count(*) FROM '${saved}' WHERE name = '7'`)).toEqual([['79']]);
    expect(await excluded(after, 'name', '7')).toEqual([false, false]);
    expect(await excluded(after, 'name', 'absent')).toEqual([true, true]);
  });
});

describe('a new file', () => {
  it('has rows of every type, exactly', async () => {
    const columns = SAMPLE_TYPES.map(({ type }, i) => ({ name: `c${i}`, type }));
    const values = new Map(
      columns.map(({ name, type }, i) => [name, vectorOf(type, [...SAMPLE_TYPES[i]!.edges.slice(0, 2), null])]),
    );
    const bench = new MergeBench({ rowsPerRowGroup: 2 });
    const key = await bench.write(
      { kind: 'create', folder: 'day=1/', rows: [2, 0, 1], holds: [], reason: '' },
      bench.content(columns, { values }),
    );
    expect(key).toMatch(/^day=1\/g1-v\d{8}-[0-9a-f]{12}\.parquet$/);
    const path = await duckdb.save(bench.lake.bytes(key)!);
    const read = await duckdb.query(
      `SELECT ${SAMPLE_TYPES.map((sample, i) => exactSql(sample, `c${i}`)).join(', ')} FROM '${path}'`,
    );
    expect(read).toEqual(
      [2, 0, 1].map((row) => SAMPLE_TYPES.map((sample, i) => exactText(sample, valueAt(values.get(`c${i}`)!, row)))),
    );
  });

  it('may have no rows: it takes a place', async () => {
    const pieces = [...emptyFilePieces({ columns: COLUMNS, id: 'ab', generation: 3, table: 'raw/shop/orders/' })];
    const bytes = Buffer.concat(pieces as Uint8Array[]);
    expect(readFileMetadata(footerOf(bytes).metadata)).toEqual({
      id: 'ab',
      generation: 3,
      table: 'raw/shop/orders/',
      holds: [],
    });
    expect(await idsInDuckDb(bytes)).toEqual({ ids: [], lost: [] });
  });
});

describe("another writer's file", () => {
  const timestamps = ['2026-03-01 10:00:00.000000', '2026-03-01 10:00:00.000001'];
  const required = () =>
    writeDmsFile({
      columns: [{ name: 'ts', type: { kind: 'string' }, required: true }, ID, NAME],
      rows: timestamps.map((ts, i) => [ts, i + 1, 'a']),
      rowsPerRowGroup: 1,
    });
  const at = [1_583_058_600_123_456_000n, null, -1_000n];
  const int96 = () =>
    int96Bytes(
      [
        { name: 'id', type: INT },
        { name: 'name', type: TEXT },
      ],
      [[1, 2, 3], ['a', 'b', 'c'].map(utf8)],
      at,
    );

  it('with REQUIRED columns is encoded anew, as OPTIONAL, when one of its rows changes', async () => {
    const bench = new MergeBench();
    bench.lake.put('part-0.parquet', required());
    const plan = await bench.merge(await bench.slice('20260301-100000000.parquet', [OP, ID, NAME], [['U', 2, 'b']]), [
      'id',
    ]);
    expect(plan.phases.flat()).toMatchObject([
      { kind: 'change', layout: 'anew', groups: [{ kind: 'encode' }, { kind: 'encode' }] },
    ]);
    const bytes = bench.lake.bytes('part-0.parquet')!;
    expect(footerOf(bytes).columns.map((column) => column.required)).toEqual([false, false, false, false]);
    const path = await duckdb.save(bytes);
    expect(await duckdb.query(`SELECT ts, id::VARCHAR, name, Op FROM '${path}'`)).toEqual([
      [timestamps[0], '1', 'a', null],
      [null, '2', 'b', 'U'],
    ]);
  });

  it('with INT96 has microseconds after one of its rows changed', async () => {
    const bench = new MergeBench();
    bench.lake.put('part-0.parquet', int96());
    const slice = await bench.slice(
      '20260301-100000000.parquet',
      [OP, ID, NAME, { name: 'at', type: { kind: 'timestampMicros' } }],
      [['U', 2, 'B', 5n]],
    );
    const lakeColumns: Column[] = [
      { name: 'id', type: INT },
      { name: 'name', type: TEXT },
      { name: 'at', type: timestamp('MICROS') },
    ];
    const batch = await readRowBatch([slice], lakeColumns);
    await bench.carryOut(await bench.planMerge(batch, ['id']), batch);
    const bytes = bench.lake.bytes('part-0.parquet')!;
    expect(footerOf(bytes).columns[2]).toEqual({ name: 'at', type: timestamp('MICROS'), required: false });
    expect(Array.from(readGroups(bytes).groups[0]![2]!)).toEqual([1_583_058_600_123_456n, 5n, -1n]);
    const path = await duckdb.save(bytes);
    expect((await duckdb.query(`SELECT epoch_us("at")::VARCHAR FROM '${path}'`)).flat()).toEqual([
      '1583058600123456',
      '5',
      '-1',
    ]);
  });

  it.each([
    ['REQUIRED columns', required, 'ts, id::VARCHAR, name'],
    ['INT96', int96, 'id, name, epoch_us("at")'],
    ["Tidemark's own", threeGroups, '*'],
  ] as const)('has the same rows under a new footer, whatever its columns: %s', async (_, source, select) => {
    const bench = new MergeBench();
    const bytes = source();
    bench.lake.put('a.parquet', bytes);
    const [file] = await bench.files();
    const holds = [{ file: 'LOAD1.parquet', eTag: 'e', from: 0, to: 1 }];
    const table = 'raw/shop/orders/';
    const held = { ...file!, generation: 4, metadata: { id: 'old', generation: 4, holds } };
    await bench.lake.write('a.parquet', inTurn(retaggedPieces(held, { id: 'new', table })), { eTag: file!.eTag });
    const after = bench.lake.bytes('a.parquet')!;
    expect(Buffer.compare(after.subarray(0, bytes.length), bytes)).toBe(0);
    expect(readFileMetadata(footerOf(after).metadata)).toEqual({ id: 'new', generation: 4, table, holds });
    expect(rowsOf(after)).toEqual(rowsOf(bytes));
    const rows = async (version: Uint8Array) => duckdb.query(`SELECT ${select} FROM '${await duckdb.save(version)}'`);
    expect(await rows(after)).toEqual(await rows(bytes));
  });

  it('that cannot be decoded blocks the table', async () => {
    const bench = new MergeBench();
    const damaged = withFooter(threeGroups(), (footer) => {
      (structs(footer).chunks[1]![1]!.field_3 as ThriftStruct).field_9 = 6n;
    });
    bench.lake.put('a.parquet', damaged);
    const merging = bench.merge(await bench.slice('20260301-100000000.parquet', [OP, ID], [['U', 3]]), ['id']);
    await expect(merging).rejects.toMatchObject({
      name: 'TableBlocked',
      message: expect.stringMatching(/^The lake file a\.parquet cannot be read: column id: /),
    });
  });
});
