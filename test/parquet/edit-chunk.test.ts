import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFile } from 'node:fs/promises';
import type { Encoding } from 'hyparquet';
import { boundValue } from '../../lib/parquet/bound.ts';
import type { ColumnType, PhysicalValue } from '../../lib/parquet/column-type.ts';
import { decodeChunk } from '../../lib/parquet/decode-chunk.ts';
import type { RowEdits } from '../../lib/parquet/edit-vector.ts';
import { editChunk } from '../../lib/parquet/edit-chunk.ts';
import { encodeChunk, PAGE_ROWS } from '../../lib/parquet/encode-chunk.ts';
import type { EncodedChunk } from '../../lib/parquet/encoded-chunk.ts';
import type { Chunk, FooterColumn } from '../../lib/parquet/footer.ts';
import { parseFooter } from '../../lib/parquet/footer.ts';
import type { DataPage } from '../../lib/parquet/page.ts';
import { ENCODING, readPages } from '../../lib/parquet/page.ts';
import type { ChunkStatistics } from '../../lib/parquet/statistics.ts';
import { chunkStatistics, comparison } from '../../lib/parquet/statistics.ts';
import { valuesOf, vectorOf } from '../../lib/parquet/vector.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { CODECS } from '../streams/codecs.ts';
import { readByHyparquet, writtenChunk } from './column-chunks.ts';
import { DuckDb } from './duckdb.ts';
import { exactSql, exactText, literalSql, storedText } from './exact-form.ts';
import { fileOfChunks } from './lake-bytes.ts';
import { BOOLEAN, INT, SAMPLE_TYPES, sampleType, TEXT, utf8 } from './sample-types.ts';

/** A chunk with what its file's footer says of it. */
interface StoredChunk {
  bytes: Uint8Array;
  chunk: Pick<Chunk, 'codec' | 'values' | 'statistics'>;
  column: FooterColumn;
}

/** Edits with the value of each replaced and each appended row. */
interface Edit {
  edits: RowEdits;
  values: PhysicalValue[];
}

const NONE: RowEdits = { removed: new Uint32Array(), replaced: new Uint32Array(), appended: 0 };
/** Values by their bits, a line each. */
const texts = (values: readonly PhysicalValue[], type: ColumnType) =>
  values.map((value) => storedText(value, type)).join('\n');
const decoded = ({ bytes, chunk, column }: StoredChunk) => valuesOf(decodeChunk(bytes, chunk, column));

function own(type: ColumnType, values: readonly PhysicalValue[], codec = 'SNAPPY'): StoredChunk {
  return stored(encodeChunk({ name: 'c', type }, vectorOf(type, values), { codec }), type);
}

function stored(encoded: EncodedChunk, type: ColumnType): StoredChunk {
  return { bytes: Buffer.concat(encoded.parts), chunk: encoded, column: { name: 'c', type, required: false } };
}

/** The chunks of a file, by row group and column. */
function chunksIn(bytes: Uint8Array): StoredChunk[][] {
  const { columns, rowGroups } = parseFooter(bytes, bytes.length);
  return rowGroups.map(({ chunks }) =>
    chunks.map((chunk, i) => ({ bytes: bytes.subarray(chunk.start, chunk.end), chunk, column: columns[i]! })),
  );
}

/** What the edits make of decoded values. */
function edited(old: readonly PhysicalValue[], { edits, values }: Edit): PhysicalValue[] {
  const now = [...old];
  edits.replaced.forEach((row, i) => (now[row] = values[i]!));
  const removed = new Set(edits.removed);
  return [...now.filter((_, row) => !removed.has(row)), ...values.slice(edits.replaced.length)];
}

function run(source: StoredChunk, { edits, values }: Edit): EncodedChunk | 'unchanged' {
  return editChunk(source.bytes, source.chunk, source.column, edits, vectorOf(source.column.type, values));
}

