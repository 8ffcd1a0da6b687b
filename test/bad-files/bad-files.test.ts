import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { Column } from '../../lib/parquet/column-type.ts';
import { footerLength, parseFooter } from '../../lib/parquet/footer.ts';
import type { ThriftStruct } from '../../lib/parquet/thrift.ts';
import type { DmsColumn, DmsValue } from '../../lib/sample/dms-column.ts';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { fileOfFooter, int96Bytes, structs, withFooter } from '../parquet/foreign-bytes.ts';
import { lakeBytes } from '../parquet/lake-bytes.ts';
import { DOUBLE, INT, TEXT, utf8 } from '../parquet/sample-types.ts';
import type { LabTable } from '../table/table-lab.ts';
import { changeBytes, ID, ITEM, loadBytes, TableLab } from '../table/table-lab.ts';

/*
 * What a file can have wrong: its table is blocked by it, with the reason and what to do; the tables beside it are
 * merged; and a good file in its place goes on. What makes little files large is in `bombs.test.ts`.
 */

const GOOD = changeBytes([
  ['U', 1, 'fig'],
  ['I', 3, 'plum'],
]);
const GOOD_ROWS = ['1 fig', '2 pear', '3 plum'];
const FOOTER = GOOD.length - footerLength(GOOD.subarray(-8));

/** A footer alone, of these columns. */
const columns = (...elements: { name: string; [more: string]: unknown }[]) =>
  fileOfFooter({
    schema: [{ name: 'schema', num_children: elements.length, repetition_type: 'REQUIRED' }, ...elements],
  });
const INT32 = { type: 'INT32', repetition_type: 'OPTIONAL' };

const INT24 = { type: 'INTEGER', bitWidth: 24, isSigned: true };

const changed = (change: (footer: ThriftStruct) => void) => withFooter(GOOD, change);
const group = (footer: ThriftStruct) => (footer.field_4 as ThriftStruct[])[0]!;
const metadata = (footer: ThriftStruct) => structs(footer).chunks[0]![1]!.field_3 as ThriftStruct;

/** The file with other bytes in its last eight. */
function ending(length: number, magic = 'PAR1'): Uint8Array {
  const bytes = Buffer.from(GOOD);
  bytes.writeUInt32LE(length, bytes.length - 8);
  bytes.write(magic, bytes.length - 4);
  return bytes;
}

/** A footer of such thrift, and nothing else. */
function thrift(...bytes: readonly number[]): Uint8Array {
  const end = Buffer.alloc(8);
  end.writeUInt32LE(bytes.length);
  end.write('PAR1', 4);
  return Buffer.concat([Buffer.from('PAR1'), Uint8Array.from(bytes), end]);
}

const file = (header: readonly DmsColumn[], ...rows: readonly (readonly DmsValue[])[]) =>
  writeDmsFile({ columns: header, rows });
const INSERTS: Column[] = [
  { name: 'Op', type: TEXT },
  { name: 'id', type: INT },
];
const times = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);

type Case = [what: string, bytes: Uint8Array, reason: RegExp];

const NO_PARQUET: Case[] = [
  ['an empty file', new Uint8Array(), /it has 0 bytes, which is too short/],
  ['a file of one byte', Uint8Array.of(0x50), /it has 1 bytes, which is too short/],
  ['the magic number alone', Buffer.from('PAR1PAR1'), /it has 8 bytes, which is too short/],
  ['zeros', new Uint8Array(4096), /does not end as a Parquet file does/],
  ['text', Buffer.from('Op,id,item\nI,1,apple\n'), /does not end as a Parquet file does/],
  ['a Parquet file that was packed', gzipSync(GOOD), /does not end as a Parquet file does/],
  ['another magic number', ending(FOOTER, 'PAR2'), /does not end as a Parquet file does/],
  [
    'another magic number at its beginning',
    Buffer.concat([Buffer.from('PAR2'), GOOD.subarray(4)]),
    /does not begin as a Parquet file does/,
  ],
  ['an encrypted footer', ending(FOOTER, 'PARE'), /it is encrypted/],
];

