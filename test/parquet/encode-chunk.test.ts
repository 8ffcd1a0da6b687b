import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import type { CompressionCodec } from 'hyparquet';
import { parquetMetadata, parquetRead } from 'hyparquet';
import { CompressionCodecs, ParquetTypes } from 'hyparquet/src/constants.js';
import { compressors } from 'hyparquet-compressors';
import type { Column, ColumnType, PhysicalValue } from '../../lib/parquet/column-type.ts';
import { sameType } from '../../lib/parquet/column-type.ts';
import { decodeChunk } from '../../lib/parquet/decode-chunk.ts';
import { encodeChunk, PAGE_ROWS } from '../../lib/parquet/encode-chunk.ts';
import { encodeIndexPage } from '../../lib/parquet/encode-page.ts';
import type { EncodedChunk } from '../../lib/parquet/encoded-chunk.ts';
import { MAGIC, writeFooter } from '../../lib/parquet/footer.ts';
import type { ChunkPages } from '../../lib/parquet/page.ts';
import { ENCODING, readPages } from '../../lib/parquet/page.ts';
import { schemaElement } from '../../lib/parquet/schema-element.ts';
import { statisticsStruct } from '../../lib/parquet/statistics.ts';
import type { ThriftStruct } from '../../lib/parquet/thrift.ts';
import { serializeThrift } from '../../lib/parquet/thrift.ts';
import type { Vector } from '../../lib/parquet/vector.ts';
import { valuesOf, vectorOf } from '../../lib/parquet/vector.ts';
import { DuckDb } from './duckdb.ts';
import { exactSql, exactText, storedText } from './exact-form.ts';
import { lakeBytes, readGroups } from './lake-bytes.ts';
import type { SampleType } from './sample-types.ts';
import { BIGINT, BOOLEAN, DOUBLE, INT, INT96, SAMPLE_TYPES, sampleType, TEXT, utf8 } from './sample-types.ts';