/** Edits the chunk, and looks at everything that the result says. @returns the result as the next version has it */
function expectEdited(source: StoredChunk, edit: Edit, isPagewise = true): StoredChunk {
  const { type } = source.column;
  const old = decoded(source);
  const expected = edited(old, edit);
  const result = run(source, edit);
  if (result === 'unchanged') {
    expect(texts(expected, type)).toBe(texts(old, type));
    return source;
  }
  if (expected.length === old.length && edit.edits.appended === 0) {
    expect(texts(expected, type)).not.toBe(texts(old, type));
  }
  const next = stored(result, type);
  expect(texts(decoded(next), type)).toBe(texts(expected, type));
  if (!hasEmptyPage(next)) expect(texts(readByHyparquet(next), type)).toBe(texts(expected, type));
  expectDescribed(result, next);
  expectStatistics(result.statistics, expected, type);
  const wereKnown = source.chunk.statistics.min ?? chunkStatistics(vectorOf(type, old), type).min === undefined;
  if (wereKnown) expectBounds(result.statistics, expected, type);
  if (isPagewise) expectPagesKept(source, next, edit, old);
  return next;
}

/** Lengths, offsets and encodings are those of the pages. */
function expectDescribed(result: EncodedChunk, { bytes }: StoredChunk): void {
  const { dictionary, data } = readPages(bytes, result.values);
  expect(result.byteLength).toBe(bytes.length);
  expect(data.at(-1)?.end ?? dictionary?.end ?? 0).toBe(bytes.length);
  expect(result.dictionaryPageOffset).toBe(dictionary?.start);
  expect(result.dataPageOffset).toBe(data[0]?.start ?? dictionary?.end ?? 0);
  expect(result.encodings).toEqual(
    expect.arrayContaining([
      ENCODING.RLE,
      ...(dictionary ? [ENCODING.PLAIN] : []),
      ...data.map((page) => page.encoding),
    ]),
  );
  expect(new Set(result.encodings).size).toBe(result.encodings.length);
  const all = [...(dictionary ? [dictionary] : []), ...data];
  expect(result.uncompressedBytes).toBe(
    all.reduce((sum, page) => sum + page.bodyStart - page.start + page.uncompressedBytes, 0),
  );
}

/** Nulls are counted; bounds enclose the values, and are theirs if they say so. */
function expectStatistics(found: ChunkStatistics, values: readonly PhysicalValue[], type: ColumnType): void {
  const exact = chunkStatistics(vectorOf(type, values), type);
  expect(found.nulls).toBe(exact.nulls);
  const [min, max] = [found.min && boundValue(found.min, type), found.max && boundValue(found.max, type)];
  const compare = comparison(type);
  const outside = values.filter(
    (value) =>
      value !== null &&
      !Number.isNaN(value) &&
      ((min !== undefined && compare(value, min) < 0) || (max !== undefined && compare(value, max) > 0)),
  );
  expect(outside).toEqual([]);
  if (found.min?.exact && exact.min?.exact) expect(boundValue(exact.min, type)).toEqual(min);
  if (found.max?.exact && exact.max?.exact) expect(boundValue(exact.max, type)).toEqual(max);
}

/** There are bounds wherever there can be. */
function expectBounds({ min, max }: ChunkStatistics, values: readonly PhysicalValue[], type: ColumnType): void {
  const exact = chunkStatistics(vectorOf(type, values), type);
  if (exact.min) expect([min, max]).not.toContain(undefined);
}

/** Pages without a changed row are the bytes they were, wherever they are now. */
function expectPagesKept(source: StoredChunk, next: StoredChunk, { edits, values }: Edit, old: PhysicalValue[]): void {
  const { type } = source.column;
  const changed = new Set(edits.removed);
  edits.replaced.forEach((row, i) => {
    if (storedText(old[row], type) !== storedText(values[i], type)) changed.add(row);
  });
  const before = pagesByRow(source);
  const after = pagesByRow(next);
  for (const [row, page] of before) {
    const end = row + page.values;
    const takesIn = end === old.length && edits.appended > 0 && page.values < PAGE_ROWS;
    if (takesIn || page.values === 0 || [...changed].some((at) => at >= row && at < end)) continue;
    const kept = after.get(row - [...edits.removed].filter((at) => at < row).length)!;
    expect(Buffer.compare(pageBytes(next, kept), pageBytes(source, page))).toBe(0);
  }
}

