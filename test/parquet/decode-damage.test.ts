import { describe, expect, it } from '@jest/globals';
import { isNativeError } from 'node:util/types';
import { ByteWriter } from 'hyparquet-writer';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import { decodeChunk } from '../../lib/parquet/decode-chunk.ts';
import { dataPageHeader, dictionaryPageHeader, ENCODING } from '../../lib/parquet/page.ts';
import type { FooterColumn } from '../../lib/parquet/footer.ts';
import { valuesOf } from '../../lib/parquet/vector.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { CODECS } from '../streams/codecs.ts';
import type { ColumnChunk } from './column-chunks.ts';
import { chunksOf, writtenChunk } from './column-chunks.ts';
import { BIGINT, BOOLEAN, DOUBLE, INT, TEXT, utf8 } from './sample-types.ts';

const column = (type: FooterColumn['type'], required = false): FooterColumn => ({ name: 'c', type, required });

/** A run of ten values that are there. */
const TEN = [20, 1];

/** A data page v2, uncompressed. */
function page(
  encoding: number,
  levels: readonly number[],
  values: readonly number[] | Uint8Array,
  others: { values?: number; nulls?: number; uncompressedBytes?: number; compressed?: boolean } = {},
): Uint8Array {
  const bytes = levels.length + values.length;
  const sizes = { uncompressedBytes: bytes, compressedBytes: bytes, definitionBytes: levels.length };
  const header = dataPageHeader({ values: 10, nulls: 0, encoding, ...sizes, compressed: false, ...others });
  return Buffer.concat([header, Uint8Array.from(levels), Uint8Array.from(values)]);
}

function dictionary(count: number, values: Uint8Array): Uint8Array {
  const header = dictionaryPageHeader({
    values: count,
    uncompressedBytes: values.length,
    compressedBytes: values.length,
  });
  return Buffer.concat([header, values]);
}

/** A data page v1, uncompressed. */
function pageV1(body: readonly number[]): Uint8Array {
  const writer = new ByteWriter();
  writePageHeader(writer, {
    type: 'DATA_PAGE',
    uncompressed_page_size: body.length,
    compressed_page_size: body.length,
    data_page_header: {
      num_values: 10,
      encoding: 'PLAIN',
      definition_level_encoding: 'RLE',
      repetition_level_encoding: 'RLE',
    },
  });
  writer.appendBytes(Uint8Array.from(body));
  return Uint8Array.from(writer.getBytes());
}

const decode = (bytes: Uint8Array, type = INT, { codec = 'UNCOMPRESSED', values = 10 } = {}) =>
  decodeChunk(bytes, { codec, values }, column(type));

const { PLAIN, RLE, RLE_DICTIONARY } = ENCODING;
const DELTA_BINARY_PACKED = 5;
const DELTA_BYTE_ARRAY = 7;
const twoInts = dictionary(2, new Uint8Array(8));
const chunk = (...pages: Uint8Array[]) => Buffer.concat(pages);
const zeros = (length: number) => new Uint8Array(length);
/** A run of 2^27 − 1, as the format's integers are written. */
const endless = [0xfe, 0xff, 0xff, 0x7f];
/** A snappy stream that says how long it is, and holds zeros. */
const snappy = (length: number) => [length, (length - 1) << 2, ...zeros(length)];

type Case = [
  what: string,
  bytes: Uint8Array,
  message: RegExp,
  type?: FooterColumn['type'],
  footer?: { codec?: string; values?: number },
];

const cases = (rows: readonly Case[]) =>
  rows.map(([what, bytes, message, type = INT, footer = {}]) => ({ what, bytes, message, type, footer }));

