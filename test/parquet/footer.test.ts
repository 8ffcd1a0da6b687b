import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SchemaElement } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { readFile } from 'node:fs/promises';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { sameType } from '../../lib/parquet/column-type.ts';
import { footerLength, parseFooter, writeFooter } from '../../lib/parquet/footer.ts';
import { MalformedParquet, readFooter } from '../../lib/parquet/parquet-file.ts';
import { schemaElement, storedElement } from '../../lib/parquet/schema-element.ts';
import type { ThriftStruct } from '../../lib/parquet/thrift.ts';
import { parseThrift } from '../../lib/parquet/thrift.ts';
import { DuckDb } from './duckdb.ts';
import { fileOfFooter, structs, withFooter } from './foreign-bytes.ts';
import { lakeBytes, readGroups } from './lake-bytes.ts';
import { DATE, decimal, DOUBLE, INT, integer, SAMPLE_TYPES, TEXT, utf8 } from './sample-types.ts';

const parse = (bytes: Uint8Array) => parseFooter(bytes, bytes.length);

describe('a footer', () => {
  let duckdb: DuckDb;
  beforeAll(async () => {
    duckdb = await DuckDb.open();
  });
  afterAll(() => duckdb.close());

  /** Types that Tidemark has no values for are among them. */
  const COPY = `COPY (SELECT range::INTEGER AS i, range::UBIGINT AS u, (range / 100)::DECIMAL(30,4) AS d, 'text ' || range AS t,
      uuid() AS id, range::DOUBLE AS f, INTERVAL (range) DAYS AS span, TIMESTAMP '2026-03-01' + INTERVAL (range) HOURS AS at,
      TIMESTAMP_NS '2026-03-01 00:00:00.123456789' AS ns, TIMESTAMPTZ '2026-03-01 00:00:00+00' AS z, range % 2 = 0 AS b
    FROM range(2500)) TO`;

  async function fromDuckDb(options = ''): Promise<Uint8Array> {
    const path = duckdb.path();
    await duckdb.query(`${COPY} '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048${options})`);
    return readFile(path);
  }

  /** The same pages under a footer that was read and written. */
  function rewritten(bytes: Uint8Array): Uint8Array {
    const { columns, rowGroups, metadata } = parse(bytes);
    return Buffer.concat([bytes, writeFooter({ elements: columns.map(storedElement), rowGroups, metadata })]);
  }

  const SOURCES: [string, () => Promise<Uint8Array> | Uint8Array][] = [
    ['by DuckDB', () => fromDuckDb()],
    [
      'by DuckDB, version 2, with bloom filters',
      () => fromDuckDb(`, PARQUET_VERSION v2, KV_METADATA {note: 'theirs'}`),
    ],
    [
      'by hyparquet-writer',
      () =>
        new Uint8Array(
          parquetWriteBuffer({
            columnData: [
              { name: 'id', data: [1, 2, 3], type: 'INT32', nullable: false },
              { name: 'text', data: ['a', null, 'é'.repeat(200)] },
              { name: 'at', data: [new Date(0), null, new Date(5)], type: 'TIMESTAMP' },
            ],
            kvMetadata: [{ key: 'note', value: 'theirs' }, { key: 'empty' }],
            rowGroupSize: 2,
          }),
        ),
    ],
    [
      'by DMS',
      () =>
        writeDmsFile({
          columns: [
            { name: 'transact_ts', type: { kind: 'string' }, required: true },
            { name: 'id', type: { kind: 'int32' } },
          ],
          rows: Array.from({ length: 25 }, (_, id) => ['2026-03-01 10:00:00.000000', id % 5 === 0 ? null : id]),
          rowsPerRowGroup: 10,
        }),
    ],
    [
      'by Tidemark',
      () =>
        lakeBytes(
          SAMPLE_TYPES.map(({ type }, i) => ({ name: `c${i}`, type })),
          [0, 1].map((from) => SAMPLE_TYPES.map(({ edges }) => [edges[from]!, null])),
          new Map([['note', 'ours']]),
        ),
    ],
  ];

  it.each(SOURCES)(
    'written as it was read says the same of every row group, whoever wrote it: %s',
    async (_, source) => {
      const bytes = await source();
      const before = parse(bytes);
      const after = parse(rewritten(bytes));
      expect(before.rowGroups.length).toBeGreaterThan(1);
      // Bounds as the bytes they were, offsets, page indexes, encodings, fields that nobody here knows.
      expect(after.rowGroups).toEqual(before.rowGroups);
      expect(after.metadata).toEqual(before.metadata);
      expect(after.columns.map(({ name, required }) => ({ name, required }))).toEqual(
        before.columns.map(({ name, required }) => ({ name, required })),
      );
      expect(after.columns.every(({ type }, i) => sameType(type, before.columns[i]!.type))).toBe(true);
    },
  );

  it.each(SOURCES)('written as it was read still leads DuckDB to every value: %s', async (_, source) => {
    const bytes = await source();
    const [before, after] = [await duckdb.save(bytes), await duckdb.save(rewritten(bytes))];
    const rows = async (path: string) =>
      JSON.stringify(await duckdb.query(`SELECT COLUMNS(*)::VARCHAR FROM '${path}'`));
    expect(await rows(after)).toBe(await rows(before));
    const bounds = (path: string) =>
      duckdb.query(
        `SELECT row_group_id, path_in_schema, stats_min_value, stats_max_value, stats_null_count FROM parquet_metadata('${path}')`,
      );
    expect(await bounds(after)).toEqual(await bounds(before));
  });

  it('keeps names, key-value metadata and types of any columns', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 });
    const columns = fc.uniqueArray(
      fc.record({
        name: fc.oneof(name, fc.constantFrom('__proto__', 'constructor', 'a.b', ' ')),
        type: fc.constantFrom(...SAMPLE_TYPES.map(({ type }) => type)),
      }),
      { selector: ({ name: unique }) => unique, minLength: 1, maxLength: 40 },
    );
    const metadata = fc.uniqueArray(fc.tuple(name, fc.string({ unit: 'grapheme' })), {
      selector: ([key]) => key,
      minLength: 1,
    });
    fc.assert(
      fc.property(columns, metadata, (written, notes) => {
        const bytes = lakeBytes(written, [], new Map(notes));
        const footer = parse(bytes);
        expect(footer.columns.map((column) => column.name)).toEqual(written.map((column) => column.name));
        expect(footer.columns.every(({ type, required }, i) => !required && sameType(type, written[i]!.type))).toBe(
          true,
        );
        expect(footer.metadata).toEqual(new Map(notes));
        expect(footer.byteLength).toBe(bytes.length - 4);
      }),
    );
  });

  it('names the order of the bounds of each column, or engines would not use them', () => {
    const bytes = lakeBytes(
      [
        { name: 'a', type: INT },
        { name: 'b', type: TEXT },
      ],
      [],
    );
    const thrift = parseThrift(bytes.subarray(bytes.length - footerLength(bytes.subarray(-8)), -8));
    expect(thrift.field_7).toEqual([{ field_1: {} }, { field_1: {} }]);
  });

  it('without row groups has a list of structs all the same: strict readers refuse one of no type', () => {
    const bytes = lakeBytes([{ name: 'a', type: INT }], []);
    const structList = Buffer.of(0x19, 0x0c);
    expect(Buffer.from(bytes).includes(structList)).toBe(true);
  });

  it('that is longer than any that is read is not written', () => {
    const struct = new Uint8Array(1024 * 1024);
    const write = (groups: number) =>
      writeFooter({
        elements: [schemaElement({ name: 'a', type: INT })],
        rowGroups: new Array<{ rows: number; struct: Uint8Array }>(groups).fill({ rows: 1, struct }),
        metadata: new Map(),
      });
    expect(write(63).length).toBeGreaterThan(63 * struct.length);
    expect(() => write(64)).toThrow(/its footer would be 67108\d+ bytes long; at most 67108864 are read/);
  });

  it('keeps a column REQUIRED only where its pages are kept', () => {
    const bytes = writeDmsFile({ columns: [{ name: 'ts', type: { kind: 'string' }, required: true }], rows: [['x']] });
    const [column] = parse(bytes).columns;
    expect(schemaElement(column!).repetition_type).toBe('OPTIONAL');
    expect(storedElement(column!).repetition_type).toBe('REQUIRED');
  });

  it('of a column named __proto__ loses nothing', () => {
    const columns = ['__proto__', 'constructor', 'toString'].map((name) => ({ name, type: INT }));
    const { footer, groups } = readGroups(lakeBytes(columns, [[[1], [2], [3]]]));
    expect(footer.columns.map(({ name }) => name)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(groups[0]!.map((values) => Array.from(values))).toEqual([[1], [2], [3]]);
  });
});

