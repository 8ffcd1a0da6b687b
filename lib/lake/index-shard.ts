import { promisify } from 'node:util';
import { gunzip, gunzipSync, gzip, gzipSync } from 'node:zlib';
import * as v from 'valibot';
import type { FooterColumn } from '../parquet/footer.ts';
import type { Bound, ChunkStatistics } from '../parquet/statistics.ts';
import type { IndexEntry } from './index-entry.ts';
import { storedColumn } from './stored-column.ts';

/** One object of a table's index: entries of the lake files of some partitions. */
export interface IndexShard {
  /** Folded names of the key columns whose statistics the entries hold. */
  keyNames: readonly string[];
  /** By the file's key, relative to the table's folder. */
  files: ReadonlyMap<string, IndexedVersion>;
  /** As JSON, before it was compressed. */
  byteLength: number;
}

/** An entry, and the version of the file that it was made of. */
export interface IndexedVersion {
  eTag: string;
  /** Bytes. */
  size: number;
  entry: IndexEntry;
}

/**
 * The shard as it is stored: JSON, compressed with gzip, whose checksum also tells damage. An entry that could not be
 * read back, since another writer's note in the file is odd, is left out.
 * @returns undefined if it would be larger than what is read
 */
export async function encodeShard(
  keyNames: readonly string[],
  files: ReadonlyMap<string, IndexedVersion>,
): Promise<{ bytes: Uint8Array; shard: IndexShard } | undefined> {
  const schemas = new Schemas();
  const rows: v.InferInput<typeof storedFile>[] = [];
  const kept = new Map<string, IndexedVersion>();
  for (const [key, file] of files) {
    const stored = toStored(key, file, schemas);
    if (!v.is(storedFile, stored)) continue;
    rows.push(stored);
    kept.set(key, file);
  }
  const content: v.InferInput<typeof storedShard> = {
    format: FORMAT,
    version: VERSION,
    keyNames: [...keyNames],
    schemas: schemas.distinct,
    files: rows,
  };
  const json = Buffer.from(JSON.stringify(content));
  if (json.length > JSON_BYTES_MAX) return undefined;
  const bytes = json.length <= AT_ONCE_BYTES_MAX ? gzipSync(json, GZIP) : await promisify(gzip)(json, GZIP);
  return { bytes, shard: { keyNames, files: kept, byteLength: json.length } };
}

/** @returns undefined if the bytes are no shard of this version: then there is none. */
export async function decodeShard(bytes: Uint8Array): Promise<IndexShard | undefined> {
  let json: Buffer;
  let content: unknown;
  try {
    json = bytes.length <= AT_ONCE_BYTES_MAX ? gunzipSync(bytes, GUNZIP) : await promisify(gunzip)(bytes, GUNZIP);
    content = JSON.parse(json.toString());
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(storedShard, content, { abortEarly: true });
  if (!parsed.success) return undefined;
  const { keyNames, schemas, files } = parsed.output;
  const versions = new Map<string, IndexedVersion>();
  for (const { key, eTag, size, ...stored } of files) {
    const entry = fromStored(stored, schemas);
    if (!entry) return undefined;
    versions.set(key, { eTag, size, entry });
  }
  return { keyNames, files: versions, byteLength: json.length };
}

const FORMAT = 'tidemark-index';
/** To be raised whenever an entry means something else than before. */
const VERSION = 1;
/** Of a shard as JSON: some hundred times that of 500 files. */
const JSON_BYTES_MAX = 32 * 1024 * 1024;

/** Most of it is random (ids, eTags): higher levels take three times as long for a twentieth less. */
const GZIP = { level: 1 };
const GUNZIP = { maxOutputLength: JSON_BYTES_MAX };
/** Of what is compressed, or expanded: less takes no longer than handing it to another thread, and a while to expand at most. */
const AT_ONCE_BYTES_MAX = 16 * 1024;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const storedBound = v.object({ bytes: v.pipe(v.string(), v.base64()), exact: v.boolean() });

const storedFile = v.object({
  key: v.string(),
  eTag: v.string(),
  size: count,
  footerBytes: count,
  rows: count,
  /** Its place in `schemas`. */
  schema: count,
  statistics: v.array(
    v.object({
      /** Its place in the schema. */
      column: count,
      nulls: v.nullable(count),
      min: v.nullable(storedBound),
      max: v.nullable(storedBound),
    }),
  ),
  metadata: v.nullable(
    v.object({
      id: v.string(),
      generation: count,
      table: v.exactOptional(v.string()),
      holds: v.array(v.object({ file: v.string(), eTag: v.string(), from: count, to: count })),
      joined: v.exactOptional(v.array(v.string())),
      edited: v.exactOptional(v.literal(true)),
    }),
  ),
});

const storedShard = v.object({
  format: v.literal(FORMAT),
  version: v.literal(VERSION),
  keyNames: v.array(v.string()),
  schemas: v.array(v.array(storedColumn)),
  files: v.array(storedFile),
});

type StoredFile = v.InferOutput<typeof storedFile>;

/** Nearly all files of a table have the same columns: each list of columns is stored once. */
class Schemas {
  readonly distinct: FooterColumn[][] = [];
  private readonly places = new Map<string, number>();
  /** Entries that were read together share their columns. */
  private readonly known = new Map<readonly FooterColumn[], number>();

  /** @returns -1 for columns that could not be read back */
  placeOf(columns: readonly FooterColumn[]): number {
    const known = this.known.get(columns);
    if (known !== undefined) return known;
    const text = JSON.stringify(columns);
    const place = this.places.get(text) ?? this.add(columns);
    this.places.set(text, place);
    this.known.set(columns, place);
    return place;
  }

  private add(columns: readonly FooterColumn[]): number {
    const stored = v.safeParse(v.array(storedColumn), columns);
    return stored.success ? this.distinct.push(stored.output) - 1 : -1;
  }
}

function toStored(key: string, { eTag, size, entry }: IndexedVersion, schemas: Schemas): StoredFile {
  const { footerBytes, rows, columns, metadata } = entry;
  const statistics = [...entry.statistics].map(([name, { nulls, min, max }]) => ({
    column: columns.findIndex((column) => column.name === name),
    nulls: nulls ?? null,
    min: boundToStored(min),
    max: boundToStored(max),
  }));
  const schema = schemas.placeOf(columns);
  return { key, eTag, size, footerBytes, rows, schema, statistics, metadata: metadata ?? null };
}

function fromStored(
  stored: Omit<StoredFile, 'key' | 'eTag' | 'size'>,
  schemas: FooterColumn[][],
): IndexEntry | undefined {
  const { footerBytes, rows, metadata } = stored;
  const columns = schemas[stored.schema];
  if (!columns) return undefined;
  const statistics = new Map<string, ChunkStatistics>();
  for (const { column, nulls, min, max } of stored.statistics) {
    const name = columns[column]?.name;
    if (name === undefined) return undefined;
    statistics.set(name, { nulls: nulls ?? undefined, min: boundFromStored(min), max: boundFromStored(max) });
  }
  return { footerBytes, rows, columns, statistics, metadata: metadata ?? undefined };
}

function boundToStored(bound: Bound | undefined): v.InferInput<typeof storedBound> | null {
  if (!bound) return null;
  const { buffer, byteOffset, byteLength } = bound.bytes;
  return { bytes: Buffer.from(buffer, byteOffset, byteLength).toString('base64'), exact: bound.exact };
}

function boundFromStored(stored: v.InferOutput<typeof storedBound> | null): Bound | undefined {
  return stored ? { bytes: new Uint8Array(Buffer.from(stored.bytes, 'base64')), exact: stored.exact } : undefined;
}