describe('a page that cannot be what it says is refused:', () => {
  const indices = (...bytes: number[]) => chunk(twoInts, page(RLE_DICTIONARY, TEN, bytes));
  it.each(
    cases([
      ['fewer values than the footer says', page(PLAIN, TEN, zeros(40)), /10 of 11 values/, INT, { values: 11 }],
      ['more values than the footer says', page(PLAIN, TEN, zeros(40)), /10 values where .* 9/, INT, { values: 9 }],
      ['too few bytes', page(PLAIN, TEN, zeros(39)), /39 bytes for 10 values, which take 40/],
      ['too many bytes', page(PLAIN, TEN, zeros(41)), /41 bytes for 10 values, which take 40/],
      ['too many booleans', page(PLAIN, TEN, zeros(3)), /3 bytes for 10 values, which take 2/, BOOLEAN],
      ['a text longer than the page', page(PLAIN, TEN, [1, ...zeros(39)]), /1 bytes does not fit/, TEXT],
      ['a text of 4 GiB', page(PLAIN, TEN, [255, 255, 255, 255, ...zeros(40)]), /4294967295 bytes/, TEXT],
      ['texts without room for their lengths', page(PLAIN, TEN, zeros(39)), /39 bytes for 10 values/, TEXT],
      ['bytes after the last text', page(PLAIN, TEN, zeros(41)), /41 bytes for 10 values/, TEXT],
      ['an index out of range', indices(2, 20, 2), /value 2 of a dictionary of 2/],
      ['an index of 32 bits', indices(32, 20, 255, 255, 255, 255), /value 4294967295 of a dictionary of 2/],
      ['indices of 33 bits', indices(33, 20, 1), /33 bits/],
      ['no indices', indices(), /no bytes for 10 indices/],
      ['indices that end early', indices(2, 10, 1), /end after 5 of 10 values/],
      ['bits that end early', indices(8, 5, ...zeros(9)), /end after 0 of 10 values/],
      ['an index of more bits than it says', indices(1, 20, 2), /more than 1 bits/],
      ['a run of no values', indices(1, 0, 1, 20, 1), /a run in a page has no values/],
      ['a group of no values', indices(1, 1, 20, 1), /a run in a page has no values/],
      ['a run length without end', indices(1, 255, 255, 255, 255, 255, 255), /end after 0 of 10/],
      ['no dictionary', page(RLE_DICTIONARY, TEN, [1, 20, 1]), /value 1 of a dictionary of 0/],
      ['a dictionary cut short', chunk(dictionary(3, zeros(8)), page(PLAIN, TEN, zeros(40))), /8 bytes for 3 values/],
      ['a dictionary of 2^30 values', chunk(dictionary(2 ** 30, zeros(8)), page(PLAIN, TEN, zeros(40))), /8 bytes for/],
      ['a level of 2', page(PLAIN, [20, 2], zeros(40)), /repeats 2/],
      ['no levels', page(PLAIN, [], zeros(40)), /end after 0 of 10/],
      ['levels that do not agree with the header', page(PLAIN, TEN, zeros(36), { nulls: 1 }), /0 nulls .* says 1/],
      [
        'levels longer than the page, v1',
        pageV1([200, 0, 0, 0, ...TEN, ...zeros(40)]),
        /levels .* longer than the page/,
      ],
      ['no room for levels, v1', pageV1([1, 0]), /2 bytes has no definition levels/],
      ['booleans longer than the page', page(RLE, TEN, [9, 0, 0, 0, 20, 1]), /longer than the page/, BOOLEAN],
      [
        'a length that no snappy gives',
        page(PLAIN, TEN, snappy(40), { uncompressedBytes: 2_000, compressed: true }),
        /42 bytes are 1998/,
        INT,
        { codec: 'SNAPPY' },
      ],
      [
        'a length that is not the stream’s',
        page(PLAIN, TEN, snappy(40), { uncompressedBytes: 46, compressed: true }),
        /40 bytes where its header says 44/,
        INT,
        { codec: 'SNAPPY' },
      ],
      [
        'a length of 1 GiB',
        page(PLAIN, TEN, zeros(40), { uncompressedBytes: 2 ** 30, compressed: true }),
        /at most 536870912/,
        INT,
        { codec: 'ZSTD' },
      ],
      ['an encoding unknown', page(4, TEN, zeros(40)), /encoding 4 of INT32 in a page is not known/],
      ['an encoding of another type', page(DELTA_BINARY_PACKED, TEN, zeros(40)), /encoding 5 of DOUBLE/, DOUBLE],
      [
        'differences in −1 blocks',
        page(DELTA_BINARY_PACKED, TEN, [128, 1, 255, 255, 255, 255, 15, 10, ...zeros(99)]),
        /packs 128 differences as -1/,
      ],
      [
        'differences of more values',
        page(DELTA_BINARY_PACKED, TEN, [128, 1, 4, 11, ...zeros(99)]),
        /11 differences for 10/,
      ],
    ]),
  )('$what', ({ bytes, message, type, footer }) => {
    expect(() => decode(bytes, type, footer)).toThrow(message);
  });
});