describe('values written and read again', () => {
  let duckdb: DuckDb;
  beforeAll(async () => {
    duckdb = await DuckDb.open();
  });
  afterAll(() => duckdb.close());

  /** Row groups with every edge, any values, repeated ones (a dictionary), nulls in some, all and no rows. */
  function rowGroups({ edges, any }: SampleType): PhysicalValue[][] {
    const some = fc.sample(any, { numRuns: 60, seed: 7 });
    return [
      [...edges],
      [null, ...edges, null, ...some],
      some.slice(0, 9),
      Array.from({ length: 300 }, (_, i) => (i % 5 === 0 ? null : edges[i % edges.length]!)),
      Array.from({ length: 2 * PAGE_ROWS + 1 }, (_, i) => (i % 3 === 0 ? null : some[i % some.length]!)),
      [null, null, null],
      [some[0]!],
    ];
  }

  it.each(SAMPLE_TYPES)('are the same to the bit, for Tidemark, hyparquet and DuckDB: $label', async (sample) => {
    const { type } = sample;
    const groups = rowGroups(sample);
    const bytes = lakeBytes(
      [{ name: 'c', type }],
      groups.map((values) => [values]),
    );
    const expected = groups.flat();
    const { footer, groups: read } = readGroups(bytes);
    expect(sameType(footer.columns[0]!.type, type)).toBe(true);
    expectStored(
      read.flatMap(([values]) => values!),
      expected,
      type,
    );
    expectStored(await hyparquetValues(bytes), expected, type);
    const path = await duckdb.save(bytes);
    expect(await duckdb.types(path)).toEqual([sample.duckdb]);
    expect((await duckdb.query(`SELECT ${exactSql(sample, 'c')} FROM '${path}'`)).flat()).toEqual(
      expected.map((value) => exactText(sample, value)),
    );
  });

  it.each(SAMPLE_TYPES)('are the same to the bit, whatever they are: $label', ({ type, any }) => {
    fc.assert(
      fc.property(fc.array(fc.option(any), { maxLength: 40 }), (values) => {
        expectStored(decoded(encode(type, values), type), values, type);
      }),
      { numRuns: 30 },
    );
  });

  it('may be long, and fill a page each', async () => {
    const values = Array.from({ length: 300 }, (_, i) => (i % 7 === 0 ? null : utf8(`${i} `.repeat(1200 + i * 8))));
    const chunk = encode(TEXT, values);
    expect(pagesOf(chunk).data.length).toBeGreaterThan(2);
    expect(Math.max(...pagesOf(chunk).data.map((page) => page.uncompressedBytes))).toBeLessThan(1_060_000);
    expectStored(decoded(chunk, TEXT), values, TEXT);
    const path = await duckdb.save(fileOf(TEXT, [chunk]));
    const [[sum] = []] = await duckdb.query(
      `SELECT string_agg(md5(c), '' ORDER BY file_row_number) FROM read_parquet('${path}', file_row_number = true)`,
    );
    const [[expected] = []] = await duckdb.query(
      `SELECT string_agg(md5(repeat(i || ' ', 1200 + i * 8)), '' ORDER BY i) FROM range(300) t(i) WHERE i % 7 <> 0`,
    );
    expect(sum).toBe(expected);
  });

  it('may be longer than a page can be', () => {
    const values = [utf8('x'.repeat(1_200_000)), null, utf8('y')];
    expectStored(decoded(encode(TEXT, values), TEXT), values, TEXT);
  });

  it('may be none: no row groups, and a row group of no rows', async () => {
    const columns = SAMPLE_TYPES.map(({ type }, i) => ({ name: `c${i}`, type }));
    for (const groups of [[], [columns.map(() => [])]]) {
      const bytes = lakeBytes(columns, groups);
      expect(readGroups(bytes).groups).toEqual(groups);
      const path = await duckdb.save(bytes);
      expect(await duckdb.query(`SELECT count(*), count(c0), max(c1) FROM '${path}'`)).toEqual([['0', '0', null]]);
      expect(await duckdb.types(path)).toEqual(SAMPLE_TYPES.map(({ duckdb: type }) => type));
    }
  });

  it('are compressed, of OPTIONAL columns, with a null count', async () => {
    const path = await duckdb.save(lakeBytes([{ name: 'c', type: TEXT }], [[[null, TEXT_A, TEXT_A]]]));
    expect(
      await duckdb.query(
        `SELECT compression, stats_null_count, stats_min_value, stats_max_value FROM parquet_metadata('${path}')`,
      ),
    ).toEqual([['SNAPPY', '1', 'aaaaaaaa', 'aaaaaaaa']]);
    expect(await duckdb.query(`SELECT repetition_type FROM parquet_schema('${path}') WHERE name = 'c'`)).toEqual([
      ['OPTIONAL'],
    ]);
  });

  /** Reads the chunks of one column back three ways; each of them must give these values. */
  async function expectRead(chunks: readonly EncodedChunk[], values: readonly PhysicalValue[], label: string) {
    const sample = sampleType(label);
    const { type } = sample;
    expectStored(
      chunks.flatMap((chunk) => decoded(chunk, type)),
      values,
      type,
    );
    const bytes = fileOf(type, chunks);
    expectStored(await hyparquetValues(bytes), values, type);
    const path = await duckdb.save(bytes);
    const rows = (await duckdb.query(`SELECT ${exactSql(sample, 'c')} FROM '${path}'`)).flat();
    expect(rows.join('\n')).toBe(values.map((value) => exactText(sample, value)).join('\n'));
  }

  it.each([1, 2, 3, 4, 5, 255, 256, 257, 1000, 4096])('may have a dictionary: %d values', async (entries) => {
    // In no order, and with runs.
    const number = (i: number) => ((Math.floor(i / 3) * 7919) % entries) * 3 - 5;
    const values = Array.from({ length: Math.max(6 * entries, 300) }, (_, i) => (i % 11 === 4 ? null : number(i)));
    const ints = encode(
      BIGINT,
      values.map((value) => value && BigInt(value)),
    );
    const texts = encode(
      TEXT,
      values.map((value) => (value === null ? null : utf8(`value ${value}`))),
    );
    for (const chunk of [ints, texts]) {
      expect(chunk.encodings).toContain(ENCODING.RLE_DICTIONARY);
      expect(pagesOf(chunk).dictionary?.values).toBe(entries);
    }
    await expectRead(
      [ints],
      values.map((value) => value && BigInt(value)),
      'int64',
    );
    await expectRead(
      [texts],
      values.map((value) => (value === null ? null : utf8(`value ${value}`))),
      'text',
    );
  });

  const P = PAGE_ROWS;
  it.each([1, P - 1, P, P + 1, 2 * P, 2 * P + 1, 5000])('fill pages of 512 rows: %d rows', async (rows) => {
    const ends = new Set([0, P - 2, P - 1, P, P + 1, 2 * P - 1, 2 * P, rows - 1]);
    for (const isNull of [
      () => false,
      () => true,
      (row: number) => ends.has(row),
      (row: number) => !ends.has(row),
      (row: number) => row >= P && row < 2 * P,
      (row: number) => row % 3 === 0,
    ]) {
      for (const [label, value] of [
        ['int32', (row: number) => row],
        ['text', (row: number) => utf8(`text ${row}`)],
        ['text', (row: number) => utf8(`text ${row % 3}`)],
        ['boolean', (row: number) => row % 3 === 0],
      ] satisfies [string, (row: number) => PhysicalValue][]) {
        const values = Array.from({ length: rows }, (_, row) => (isNull(row) ? null : value(row)));
        const { type } = sampleType(label);
        const chunk = encode(type, values);
        expect(pagesOf(chunk).data.map((page) => page.values)).toEqual(pageLengths(rows));
        expect(pagesOf(chunk).data.reduce((sum, page) => sum + page.nulls!, 0)).toBe(chunk.statistics.nulls);
        expectStored(decoded(chunk, type), values, type);
      }
    }
    const mixed = Array.from({ length: rows }, (_, row) => (ends.has(row) ? null : utf8(`text ${row % 3}`)));
    await expectRead([encode(TEXT, mixed), encode(TEXT, mixed)], [...mixed, ...mixed], 'text');
  });

  it('may come in runs of any length', () => {
    const run = fc.tuple(fc.option(fc.nat(9)), fc.oneof(fc.integer({ min: 1, max: 9 }), fc.nat(300)));
    fc.assert(
      fc.property(fc.array(run, { maxLength: 40 }), (runs) => {
        const values = runs.flatMap(([value, length]) => new Array<number | null>(length).fill(value));
        expectStored(decoded(encode(INT, values), INT), values, INT);
      }),
      { numRuns: 200 },
    );
  });

  it('may be compressed otherwise', async () => {
    const values = Array.from({ length: 3000 }, (_, i) => (i % 4 === 0 ? null : utf8(`text ${i}`)));
    for (const codec of ['UNCOMPRESSED', 'GZIP', 'BROTLI']) {
      const chunk = encodeChunk({ name: 'c', type: TEXT }, vectorOf(TEXT, values), { codec });
      expect(chunk.codec).toBe(codec);
      await expectRead([chunk], values, 'text');
    }
  });

  it('may differ in their high halves only', async () => {
    const values = Array.from({ length: 6000 }, (_, i) => BigInt((i * 7) % 1500) << 32n);
    const chunk = encode(BIGINT, values);
    expect(pagesOf(chunk).dictionary?.values).toBe(1500);
    await expectRead([chunk], values, 'int64');
  });

  it('tell both zeros apart, in a dictionary too', async () => {
    const values = Array.from({ length: 600 }, (_, i) => [0, -0, NaN, Infinity, null][i % 5]!);
    const chunk = encode(DOUBLE, values);
    expect(chunk.encodings).toContain(ENCODING.RLE_DICTIONARY);
    await expectRead([chunk], values, 'double');
  });

  it('may come with a dictionary, whose unused entries are left out', async () => {
    const entries = ['unused', 'b', 'a', 'b', 'unused too', 'c'].map(utf8);
    const indices = Int32Array.from({ length: 2500 }, (_, row) => [1, 2, 3, 5, -1][row % 5]!);
    const vector: Vector = { kind: 'DICTIONARY', length: 2500, dictionary: vectorOf(TEXT, entries), indices };
    const chunk = encodeChunk({ name: 'c', type: TEXT }, vector);
    expect(pagesOf(chunk).dictionary?.values).toBe(4);
    expect(chunk.statistics).toEqual(encode(TEXT, valuesOf(vector)).statistics);
    await expectRead([chunk], valuesOf(vector), 'text');
  });
});