describe('what a footer says of a chunk', () => {
  const types = { int: INT, unsigned: integer(32, false), text: TEXT, number: DOUBLE, day: DATE, wide: decimal(20, 3) };
  const columns = Object.entries(types).map(([name, type]) => ({ name, type }));
  const bytes = lakeBytes(columns, [
    [
      [7, null],
      [7, 8],
      [utf8('a'), utf8('b')],
      [1, 2],
      [1, 2],
      [null, null],
    ],
  ]);
  /** The chunk of a column, its Statistics struct and metadata as `change` leaves them. */
  const chunkOf = (name: keyof typeof types, change: (statistics: ThriftStruct, meta: ThriftStruct) => void) => {
    const i = columns.findIndex((column) => column.name === name);
    const changed = withFooter(bytes, (footer) => {
      const meta = structs(footer).chunks[0]![i]!.field_3 as ThriftStruct;
      change(meta.field_12 as ThriftStruct, meta);
      meta.field_12 = inOrder(meta.field_12 as ThriftStruct);
      structs(footer).chunks[0]![i]!.field_3 = inOrder(meta);
    });
    return parse(changed).rowGroups[0]!.chunks[i]!;
  };
  /** Fields are written in the order of their numbers. */
  const inOrder = (struct: ThriftStruct): ThriftStruct =>
    Object.fromEntries(Object.entries(struct).sort(([a], [b]) => Number(a.slice(6)) - Number(b.slice(6))));
  const low = Uint8Array.of(1, 0, 0, 0);
  const high = Uint8Array.of(9, 0, 0, 0);
  const deprecated = (statistics: ThriftStruct) => {
    const none = { field_5: undefined, field_6: undefined, field_7: undefined, field_8: undefined };
    Object.assign(statistics, none, { field_1: high, field_2: low });
  };

  it('are bounds as the bytes they are, whether they are exact, and how many nulls there are', () => {
    const { statistics } = chunkOf('int', () => undefined);
    const seven = { bytes: Uint8Array.of(7, 0, 0, 0), exact: true };
    expect(statistics).toEqual({ nulls: 1, min: seven, max: seven });
    expect(chunkOf('wide', () => undefined).statistics).toEqual({ nulls: 2, min: undefined, max: undefined });
  });

  it('is taken for inexact where the writer does not say', () => {
    const { statistics } = chunkOf('int', (stored) => {
      delete stored.field_7;
      stored.field_8 = false;
    });
    expect([statistics.min?.exact, statistics.max?.exact]).toEqual([false, false]);
  });

  it.each(['int', 'day', 'number'] as const)('may be a deprecated bound of a signed number: %s', (name) => {
    const { statistics } = chunkOf(name, deprecated);
    expect(statistics.min).toEqual({ bytes: low, exact: false });
    expect(statistics.max).toEqual({ bytes: high, exact: false });
  });

  it.each(['unsigned', 'text', 'wide'] as const)(
    'is not a deprecated bound where its order is uncertain: %s',
    (name) => {
      const { statistics } = chunkOf(name, deprecated);
      expect([statistics.min, statistics.max]).toEqual([undefined, undefined]);
    },
  );

  it('prefers the bounds in the order of the type to the deprecated ones', () => {
    const { statistics } = chunkOf('int', (stored) => Object.assign(stored, { field_1: high, field_2: low }));
    expect(statistics.max).toEqual({ bytes: Uint8Array.of(7, 0, 0, 0), exact: true });
  });

  it.each([-1n, 3n])('is no count of nulls that cannot be: %s of 2 rows', (nulls) => {
    expect(chunkOf('int', (stored) => (stored.field_3 = nulls)).statistics.nulls).toBeUndefined();
  });

  it('is where its bloom filter is, but for one that cannot be there', () => {
    const at = (start: bigint, length?: number) =>
      chunkOf('int', (_, meta) => Object.assign(meta, { field_14: start, field_15: length })).bloomFilter;
    expect(at(10n, 20)).toEqual({ start: 10, length: 20 });
    expect(at(10n)).toEqual({ start: 10, length: undefined });
    expect(at(10n, 1_000_000)).toBeUndefined();
    expect(at(0n, 20)).toBeUndefined();
    expect(chunkOf('int', () => undefined).bloomFilter).toBeUndefined();
  });

  it('begins with its data page where the writer says that its dictionary is at 0', () => {
    const usual = chunkOf('int', () => undefined);
    const { start } = chunkOf('int', (_, meta) => (meta.field_11 = 0n));
    expect(start).toBe(usual.start);
  });
});

