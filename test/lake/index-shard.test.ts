import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { IndexedVersion } from '../../lib/lake/index-shard.ts';
import { decodeShard, encodeShard } from '../../lib/lake/index-shard.ts';
import type { ChunkStatistics } from '../../lib/parquet/statistics.ts';
import { BIGINT, INT96, SAMPLE_TYPES, TEXT } from '../parquet/sample-types.ts';

const anyCount = fc.maxSafeNat();
const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', '\ud800', ''));

const anyColumns = fc.uniqueArray(
  fc.record({
    name: anyText.filter((name) => name !== ''),
    type: fc.constantFrom(INT96, ...SAMPLE_TYPES.map(({ type }) => type)),
    required: fc.boolean(),
  }),
  { selector: ({ name }) => name, minLength: 1, maxLength: 6 },
);

const anyBound = fc.option(fc.record({ bytes: fc.uint8Array({ maxLength: 70 }), exact: fc.boolean() }), {
  nil: undefined,
});

const anyStatistics: fc.Arbitrary<ChunkStatistics> = fc.record({
  nulls: fc.option(anyCount, { nil: undefined }),
  min: anyBound,
  max: anyBound,
});

const anyMetadata = fc.record(
  {
    id: anyText,
    generation: anyCount,
    holds: fc.array(fc.record({ file: anyText, eTag: anyText, from: anyCount, to: anyCount }), { maxLength: 4 }),
    table: anyText,
    joined: fc.array(anyText, { maxLength: 4 }),
    edited: fc.constant(true as const),
  },
  { requiredKeys: ['id', 'generation', 'holds'] },
);

const anyVersion: fc.Arbitrary<IndexedVersion> = anyColumns.chain((columns) =>
  fc.record({
    eTag: anyText,
    size: anyCount,
    entry: fc.record({
      footerBytes: anyCount,
      rows: anyCount,
      columns: fc.constant(columns),
      statistics: fc
        .tuple(fc.subarray(columns), fc.array(anyStatistics, { minLength: 6, maxLength: 6 }))
        .map(([chosen, statistics]) => new Map(chosen.map(({ name }, i) => [name, statistics[i]!]))),
      metadata: fc.option(anyMetadata, { nil: undefined }),
    }),
  }),
);

const anyFiles = fc.array(fc.tuple(anyText, anyVersion), { maxLength: 8 }).map((files) => new Map(files));

describe('an index shard', () => {
  it('is read back as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyText), anyFiles, async (keyNames, files) => {
        const encoded = await encodeShard(keyNames, files);
        expect(encoded!.shard).toMatchObject({ keyNames, files });
        expect(await decodeShard(encoded!.bytes)).toEqual(encoded!.shard);
      }),
      { numRuns: 200 },
    );
  });

  it('stores columns that many files share once, and shares them when they are read', async () => {
    const entry = { footerBytes: 9, rows: 1, statistics: new Map<string, ChunkStatistics>(), metadata: undefined };
    const columns = (last: string) =>
      ['id', 'name', last].map((name) => ({ name, type: name === 'id' ? BIGINT : TEXT, required: false }));
    const files = new Map(
      Array.from({ length: 100 }, (_, i) => [
        `${i}.parquet`,
        { eTag: 'e', size: 100, entry: { ...entry, columns: columns(i < 90 ? 'city' : 'town') } },
      ]),
    );
    const { bytes } = (await encodeShard(['id'], files))!;
    expect(gunzipSync(bytes).toString().split('"city"')).toHaveLength(2);
    expect(gunzipSync(bytes).toString().split('"town"')).toHaveLength(2);
    const read = await decodeShard(bytes);
    expect(new Set([...read!.files.values()].map((file) => file.entry.columns)).size).toBe(2);
    expect(read!.files).toEqual(files);
  });

  it('leaves out what it could not read back', async () => {
    const entry = { footerBytes: 9, rows: 1, statistics: new Map<string, ChunkStatistics>(), metadata: undefined };
    const columns = [{ name: 'id', type: BIGINT, required: false }];
    const odd = [{ name: 'id', type: { ...BIGINT, physical: 'INT128' } as unknown as typeof BIGINT, required: false }];
    const other = new Map([['gone', { nulls: 0, min: undefined, max: undefined }]]);
    const file = (changes: object) => ({ eTag: 'e', size: 100, entry: { ...entry, columns, ...changes } });
    const files = new Map([
      ['good', file({})],
      ['a type that is none', file({ columns: odd })],
      ['statistics of a column that is not', file({ statistics: other })],
      ['a number that is none', file({ rows: NaN })],
      ['a note that is none', file({ metadata: { id: 'x', generation: 1, holds: [null] } })],
      ['a table that is none', file({ metadata: { id: 'x', generation: 1, table: 7, holds: [] } })],
      ['keys of joined files that are none', file({ metadata: { id: 'x', generation: 1, holds: [], joined: [7] } })],
    ]);
    const encoded = (await encodeShard([], files))!;
    expect([...encoded.shard.files.keys()]).toEqual(['good']);
    expect(await decodeShard(encoded.bytes)).toEqual(encoded.shard);
  });

  it('is not written if it would be larger than what is read', async () => {
    const metadata = { id: 'x'.repeat(33 * 1024 * 1024), generation: 1, holds: [] };
    const entry = { footerBytes: 9, rows: 1, columns: [], statistics: new Map<string, ChunkStatistics>(), metadata };
    expect(await encodeShard([], new Map([['large', { eTag: 'e', size: 100, entry }]]))).toBeUndefined();
  });
});
