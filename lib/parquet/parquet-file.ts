import type { DecodedArray, SchemaElement } from 'hyparquet';
import { readColumn } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { compressors } from 'hyparquet-compressors';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { messageOf } from '../errors.ts';
import type { PhysicalValue, Values } from './column-type.ts';
import type { Chunk, Footer, FooterColumn } from './footer.ts';
import { footerLength, parseFooter } from './footer.ts';

/** The file is not what a flat Parquet file must be; the message says in what, as the end of a sentence. */
export class MalformedParquet extends Error {
  override readonly name = 'MalformedParquet';
}

/** Bytes [start, end) of one version of a file. */
export type ReadRange = (start: number, end: number) => Promise<Uint8Array>;

/**
 * Reads the footer of a Parquet file: one request, or a second one if the footer is longer than expected.
 * @param footerHint expected length of the footer, in bytes
 * @throws MalformedParquet
 */
export async function readFooter(read: ReadRange, size: number, footerHint = FOOTER_GUESS): Promise<Footer> {
  if (size < 12) throw new MalformedParquet(`it has ${size} bytes, which is too short for a Parquet file`);
  const guess = Math.min(size, Math.max(footerHint, 8));
  const end = await read(size - guess, size);
  const length = asMalformed(() => footerLength(end.subarray(-8)));
  if (length > Math.min(size - 4, FOOTER_BYTES_MAX)) {
    throw new MalformedParquet(`its footer says it is ${length} bytes long, the file has ${size} bytes`);
  }
  const footer = length <= guess ? end.subarray(guess - length) : await read(size - length, size);
  return asMalformed(() => parseFooter(footer, size));
}

/**
 * Decodes one column chunk to its physical values, one per row, null where there is none.
 * @param bytes of the chunk
 * @throws MalformedParquet
 */
export function decodeChunk(bytes: Uint8Array, chunk: Chunk, column: FooterColumn): Values {
  return asMalformed(() => decode(bytes, chunk, column));
}

/** Whatever a decoder throws means that the bytes are wrong. */
function asMalformed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new MalformedParquet(messageOf(error), { cause: error });
  }
}

function decode(bytes: Uint8Array, chunk: Chunk, column: FooterColumn): Values {
  const { type } = column;
  if (chunk.values === 0) return [];
  const element: SchemaElement = {
    name: column.name,
    type: type.physical,
    repetition_type: column.required ? 'REQUIRED' : 'OPTIONAL',
    ...(type.physical === 'FIXED_LEN_BYTE_ARRAY' && { type_length: type.length }),
  };
  const { data } = readColumn(
    { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 },
    { groupStart: 0, groupRows: chunk.values, selectStart: 0, selectEnd: chunk.values },
    {
      pathInSchema: [column.name],
      type: type.physical,
      element,
      schemaPath: [
        { children: [], count: 1, element: ROOT, path: [] },
        { children: [], count: 1, element, path: [column.name] },
      ],
      codec: chunk.codec as 'SNAPPY',
      compressors: COMPRESSORS,
      utf8: false,
      parsers: PHYSICAL_PARSERS,
    },
  );
  const values = concatenate(data);
  if (values.length !== chunk.values) {
    throw new Error(`column ${column.name} holds ${values.length} values where the footer says ${chunk.values}`);
  }
  return values;
}

const FOOTER_GUESS = 64 * 1024;
const FOOTER_BYTES_MAX = 64 * 1024 * 1024;
const ROOT: SchemaElement = { name: 'schema', num_children: 1, repetition_type: 'REQUIRED' };

type Decompress = (input: Uint8Array, outputLength: number) => Uint8Array;

/** The platform's own decoders where it has them on every supported version. */
const DECOMPRESS: Record<string, Decompress> = {
  ...compressors,
  GZIP: (input, length) => gunzipSync(input, { maxOutputLength: length }),
  BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: length }),
};

/** A page of nulls has no bytes; not every decoder takes what the encoders make of that. */
const COMPRESSORS = Object.fromEntries(
  Object.entries(DECOMPRESS).map(([codec, decompress]): [string, Decompress] => [
    codec,
    (input, length) => (length === 0 ? new Uint8Array() : decompress(input, length)),
  ]),
);

/** INT96 is the one type that hyparquet turns into a date by itself: keep its nanoseconds. */
const PHYSICAL_PARSERS = {
  ...DEFAULT_PARSERS,
  timestampFromNanoseconds: (nanoseconds: bigint) => nanoseconds,
};

function concatenate(pages: DecodedArray[]): Values {
  const [first] = pages;
  if (!first) return [];
  if (pages.length === 1) return withNulls(first);
  const all: PhysicalValue[] = [];
  for (const page of pages) for (let i = 0; i < page.length; i++) all.push((page[i] ?? null) as PhysicalValue);
  return all;
}

function withNulls(values: DecodedArray): Values {
  return Array.isArray(values) ? values.map((value: PhysicalValue | undefined) => value ?? null) : values;
}