describe('a file is refused, and the reason said', () => {
  const leaf = (name: string, more: Partial<SchemaElement> = {}): SchemaElement => ({
    name,
    type: 'INT32',
    repetition_type: 'OPTIONAL',
    ...more,
  });
  const ofColumns = (...elements: SchemaElement[]) =>
    fileOfFooter({
      schema: [{ name: 'schema', num_children: elements.filter(({ name }) => name !== 'child').length }, ...elements],
    });
  const good = lakeBytes(
    [
      { name: 'id', type: INT },
      { name: 't', type: TEXT },
    ],
    [
      [
        [1, 2],
        [utf8('a'), null],
      ],
      [[3], [null]],
    ],
  );
  const ofChunk = (change: (chunk: ThriftStruct, meta: ThriftStruct) => void) =>
    withFooter(good, (footer) => {
      const chunk = structs(footer).chunks[0]![0]!;
      change(chunk, chunk.field_3 as ThriftStruct);
    });
  const ofGroup = (change: (group: ThriftStruct) => void) =>
    withFooter(good, (footer) => {
      change((footer.field_4 as ThriftStruct[])[0]!);
    });
  const inAnotherFile = ofGroup((group) => {
    const [first, ...others] = group.field_1 as ThriftStruct[];
    group.field_1 = [{ field_1: 'other.parquet', ...first }, ...others];
  });
  const withLength = (length: number) => {
    const bytes = Buffer.from(good);
    bytes.writeUInt32LE(length, bytes.length - 8);
    return bytes;
  };

  it.each<[string, Uint8Array, RegExp]>([
    ['a struct', ofColumns(leaf('a'), { name: 's', num_children: 1 }, leaf('child')), /nested/],
    ['a struct alone', ofColumns({ name: 's', num_children: 1 }, leaf('child')), /nested/],
    ['a list without annotation', ofColumns(leaf('a', { repetition_type: 'REPEATED' })), /column a is repeated/],
    ['an empty group', ofColumns(leaf('b'), { name: 'a', repetition_type: 'OPTIONAL' }), /column a is nested/],
    ['two columns of one name', ofColumns(leaf('a'), leaf('b'), leaf('a')), /two columns are named a/],
    ['two columns named __proto__', ofColumns(leaf('__proto__'), leaf('__proto__')), /two columns are named __proto__/],
    ['a column without a name', ofColumns(leaf('a'), leaf('')), /a column has no name/],
    ['no columns', ofColumns(), /no columns/],
    [
      'too many columns',
      ofColumns(...Array.from({ length: 10_001 }, (_, i) => leaf(`c${i}`))),
      /10001 columns; at most 10000/,
    ],
    ['fixed length of nothing', ofColumns(leaf('a', { type: 'FIXED_LEN_BYTE_ARRAY' })), /length 0/],
    ['no Parquet at all', Buffer.from('id,name\n1,2\n'.repeat(9)), /PAR1/],
    ['an encrypted footer', Buffer.concat([good.subarray(0, -4), Buffer.from('PARE')]), /it is encrypted/],
    ['cut off', good.subarray(0, -9), /PAR1/],
    ['cut in front', good.subarray(40), /outside the file/],
    ['too short', Buffer.from('PAR1PAR1'), /8 bytes, which is too short/],
    ['empty', new Uint8Array(), /0 bytes, which is too short/],
    ['a footer longer than the file', withLength(good.length), /says it is \d+ bytes long/],
    ['a footer of 4 GB', withLength(0xffffffff), /says it is \d+ bytes long/],
    ['a footer of no bytes', withLength(0), /./],
    ['a footer cut short', withLength(footerLength(good.subarray(-8)) - 8 - 20), /./],
    [
      'a chunk that ends behind the file',
      ofChunk((_, meta) => (meta.field_7 = 1_000_000n)),
      /a chunk of column id lies outside the file/,
    ],
    ['a chunk that begins behind the file', ofChunk((_, meta) => (meta.field_9 = 1n << 40n)), /outside the file/],
    ['a chunk that begins before the file', ofChunk((_, meta) => (meta.field_9 = -8n)), /outside the file/],
    ['a chunk of negative size', ofChunk((_, meta) => (meta.field_7 = -1n)), /outside the file/],
    ['a chunk in another file', inAnotherFile, /in another file/],
    ['an encrypted chunk', ofChunk((chunk) => (chunk.field_3 = undefined)), /./],
    ['a chunk with a key', ofChunk((chunk) => (chunk.field_8 = { field_1: {} })), /encrypted/],
    ["another type's chunk", ofChunk((_, meta) => (meta.field_1 = 2)), /column id is INT32, a chunk of it says INT64/],
    ['a length that no file has', ofChunk((_, meta) => (meta.field_6 = 1n << 60n)), /larger than any number/],
    ['a negative length before compression', ofChunk((_, meta) => (meta.field_6 = -1n)), /-1 bytes before compression/],
    ["another column's chunk", ofChunk((_, meta) => (meta.field_3 = ['t'])), /says it is another's/],
    [
      'fewer values than rows',
      ofChunk((_, meta) => (meta.field_5 = 1n)),
      /column id has 1 values in a row group of 2 rows/,
    ],
    [
      'fewer chunks than columns',
      ofGroup((group) => (group.field_1 = (group.field_1 as ThriftStruct[]).slice(1))),
      /1 chunks for 2 columns/,
    ],
    [
      'more rows than its row groups',
      withFooter(good, (footer) => (footer.field_3 = 4n)),
      /says 4 rows, its row groups 3/,
    ],
    [
      'a negative number of rows',
      withFooter(good, (footer) => {
        footer.field_3 = -1n;
        const group = (footer.field_4 as ThriftStruct[])[0]!;
        group.field_3 = -2n;
        for (const chunk of group.field_1 as ThriftStruct[]) (chunk.field_3 as ThriftStruct).field_5 = -2n;
      }),
      /a row group has -2 rows/,
    ],
  ])('%s', async (_, bytes, reason) => {
    const reading = readFooter((start, end) => Promise.resolve(bytes.subarray(start, end)), bytes.length);
    await expect(reading).rejects.toThrow(MalformedParquet);
    await expect(reading).rejects.toThrow(reason);
  });
});

describe('reading a footer', () => {
  const columns = Array.from({ length: 300 }, (_, i) => ({ name: `column ${i} ${'x'.repeat(300)}`, type: INT }));
  const bytes = lakeBytes(columns, [columns.map(() => [1])]);
  const counted = () => {
    const ranges: [number, number][] = [];
    const read = (start: number, end: number) => {
      ranges.push([start, end]);
      return Promise.resolve(bytes.subarray(start, end));
    };
    return { ranges, read };
  };

  it('takes one request where its length is known', async () => {
    const { ranges, read } = counted();
    const { byteLength } = parse(bytes);
    await readFooter(read, bytes.length, byteLength);
    expect(ranges).toEqual([[bytes.length - byteLength, bytes.length]]);
  });

  it('takes a second one where it is longer than expected', async () => {
    const { ranges, read } = counted();
    const footer = await readFooter(read, bytes.length, 100);
    expect(footer.byteLength).toBeGreaterThan(64 * 1024);
    expect(ranges).toEqual([
      [bytes.length - 100, bytes.length],
      [bytes.length - footer.byteLength, bytes.length],
    ]);
  });

  it('never reads before the file begins', async () => {
    const small = lakeBytes([{ name: 'id', type: INT }], []);
    const starts: number[] = [];
    await readFooter((start, end) => {
      starts.push(start);
      return Promise.resolve(small.subarray(start, end));
    }, small.length);
    expect(starts).toEqual([0]);
  });
});