/** At the end of each region, and in the middle of it. */
const TRUNCATED: Case[] = [
  ['after the magic number', 4],
  ['in the first page', 40],
  ['before the footer', FOOTER],
  ['in the footer', FOOTER + 60],
  ['before the length of the footer', GOOD.length - 8],
  ['in the length of the footer', GOOD.length - 6],
  ['by one byte', GOOD.length - 1],
].map(([where, length]): Case => [`a file cut ${where}`, GOOD.subarray(0, Number(length)), /cannot be read: it /]);

const FOOTERS: Case[] = [
  ['a footer of 4 GiB', ending(0xffffffff), /footer says it is 4294967303 bytes long/],
  ['a footer of 2 GiB', ending(0x7fffffff), /footer says it is 2147483655 bytes long/],
  ['a footer longer than the file', ending(GOOD.length), /footer says it is \d+ bytes long/],
  ['a footer of no bytes', ending(0), /cannot be read/],
  ['a footer that begins elsewhere', ending(20), /cannot be read/],
  ['structs within structs', thrift(...times(100_000, 0x1c)), /nested too deep/],
  ['lists within lists', thrift(0x19, ...times(100_000, 0x19)), /nested too deep/],
  ['a list of 2^31 elements', thrift(0x29, 0xf5, 0xff, 0xff, 0xff, 0xff, 0x07), /list of 2147483647 elements is cut/],
  ['a text of 2^31 bytes', thrift(0x68, 0xff, 0xff, 0xff, 0xff, 0x07), /2147483647 bytes is cut short/],
  ['an integer without end', thrift(0x15, ...times(20, 0xff)), /larger than any number|cut short/],
  ['no row groups', thrift(0x15, 4, 0), /names no row groups/],
  ['row groups before the schema', thrift(0x49, 0x0c, 0), /cannot be read/],
  ['encrypted columns', changed((footer) => (structs(footer).chunks[0]![1]!.field_9 = Buffer.from('x'))), /encrypted/],
  [
    'columns in another file',
    changed((footer) => {
      const chunks = group(footer).field_1 as ThriftStruct[];
      chunks[1] = { field_1: 'b', ...chunks[1] };
    }),
    /in another file/,
  ],
];