/** A page of nulls has no bytes: not every decoder that hyparquet is given takes that. */
function hasEmptyPage({ bytes, chunk }: StoredChunk): boolean {
  const { dictionary, data } = readPages(bytes, chunk.values);
  return dictionary?.values === 0 || data.some((page) => page.uncompressedBytes === page.definitionBytes);
}

function pagesByRow({ bytes, chunk }: StoredChunk): Map<number, DataPage> {
  let row = 0;
  return new Map(readPages(bytes, chunk.values).data.map((page) => [(row += page.values) - page.values, page]));
}

const pageBytes = ({ bytes }: StoredChunk, { start, end }: DataPage) => bytes.subarray(start, end);

/** Some rows removed, replaced (some by what they were) and appended. */
function someEdit(random: SeededRandom, old: readonly PhysicalValue[], value: () => PhysicalValue): Edit {
  const share = random.pick([0, 0, 0.01, 0.3, 1]);
  const removed: number[] = [];
  const replaced: number[] = [];
  const values: PhysicalValue[] = [];
  // Changes come close together, or anywhere.
  const from = random.chance(0.5) ? 0 : random.integer(0, old.length);
  for (let row = from; row < old.length; row++) {
    if (!random.chance(share)) continue;
    if (random.chance(0.5)) removed.push(row);
    else {
      replaced.push(row);
      values.push(random.chance(0.3) ? old[row]! : value());
    }
  }
  // A row group that loses all its rows is dropped.
  if (removed.length === old.length) removed.pop();
  const appended = random.pick([0, 0, 1, 3, 40]);
  for (let i = 0; i < appended; i++) values.push(value());
  return { edits: { removed: Uint32Array.from(removed), replaced: Uint32Array.from(replaced), appended }, values };
}

/** A chunk as one of several writers makes it; its footer may know more or less of it. */
function written(random: SeededRandom, type: ColumnType, values: readonly PhysicalValue[]): StoredChunk {
  const codec = random.pick(['UNCOMPRESSED', 'SNAPPY', 'GZIP'] as const);
  if (random.chance(0.5)) return own(type, values, codec);
  const encoding = random.pick(encodingsOf(type));
  // The writer of differences needs a value in every page.
  const pageBytes = encoding.startsWith('DELTA') ? 0 : random.pick([0, 100, 1000]);
  if (encoding.startsWith('DELTA') && values.every((value) => value === null)) return own(type, values, codec);
  const { bytes, chunk, column } = writtenChunk(type, values, { encoding, codec, pageBytes });
  const { nulls, min, max } = chunkStatistics(vectorOf(type, values), type);
  const statistics = random.pick<ChunkStatistics>([
    { nulls: undefined, min: undefined, max: undefined },
    { nulls, min: undefined, max: undefined },
    { nulls, min, max },
    { nulls, min: min && { ...min, exact: false }, max: max && { ...max, exact: false } },
  ]);
  return { bytes, chunk: { ...chunk, statistics }, column };
}

function encodingsOf({ physical }: ColumnType): Encoding[] {
  switch (physical) {
    case 'BOOLEAN':
      return ['PLAIN', 'RLE'];
    case 'INT32':
    case 'INT64':
      return ['PLAIN', 'RLE_DICTIONARY', 'DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT'];
    case 'BYTE_ARRAY':
      return ['PLAIN', 'RLE_DICTIONARY', 'DELTA_LENGTH_BYTE_ARRAY', 'DELTA_BYTE_ARRAY'];
    default:
      return ['PLAIN', 'BYTE_STREAM_SPLIT'];
  }
}