describe('little that says it is much takes neither time nor memory:', () => {
  const values = [...new Array<number>(10).keys()].map(() => 0);

  it('runs longer than the page are cut', () => {
    const dictionaryPage = page(RLE_DICTIONARY, [...endless, 1], [1, ...endless, 1]);
    expect(valuesOf(decode(chunk(twoInts, dictionaryPage)))).toEqual(values);
    expect(valuesOf(decode(page(RLE, TEN, [5, 0, 0, 0, ...endless, 1]), BOOLEAN))).toEqual(values.map(() => true));
  });

  it('a large text that many rows refer to stays in its dictionary', () => {
    const text = Buffer.alloc(1 << 20, 'x');
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    const large = dictionary(1, chunk(length, text));
    const referringTo = (rows: number) => page(RLE_DICTIONARY, [0xd0, 0x0f, 1], [0], { values: rows });
    const vector = decode(chunk(large, referringTo(100), referringTo(100)), TEXT, { values: 200 });
    expect(vector.kind).toBe('DICTIONARY');
    const rows = 1_000;
    const referring = referringTo(rows);
    expect(() => decode(chunk(large, referring), TEXT, { values: rows })).toThrow(/its values take 10485800\d\d bytes/);
    const itself = page(PLAIN, TEN, zeros(40));
    expect(() => decode(chunk(large, referring, itself), TEXT, { values: rows + 10 })).toThrow(
      /its values take 10485800\d\d bytes; at most 269469696 are decoded/,
    );
  });

  it('texts that repeat the ones before them are counted on all pages together, before more is made of them', () => {
    const texts = new Array<Uint8Array>(1_024).fill(Buffer.alloc(32 * 1024, 'x'));
    const repeating = writtenChunk(TEXT, texts, { encoding: 'DELTA_BYTE_ARRAY' }).bytes;
    const pages = (count: number) => new Array<Uint8Array>(count).fill(repeating);
    expect(decode(chunk(...pages(4)), TEXT, { values: 4 * 1_024 })).toHaveProperty('length', 4 * 1_024);
    const unknown = page(4, TEN, zeros(40));
    expect(() => decode(chunk(...pages(5), unknown), TEXT, { values: 5 * 1_024 + 10 })).toThrow(
      /its values repeat more than 135528448 bytes of each other/,
    );
    const addresses = Array.from({ length: 140_000 }, (_, i) => Buffer.from(`https://${'a'.repeat(250)}/${i}`));
    const alike = writtenChunk(TEXT, addresses, { encoding: 'DELTA_BYTE_ARRAY' }).bytes;
    const manyPages = new Array<Uint8Array>(5).fill(alike);
    expect(decode(chunk(...manyPages), TEXT, { values: 700_000 })).toHaveProperty('length', 700_000);
  });

  it('a text that begins with more than the one before it has is refused', () => {
    // Ten prefixes of −1 (as the first value and no differences), ten suffixes of 0.
    const lengths = (first: number) => [128, 1, 4, 10, first, 0, 0, 0, 0, 0];
    const bytes = page(DELTA_BYTE_ARRAY, TEN, [...lengths(126), ...lengths(0)]);
    expect(() => decode(bytes, TEXT)).toThrow(/shorter than what it begins with/);
  });
});