describe('a chunk', () => {
  /** What no codec makes smaller. */
  const random = Array.from({ length: 3000 }, (_, i) =>
    createHash('sha256').update(String(i)).digest().readBigInt64LE(),
  );

  it('has no dictionary that would not halve it', () => {
    for (const vector of [
      vectorOf(BIGINT, random),
      vectorOf(
        TEXT,
        random.map((value) => utf8(String(value))),
      ),
      vectorOf(
        INT,
        Array.from({ length: 3000 }, (_, i) => i % 1500),
      ),
      vectorOf(
        BOOLEAN,
        Array.from({ length: 3000 }, (_, i) => i % 2 === 0),
      ),
      {
        kind: 'DICTIONARY',
        length: random.length,
        dictionary: vectorOf(BIGINT, random),
        indices: Int32Array.from(random.keys()),
      } satisfies Vector,
    ]) {
      const type = [BIGINT, TEXT, INT, BOOLEAN].find(({ physical }) => {
        const { kind } = vector.kind === 'DICTIONARY' ? vector.dictionary : vector;
        return physical === (kind === 'BYTES' ? 'BYTE_ARRAY' : kind);
      })!;
      const chunk = encodeChunk({ name: 'c', type }, vector);
      expect(chunk.encodings).toEqual([ENCODING.PLAIN, ENCODING.RLE]);
      expect(chunk.dictionaryPageOffset).toBeUndefined();
      expectStored(decoded(chunk, type), valuesOf(vector), type);
    }
  });

  it('leaves a page as it is that does not get smaller', () => {
    const pages = pagesOf(encode(BIGINT, random));
    expect(pages.data.map((page) => page.compressed)).toEqual(pages.data.map(() => false));
    const zeros = pagesOf(
      encode(
        BIGINT,
        random.map((_, i) => BigInt(i)),
      ),
    );
    expect(zeros.data.map((page) => page.compressed)).toEqual(pages.data.map(() => true));
  });

  it('of few values, or sorted ones, is a few bytes a page', () => {
    const same = encode(TEXT, new Array<Uint8Array>(8192).fill(utf8('I')));
    expect(same.byteLength).toBeLessThan(16 * 40);
    const sorted = encode(
      TEXT,
      Array.from({ length: 8192 }, (_, i) => utf8(`day ${Math.floor(i / 500)}`)),
    );
    expect(sorted.byteLength).toBeLessThan(16 * 60 + 200);
  });

  it('says how many bytes it has, and where its pages begin', () => {
    const column = { name: 'c', type: TEXT };
    for (const values of [['a', 'b', 'a', 'b', 'a', 'a', 'a', 'b'].map(utf8), [utf8('once')], [null]]) {
      const chunk = encodeChunk(column, vectorOf(TEXT, values));
      const pages = pagesOf(chunk);
      expect(chunk.byteLength).toBe(chunk.parts.reduce((sum, { length }) => sum + length, 0));
      expect(chunk.byteLength).toBe(pages.data.at(-1)!.end);
      expect(chunk.dataPageOffset).toBe(pages.data[0]!.start);
      expect(chunk.dictionaryPageOffset).toBe(pages.dictionary?.start);
      const all = [...(pages.dictionary ? [pages.dictionary] : []), ...pages.data];
      expect(chunk.uncompressedBytes).toBe(
        all.reduce((sum, page) => sum + page.bodyStart - page.start + page.uncompressedBytes, 0),
      );
      expect(chunk).toMatchObject({ column: 'c', physical: 'BYTE_ARRAY', values: values.length });
    }
  });

  it('holds nothing of what was encoded before it', () => {
    const values = Array.from({ length: 500 }, (_, i) => (i % 9 === 0 ? null : utf8(`text ${i % 5}`)));
    const first = encode(TEXT, values);
    encode(TEXT, new Array<Uint8Array>(9).fill(utf8('\u007f'.repeat(20_000))));
    expect(encode(TEXT, values)).toEqual(first);
  });

  it('owns its bytes: they can go to another thread without others', () => {
    const chunk = encode(BIGINT, random);
    for (const part of chunk.parts) expect(part.buffer.byteLength).toBe(part.length);
  });

  it.each([
    ['INT96', INT96, vectorOf(INT96, [1n]), /INT96 is not written/],
    ['values of another type', BIGINT, vectorOf(INT, [1]), /INT64 does not hold a vector of INT32/],
    [
      'bytes of another length',
      { physical: 'FIXED_LEN_BYTE_ARRAY', length: 4, logical: { kind: 'bytes' } },
      vectorOf(TEXT, [utf8('four'), utf8('seven')]),
      /a value of 5 bytes where each has 4/,
    ],
  ] satisfies [string, ColumnType, Vector, RegExp][])('is not made of %s', (_, type, vector, message) => {
    expect(() => encodeChunk({ name: 'c', type }, vector)).toThrow(message);
  });

  it('is not made with a codec or with indices that nothing here writes', () => {
    expect(() => encodeChunk({ name: 'c', type: INT }, vectorOf(INT, [1]), { codec: 'ZSTD' })).toThrow(
      /nothing here writes the codec ZSTD/,
    );
    expect(() => encodeIndexPage(Int32Array.of(0), 0, 1, 25, 'SNAPPY')).toThrow(/an index of 25 bits/);
  });
});