describe('a chunk with some rows changed', () => {
  it.each(SAMPLE_TYPES)('holds what its values come to, edit after edit: $label', ({ type, any, edges }) => {
    const pool = fc.array(fc.oneof(any, fc.constantFrom(...edges)), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.integer(), pool, (seed, present) => {
        const random = new SeededRandom(seed);
        const nulls = random.pick([0, 0.1, 0.9, 1]);
        const value = () => (random.chance(nulls) ? null : random.pick(present));
        const length = random.pick([1, 2, 9, 40, 300, PAGE_ROWS - 1, PAGE_ROWS, PAGE_ROWS + 300]);
        let chunk = written(random, type, Array.from({ length }, value));
        for (let i = 0; i < 3; i++) chunk = expectEdited(chunk, someEdit(random, decoded(chunk), value));
      }),
      { numRuns: 6 },
    );
  });

  const encodings = ['PLAIN', 'PLAIN_DICTIONARY', 'RLE_DICTIONARY'] as const;
  it.each(CODECS.flatMap((codec) => encodings.map((encoding) => ({ ...codec, encoding }))))(
    'holds what its values come to, as DMS wrote it: $codec, $encoding',
    (layout) => {
      const random = new SeededRandom(11);
      const columns = [
        { name: 'text', type: { kind: 'string' as const } },
        { name: 'few', type: { kind: 'string' as const } },
        { name: 'id', type: { kind: 'int32' as const } },
        { name: 'flag', type: { kind: 'boolean' as const } },
      ];
      const rows = Array.from({ length: 130 }, (_, i) =>
        [`text ${i} ${'x'.repeat(i)}`, ['', 'a', 'b'][i % 3]!, i - 50, i % 3 === 0].map((value) =>
          random.chance(0.1) ? null : value,
        ),
      );
      for (const rowsPerPage of [1, 16, 1000]) {
        const [group] = chunksIn(writeDmsFile({ columns, rows, ...layout, rowsPerPage }));
        for (let chunk of group!) {
          const values = decoded(chunk);
          const value = () => (random.chance(0.1) ? null : fresh(random, chunk.column.type, values));
          const canWrite = !['ZSTD', 'LZ4_RAW'].includes(layout.codec!);
          for (let i = 0; i < 3; i++) chunk = expectEdited(chunk, someEdit(random, decoded(chunk), value), canWrite);
        }
      }
    },
  );

  /** A value that the chunk has, or another. */
  function fresh(random: SeededRandom, type: ColumnType, values: readonly PhysicalValue[]): PhysicalValue {
    if (type === BOOLEAN || random.chance(0.5)) return random.pick(values);
    if (type.physical === 'INT32') return random.integer(-100, 1000);
    return type.physical === 'BOOLEAN' ? random.chance(0.5) : utf8(`fresh ${random.integer(0, 50)}`);
  }
});