describe('a damaged chunk', () => {
  const random = new SeededRandom(20_260_301);
  const rows = Array.from({ length: 200 }, (_, i) => i);
  const someNull = <T>(value: (i: number) => T) => rows.map((i) => (i % 7 === 0 ? null : value(i)));
  const dms = CODECS.flatMap((codec) =>
    (['PLAIN', 'RLE_DICTIONARY'] as const).flatMap((encoding) => {
      const columns = [
        { name: 'text', type: { kind: 'string' as const } },
        { name: 'id', type: { kind: 'int32' as const } },
        { name: 'flag', type: { kind: 'boolean' as const } },
      ];
      const values = rows.map((i) => [i % 5 === 0 ? null : `text ${i % 20}`, i % 30, i % 2 === 0]);
      return chunksOf(writeDmsFile({ columns, rows: values, ...codec, encoding, rowsPerPage: 80 })).flat();
    }),
  );
  const written = (['UNCOMPRESSED', 'SNAPPY'] as const).flatMap((codec) => [
    writtenChunk(BIGINT, someNull(BigInt), { encoding: 'PLAIN', codec, pageBytes: 500 }),
    writtenChunk(BIGINT, rows.map(BigInt), { encoding: 'DELTA_BINARY_PACKED', codec, required: true }),
    writtenChunk(INT, someNull(Number), { encoding: 'DELTA_BINARY_PACKED', codec }),
    writtenChunk(
      TEXT,
      someNull((i) => utf8(`text ${i}`)),
      { encoding: 'DELTA_BYTE_ARRAY', codec },
    ),
    writtenChunk(
      TEXT,
      someNull((i) => utf8(`text ${i}`)),
      { encoding: 'DELTA_LENGTH_BYTE_ARRAY', codec },
    ),
    writtenChunk(
      TEXT,
      someNull((i) => utf8(`text ${i % 9}`)),
      { encoding: 'RLE_DICTIONARY', codec, pageBytes: 100 },
    ),
    writtenChunk(DOUBLE, someNull(Math.sqrt), { encoding: 'BYTE_STREAM_SPLIT', codec }),
    writtenChunk(
      BOOLEAN,
      someNull((i) => i % 3 === 0),
      { encoding: 'RLE', codec },
    ),
  ]);
  const chunks: ColumnChunk[] = [...dms, ...written];

  /** One to three bytes replaced, flipped by a bit or set to an end of their range; sometimes cut or moved. */
  function damaged(bytes: Uint8Array): Uint8Array {
    const copy = Uint8Array.from(bytes);
    // Headers are small and matter more than values.
    const reach = random.chance(0.5) ? Math.min(60, copy.length) : copy.length;
    for (let i = random.integer(1, 3); i > 0; i--) {
      const at = random.integer(0, reach - 1);
      copy[at] = random.pick([copy[at]! ^ (1 << random.integer(0, 7)), random.integer(0, 255), 0, 0x7f, 0x80, 0xff]);
    }
    if (random.chance(0.05)) return copy.slice(0, random.integer(0, copy.length));
    if (random.chance(0.05)) copy.copyWithin(random.integer(0, reach - 1), random.integer(0, reach - 1));
    return copy;
  }

  it('is refused, or gives as many values as it should, at once', () => {
    let refused = 0;
    let slowestMs = 0;
    const mutants = 6_000;
    for (let i = 0; i < mutants; i++) {
      const { bytes, chunk, column } = random.pick(chunks);
      const mutant = damaged(bytes);
      const start = performance.now();
      try {
        expect(valuesOf(decodeChunk(mutant, chunk, column))).toHaveLength(chunk.values);
      } catch (error) {
        // Errors of the platform are no instances of this realm's Error.
        if (!isNativeError(error) || 'matcherResult' in error) throw error;
        refused++;
      }
      slowestMs = Math.max(slowestMs, performance.now() - start);
    }
    expect(refused).toBeGreaterThan(mutants / 4);
    expect(refused).toBeLessThan(mutants);
    // A few milliseconds on a machine that does nothing else.
    expect(slowestMs).toBeLessThan(5_000);
  });
});