const TEXT_A = utf8('aaaaaaaa');

function encode(type: ColumnType, values: readonly PhysicalValue[]): EncodedChunk {
  return encodeChunk({ name: 'c', type }, vectorOf(type, values));
}

function pagesOf(chunk: EncodedChunk): ChunkPages {
  return readPages(Buffer.concat(chunk.parts), chunk.values);
}

function decoded(chunk: EncodedChunk, type: ColumnType): PhysicalValue[] {
  return valuesOf(decodeChunk(Buffer.concat(chunk.parts), chunk, { name: 'c', type, required: false }));
}

function pageLengths(rows: number): number[] {
  return Array.from({ length: Math.ceil(rows / 512) }, (_, page) => Math.min(512, rows - page * 512));
}

function expectStored(found: readonly PhysicalValue[], values: readonly PhysicalValue[], type: ColumnType) {
  expect(found.map((value) => storedText(value, type)).join('\n')).toBe(
    values.map((value) => storedText(value, type)).join('\n'),
  );
}

/** A file of one column, a row group for each chunk. */
function fileOf(type: ColumnType, chunks: readonly EncodedChunk[]): Uint8Array {
  const parts: Uint8Array[] = [MAGIC];
  let offset = MAGIC.length;
  const rowGroups = chunks.map((chunk) => {
    const { values: rows, byteLength, uncompressedBytes } = chunk;
    const struct = serializeThrift({
      field_1: [chunkStruct(chunk, offset)],
      field_2: BigInt(uncompressedBytes),
      field_3: BigInt(rows),
    });
    parts.push(...chunk.parts);
    offset += byteLength;
    return { rows, struct };
  });
  const elements = [schemaElement({ name: 'c', type })];
  return Buffer.concat([...parts, writeFooter({ elements, rowGroups, metadata: new Map() })]);
}