describe('a chunk of DuckDB with some rows changed', () => {
  const COLUMNS = [
    { label: 'int32', sql: 'CASE WHEN i % 5 = 0 THEN NULL ELSE i::INTEGER END' },
    { label: 'uint32', sql: '(4294967295 - i * 12345)::UINTEGER' },
    { label: 'int64', sql: '(i % 4)::BIGINT' },
    { label: 'decimal(38,10) as FIXED_LEN_BYTE_ARRAY', sql: '(i % 50 - 25)::DECIMAL(38,10)' },
    { label: 'double', sql: 'CASE WHEN i % 9 = 0 THEN NULL ELSE i / 7 END' },
    { label: 'boolean', sql: 'CASE WHEN i % 11 = 0 THEN NULL ELSE i % 2 = 0 END' },
    { label: 'date', sql: `DATE '1999-12-31' + (i // 300)::INTEGER` },
    { label: 'timestamp(MICROS, utc)', sql: 'make_timestamptz(i * 1000003)' },
    { label: 'text', sql: `CASE WHEN i % 13 = 0 THEN NULL ELSE 'Größe 日本語 🦆 ' || (i % 50) END` },
    { label: 'text', sql: `repeat('text ' || i, i % 20)` },
    { label: 'text', sql: 'NULL::VARCHAR' },
    { label: 'bytes', sql: `unhex(printf('%04x', i) || 'ff00c3')` },
    { label: 'uuid', sql: 'md5(i::VARCHAR)::UUID' },
  ].map(({ label, sql }, i) => ({ name: `c${i}`, sample: sampleType(label), sql }));
  let duckdb: DuckDb;
  beforeAll(async () => {
    duckdb = await DuckDb.open();
    const select = COLUMNS.map(({ name, sql }) => `${sql} AS ${name}`);
    await duckdb.query(`CREATE TABLE source AS SELECT ${select.join(', ')} FROM range(2200) t(i)`);
  });
  afterAll(() => duckdb.close());

  const codecs = ['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4_raw'];
  const newer = ['snappy', 'zstd'].map((codec) => ({ codec, version: 'v2' }));
  it.each([...codecs.map((codec) => ({ codec, version: 'v1' })), ...newer])(
    'holds what its values come to, for DuckDB too: $codec, $version',
    async ({ codec, version }) => {
      const path = duckdb.path();
      await duckdb.query(
        `COPY source TO '${path}' (FORMAT parquet, CODEC '${codec}', PARQUET_VERSION ${version}, ROW_GROUP_SIZE 2048)`,
      );
      const random = new SeededRandom(5);
      const groups = chunksIn(await readFile(path));
      const rowEdits = groups.map((group) => someEdit(random, decoded(group[0]!), () => null).edits);
      const expected: PhysicalValue[][] = COLUMNS.map(() => []);
      const encoded = groups.map((group, g) =>
        group.map((source, c) => {
          const { sample } = COLUMNS[c]!;
          const edits = { ...rowEdits[g]!, appended: 900 };
          const values = Array.from({ length: edits.replaced.length + edits.appended }, () =>
            random.chance(0.1) ? null : random.pick(sample.edges),
          );
          const edit = { edits, values };
          expected[c]!.push(...edited(decoded(source), edit));
          expectEdited(source, edit, !['zstd', 'lz4_raw'].includes(codec));
          return { ...(run(source, edit) as EncodedChunk), column: COLUMNS[c]!.name };
        }),
      );
      const columns = COLUMNS.map(({ name }, i) => ({ name, type: groups[0]![i]!.column.type }));
      const saved = await duckdb.save(fileOfChunks(columns, encoded));
      for (const [i, { name, sample }] of COLUMNS.entries()) {
        const read = (await duckdb.query(`SELECT ${exactSql(sample, name)} FROM '${saved}'`)).flat();
        expect(read.join('\n')).toBe(expected[i]!.map((value) => exactText(sample, value)).join('\n'));
        const [value] = expected[i]!.filter((stored) => stored !== null && !Number.isNaN(stored)).slice(-1);
        const [[found] = []] = await duckdb.query(
          `SELECT count(*) > 0 FROM '${saved}' WHERE ${name} = ${literalSql(sample, value!)}`,
        );
        expect(found).toBe('true');
      }
    },
  );
});