const SCHEMAS: Case[] = [
  ['no columns', fileOfFooter({ schema: [{ name: 'schema' }] }), /it has no columns/],
  [
    'columns within columns',
    fileOfFooter({
      schema: [
        { name: 'schema', num_children: 1 },
        { name: 'address', num_children: 1, repetition_type: 'OPTIONAL' },
        { name: 'city', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
      ],
    }),
    /nested/,
  ],
  ['a repeated column', columns({ ...INT32, name: 'id', repetition_type: 'REPEATED' }), /column id is repeated/],
  ['a column twice', columns({ ...INT32, name: 'id' }, { ...INT32, name: 'id' }), /two columns are named id/],
  ['a column without a name', columns({ ...INT32, name: '' }), /a column has no name/],
  [
    'texts of which one damaged byte makes dates',
    changed((footer) => (structs(footer).elements[2]!.field_6 = 6)),
    /column item is BYTE_ARRAY and says it is date/,
  ],
  [
    'a key of fractions that says it is a decimal',
    lakeBytes(
      [
        { name: 'Op', type: TEXT },
        { name: 'id', type: { ...DOUBLE, logical: { kind: 'decimal', precision: 10, scale: 2 } } },
      ],
      [[[utf8('I')], [1.5]]],
    ),
    /column id is DOUBLE and says it is decimal\(10,2\)/,
  ],
  [
    'a decimal of more digits than its type has',
    columns({ ...INT32, name: 'id', converted_type: 'DECIMAL', precision: 18, scale: 2 }),
    /column id is INT32 and says it is decimal\(18,2\)/,
  ],
  ['a type of 24 bits', columns({ ...INT32, name: 'id', logical_type: INT24 }), /24 bits/],
  [
    'more columns than a table has',
    columns(...Array.from({ length: 10_001 }, (_, i) => ({ ...INT32, name: `c${i}` }))),
    /10001 columns; at most 10000/,
  ],
];

const COUNTS: Case[] = [
  ['more rows than its row groups', changed((footer) => (footer.field_3 = 3n)), /says 3 rows, its row groups 2/],
  ['a row group of fewer rows', changed((footer) => (group(footer).field_3 = 1n)), /has 2 values in a row group of 1/],
  ['a row group of more rows', changed((footer) => (group(footer).field_3 = 2n ** 40n)), /at most 16777216 are read/],
  ['a column of fewer values', changed((footer) => (metadata(footer).field_5 = 1n)), /has 1 values .* of 2 rows/],
  ['a chunk outside the file', changed((footer) => (metadata(footer).field_9 = 2n ** 40n)), /lies outside the file/],
  ['a chunk in the footer', changed((footer) => (metadata(footer).field_7 = 1_000n)), /lies outside the file/],
  ["another column's chunk", changed((footer) => (metadata(footer).field_3 = ['item'])), /another's/],
  [
    'a column of another type than its chunk',
    changed((footer) => (metadata(footer).field_1 = 2)),
    /column id is INT32, a chunk of it says INT64/,
  ],
  ['a codec that is none', changed((footer) => (metadata(footer).field_4 = 99)), /codec 99 is not known/],
];

const ROWS: Case[] = [
  ['an operation that is none', file([OP_COLUMN, ID, ITEM], ['I', 1, 'a'], ['X', 2, 'b']), /other than I, U and D/],
  ['an operation in small letters', file([OP_COLUMN, ID, ITEM], ['u', 1, 'a']), /other than I, U and D/],
  ['an empty operation', file([OP_COLUMN, ID, ITEM], ['', 1, 'a']), /other than I, U and D/],
  ['rows without operation among others', file([OP_COLUMN, ID, ITEM], ['U', 1, 'a'], [null, 2, 'b']), /1 of its rows/],
  ['no key column', file([OP_COLUMN, ITEM], ['U', 'a']), /PrimaryKey names the column id/],
  ['a time in nanoseconds', int96Bytes(INSERTS, [[utf8('I')], [1]], [-1n]), /column at: a time has nanoseconds/],
];

const ALL = [...NO_PARQUET, ...TRUNCATED, ...FOOTERS, ...SCHEMAS, ...COUNTS];

async function tables(): Promise<{ lab: TableLab; table: LabTable; other: LabTable }> {
  const lab = new TableLab();
  const table = await lab.activeTable();
  const other = await lab.activeTable({}, 'shop/other');
  other.load('LOAD00000001', [[7, 'kiwi']]);
  return { lab, table, other };
}

async function expectBlocked(table: LabTable, name: string, reason: RegExp): Promise<void> {
  expect((await table.item()).Blocked).toMatchObject({
    file: name,
    reason: expect.stringMatching(reason),
    next: expect.stringMatching(/\w{3}/),
  });
}

describe('a change file is not merged, its table says why, other tables go on, and a good copy mends it:', () => {
  it.each([...ALL, ...ROWS])('%s', async (_, bytes, reason) => {
    const { lab, table, other } = await tables();
    table.load('LOAD00000001', [
      [1, 'apple'],
      [2, 'pear'],
    ]);
    table.put('20260301-100000000.parquet', bytes);
    other.change('20260301-100000000', [['U', 7, 'fig']]);
    await lab.settle();
    await expectBlocked(table, '20260301-100000000.parquet', reason);
    expect(await table.rows()).toEqual(['1 apple', '2 pear']);
    expect(await other.rows()).toEqual(['7 fig']);
    expect(lab.queue.size).toBe(0);
    table.put('20260301-100000000.parquet', GOOD);
    await lab.settle();
    expect(await table.rows()).toEqual(GOOD_ROWS);
    expect(await table.item()).not.toHaveProperty('Blocked');
  });
});

describe('a load file is not merged, its table says why, other tables go on, and a good copy mends it:', () => {
  const operations: Case[] = [
    ['a row that is no insert', file([OP_COLUMN, ID, ITEM], ['U', 1, 'a']), /operation other than I/],
    ['no key column', file([ITEM], ['a']), /PrimaryKey names the column id/],
    ['a time in nanoseconds', int96Bytes(INSERTS, [[utf8('I')], [1]], [-1n]), /column at: a time has nanoseconds/],
  ];
  it.each([...ALL, ...operations])('%s', async (_, bytes, reason) => {
    const { lab, table, other } = await tables();
    table.put('LOAD00000001.parquet', bytes);
    await lab.settle();
    await expectBlocked(table, 'LOAD00000001.parquet', reason);
    expect(table.lakeFiles()).toEqual([]);
    expect(await other.rows()).toEqual(['7 kiwi']);
    table.put('LOAD00000001.parquet', loadBytes([[1, 'apple']]));
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple']);
  });
});

describe('what is odd and yet a table is merged:', () => {
  it.each<[string, readonly DmsColumn[], readonly DmsValue[]]>([
    ['a column named __proto__', [ID, { name: '__proto__', type: { kind: 'string' } }], [1, 'x']],
    ['a column named constructor', [ID, { name: 'constructor', type: { kind: 'string' } }], [1, 'x']],
    ['a column with control characters in its name', [ID, { name: 'a\0b\u001b[2J', type: { kind: 'int32' } }], [1, 5]],
    ['a file without rows', [ID, ITEM], []],
  ])('%s', async (_, header, row) => {
    const { lab, table } = await tables();
    table.putFile('LOAD00000001.parquet', header, row.length > 0 ? [row] : []);
    await lab.settle();
    expect(await table.item()).not.toHaveProperty('Blocked');
    expect(await table.records()).toHaveLength(row.length > 0 ? 1 : 0);
    const names = table.lakeFiles().map((name) => {
      const bytes = lab.lake.bytes(`${table.name}/${name}`)!;
      return parseFooter(bytes, bytes.length).columns.map((column) => column.name);
    });
    expect(names).toEqual(row.length > 0 ? [['Op', ...header.map((column) => column.name)]] : []);
  });
});

describe('text of a fixed length, which the format does not have and some engines read,', () => {
  it('is merged as any text', async () => {
    const { lab, table } = await tables();
    const item: Column = {
      name: 'item',
      type: { physical: 'FIXED_LEN_BYTE_ARRAY', length: 4, logical: { kind: 'text', use: 'UTF8' } },
    };
    table.put(
      'LOAD00000001.parquet',
      lakeBytes(
        [{ name: 'id', type: INT }, item],
        [
          [
            [1, 2],
            [utf8('plum'), null],
          ],
        ],
      ),
    );
    table.change('20260301-100000000', [['I', 3, 'fig']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 plum', '2 null', '3 fig']);
    const types = table.lakeFiles().map((name) => {
      const bytes = lab.lake.bytes(`${table.name}/${name}`)!;
      return parseFooter(bytes, bytes.length).columns.at(-1)?.type;
    });
    expect(types).toEqual([TEXT]);
  });
});

describe('a reason', () => {
  it('is short and without control characters, whatever the names in the file', async () => {
    const { lab, table } = await tables();
    const long = Array.from({ length: 5_000 }, (_, i) => ({ ...INT32, name: `\u001b[2J ${i} ${'x'.repeat(100)}` }));
    table.put('LOAD00000001.parquet', columns(...long));
    await lab.settle();
    const { reason } = (await table.item()).Blocked as { reason: string };
    expect(reason).toContain('PrimaryKey names the column id');
    expect(reason.length).toBeLessThan(5_000);
    expect(reason).not.toContain('\u001b');
  });
});

describe('a file of another kind', () => {
  it.each([
    ['LOAD00000001.csv', 'DataFormat=parquet'],
    ['20260301-100000000.csv.gz', 'DataFormat=parquet'],
    ['20260301-100000000.json', 'DataFormat=parquet'],
    ['LOAD00000001.parquet.gz', 'CompressionType=GZIP'],
    ['part-00000.parquet', 'Move the file out'],
    ['20260301-1.parquet', 'Move the file out'],
  ])('blocks its table: %s', async (name, next) => {
    const { lab, table, other } = await tables();
    table.put(name, GOOD);
    await lab.settle();
    expect((await table.item()).Blocked).toMatchObject({ file: name, next: expect.stringContaining(next) });
    expect(await other.rows()).toEqual(['7 kiwi']);
    lab.raw.remove(table.rawKey(name));
    table.load('LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple']);
  });

  it.each(['_SUCCESS', '.LOAD00000001.parquet', '_LOAD.parquet', 'LOAD00000001.parquet.part', 'readme.md', 'x/.y/z'])(
    'is passed over: %s',
    async (name) => {
      const { lab, table } = await tables();
      table.load('LOAD00000001', [[1, 'apple']]);
      table.put(name, Buffer.from('anything'));
      await lab.settle();
      expect(await table.rows()).toEqual(['1 apple']);
      expect(await table.item()).not.toHaveProperty('Blocked');
    },
  );
});

describe('an object with an odd key does no harm to any table', () => {
  const long = (length: number, tail: string) => `${'k'.repeat(length - tail.length)}${tail}`;
  it.each([
    ['a schema that leads elsewhere', '../shop/LOAD00000001.parquet'],
    ['a table that leads elsewhere', 'shop/../LOAD00000001.parquet'],
    ['a table that leads nowhere', 'shop/./LOAD00000001.parquet'],
    ['a NUL', 'shop/or\0ders/LOAD00000001.parquet'],
    ['two slashes', 'shop//LOAD00000001.parquet'],
    ['a slash in front', '/shop/orders/LOAD00000001.parquet'],
    ["Tidemark's own folder", '_tidemark/tables/LOAD00000001.parquet'],
    ['no folder', 'LOAD00000001.parquet'],
    ['1,024 bytes without a folder', long(1024, '.parquet')],
  ])('%s: it is of no table', async (_, key) => {
    const { lab, other } = await tables();
    lab.raw.put(key, GOOD);
    const outcomes = await lab.settle();
    expect(outcomes.map(({ path }) => path)).toEqual([other.path]);
    expect(await other.rows()).toEqual(['7 kiwi']);
    expect(lab.lake.keys().every((name) => name.startsWith('shop/other/'))).toBe(true);
  });

  it.each([
    ['dots', '.a..b/..c.', 'LOAD00000001.parquet'],
    ['other scripts', 'Größe/日本語 🦆', 'LOAD00000001.parquet'],
    ['what is not composed', 'shop/e\u0301', 'LOAD00000001.parquet'],
    ['what looks encoded', 'shop/100%25%2F', 'LOAD00000001.parquet'],
    ['folders of its own', 'shop/orders', '../x/LOAD00000001.parquet'],
    ['two slashes', 'shop/orders', '/LOAD00000001.parquet'],
  ])('%s: it is merged into its own table', async (_, name, loadFile) => {
    const { lab, other } = await tables();
    const table = await lab.activeTable({}, name);
    table.put(loadFile, loadBytes([[1, 'apple']]));
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple']);
    expect(await other.rows()).toEqual(['7 kiwi']);
  });

  it('a name for which a lake has no room blocks its table', async () => {
    const { lab, other } = await tables();
    const table = await lab.activeTable({}, `shop/${'t'.repeat(990)}`);
    table.load('LOAD1', [[1, 'apple']]);
    await lab.settle();
    expect((await table.item()).Blocked).toMatchObject({ reason: expect.stringContaining('too long') });
    expect(await other.rows()).toEqual(['7 kiwi']);
  });
});