/** The ColumnChunk struct (parquet.thrift). */
function chunkStruct(chunk: EncodedChunk, offset: number): ThriftStruct {
  const { physical, encodings, column, codec, dictionaryPageOffset } = chunk;
  return {
    field_2: BigInt(offset),
    field_3: {
      field_1: ParquetTypes.indexOf(physical),
      field_2: encodings,
      field_3: [column],
      field_4: CompressionCodecs.indexOf(codec as CompressionCodec),
      field_5: BigInt(chunk.values),
      field_6: BigInt(chunk.uncompressedBytes),
      field_7: BigInt(chunk.byteLength),
      field_9: BigInt(offset + chunk.dataPageOffset),
      field_11: dictionaryPageOffset === undefined ? undefined : BigInt(offset + dictionaryPageOffset),
      field_12: statisticsStruct(chunk.statistics),
    },
  };
}

/** The physical values of the only column, as hyparquet reads them without annotations. */
async function hyparquetValues(bytes: Uint8Array): Promise<PhysicalValue[]> {
  const file = Uint8Array.from(bytes).buffer;
  const metadata = parquetMetadata(file);
  for (const element of metadata.schema) {
    delete element.converted_type;
    delete element.logical_type;
  }
  const values: PhysicalValue[] = [];
  await parquetRead({
    file,
    metadata,
    compressors,
    utf8: false,
    rowFormat: 'array',
    onComplete: (rows) => values.push(...(rows as [PhysicalValue | undefined][]).map(([value]) => value ?? null)),
  });
  return values;
}

it('the values that are encoded stay what they were, Buffers too, whose slices are views', () => {
  const column: Column = { name: 'text', type: { physical: 'BYTE_ARRAY', logical: { kind: 'text', use: 'UTF8' } } };
  const bytes = Buffer.alloc(2 * 100, 'z~');
  const before = Buffer.from(bytes);
  const vector: Vector = { kind: 'BYTES', length: 2, bytes, offsets: Uint32Array.of(0, 100, 200), valid: undefined };
  const { statistics } = encodeChunk(column, vector);
  expect(bytes.equals(before)).toBe(true);
  // A footer is kept for long: its bounds must not keep the chunk.
  expect(statistics.min!.bytes.buffer.byteLength).toBeLessThanOrEqual(100);
});