describe('editing a chunk', () => {
  const rows = Array.from({ length: 3 * PAGE_ROWS }, (_, i) => utf8(`value ${i % 40}`));
  const chunk = own(TEXT, rows);
  const replace = (at: number[], by: PhysicalValue[]): Edit => ({
    edits: { ...NONE, replaced: Uint32Array.from(at) },
    values: by,
  });

  it('leaves it where it is if no value differs', () => {
    expect(run(chunk, { edits: NONE, values: [] })).toBe('unchanged');
    expect(run(chunk, replace([0, 700], [rows[0]!, rows[700]!]))).toBe('unchanged');
    expect(run(own(INT, [null, 2]), replace([0], [null]))).toBe('unchanged');
    const required = writtenChunk(INT, [1, 2], { encoding: 'PLAIN', required: true });
    const statistics = { nulls: 0, min: undefined, max: undefined };
    const source = { ...required, chunk: { ...required.chunk, statistics } };
    expect(run(source, replace([1], [2]))).toBe('unchanged');
    expect(run(source, replace([1], [3]))).not.toBe('unchanged');
  });

  it('reads the pages alone that hold a changed row', () => {
    const { dictionary, data } = readPages(chunk.bytes, rows.length);
    const damaged = Uint8Array.from(chunk.bytes);
    for (const { bodyStart, end } of [data[0]!, data[2]!]) damaged.fill(0xff, bodyStart, end);
    const source = { ...chunk, bytes: damaged };
    expect(() => decoded(source)).toThrow();
    const next = stored(run(source, replace([PAGE_ROWS + 476], [rows[7]!])) as EncodedChunk, TEXT);
    const pages = readPages(next.bytes, rows.length);
    expect(Buffer.compare(next.bytes.subarray(0, pages.data[1]!.start), damaged.subarray(0, data[1]!.start))).toBe(0);
    expect(Buffer.compare(pageBytes(next, pages.data[2]!), pageBytes(source, data[2]!))).toBe(0);
    expect(pages.dictionary).toEqual(dictionary);
  });

  it('adds to the end of the dictionary what it does not have, so that the other pages stay true', () => {
    const next = expectEdited(chunk, replace([700, 701], [utf8('never seen'), utf8('nor this')]));
    const { dictionary, data } = readPages(next.bytes, rows.length);
    expect(dictionary?.values).toBe(42);
    expect(data.map((page) => page.encoding)).toEqual(data.map(() => ENCODING.RLE_DICTIONARY));
  });

  it('drops a page that loses all its rows', () => {
    const removed = Uint32Array.from({ length: PAGE_ROWS }, (_, i) => PAGE_ROWS + i);
    const numbers = own(
      INT,
      rows.map((_, i) => i),
    );
    for (const source of [chunk, numbers]) {
      const next = expectEdited(source, { edits: { ...NONE, removed }, values: [] });
      expect(readPages(next.bytes, 2 * PAGE_ROWS).data.map((page) => page.values)).toEqual([PAGE_ROWS, PAGE_ROWS]);
    }
  });

  it('fills the last page with appended rows, then pages of 512', () => {
    const source = own(TEXT, rows.slice(0, PAGE_ROWS + 100));
    const values = Array.from({ length: 2 * PAGE_ROWS }, (_, i) => utf8(`appended ${i % 30}`));
    const next = expectEdited(source, { edits: { ...NONE, appended: 2 * PAGE_ROWS }, values });
    expect(readPages(next.bytes, 3 * PAGE_ROWS + 100).data.map((page) => page.values)).toEqual([512, 512, 512, 100]);
  });

  it("cuts another writer's long page into pages of 512 where it changes", () => {
    const values = Array.from({ length: 2_000 }, (_, i) => i);
    const { bytes, chunk: described, column } = writtenChunk(INT, values, { encoding: 'PLAIN' });
    const source = { bytes, column, chunk: { ...described, statistics: chunkStatistics(vectorOf(INT, values), INT) } };
    expect(readPages(bytes, 2_000).data).toHaveLength(1);
    const next = expectEdited(source, replace([1_900], [-1]));
    expect(readPages(next.bytes, 2_000).data.map((page) => page.values)).toEqual([512, 512, 512, 464]);
  });

  it('makes an OPTIONAL column of a REQUIRED one', () => {
    const { bytes, chunk: described, column } = writtenChunk(INT, [1, 2, 3], { encoding: 'PLAIN', required: true });
    const source = { bytes, column, chunk: { ...described, statistics: { nulls: 0, min: undefined, max: undefined } } };
    const next = expectEdited(source, replace([1], [null]), false);
    expect(decoded(next)).toEqual([1, null, 3]);
  });

  it('keeps bounds that were cut as long as they enclose', () => {
    const long = (end: string) => utf8('long and alike '.repeat(20) + end);
    const source = own(TEXT, [long('a'), long('b'), long('c'), utf8('x')]);
    const next = expectEdited(source, replace([1], [long('bb')]));
    expect(next.chunk.statistics).toEqual(source.chunk.statistics);
    expect(next.chunk.statistics.min).toMatchObject({ exact: false });
  });

  it('refuses a chunk that cannot be decoded', () => {
    const cut = { ...chunk, bytes: chunk.bytes.subarray(0, -20) };
    expect(() => run(cut, replace([1_500], [null]))).toThrow(/does not fit into its chunk/);
    expect(() => run({ ...chunk, chunk: { ...chunk.chunk, values: 2_000 } }, replace([0], [null]))).toThrow();
    expect(() => run({ ...chunk, chunk: { ...chunk.chunk, codec: 'LZO' } }, replace([0], [null]))).toThrow(/LZO/);
  });
});
