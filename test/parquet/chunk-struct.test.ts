import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { chunkStruct, keptRowGroup, movedChunk, rowGroupStruct } from '../../lib/parquet/chunk-struct.ts';
import { decodeChunk } from '../../lib/parquet/decode-chunk.ts';
import { encodeChunk } from '../../lib/parquet/encode-chunk.ts';
import type { Chunk, Footer, RowGroup } from '../../lib/parquet/footer.ts';
import { MAGIC, parseFooter, writeFooter } from '../../lib/parquet/footer.ts';
import { schemaElement, storedElement } from '../../lib/parquet/schema-element.ts';
import type { ThriftStruct } from '../../lib/parquet/thrift.ts';
import { parseThrift, serializeThrift } from '../../lib/parquet/thrift.ts';
import { valuesOf, vectorOf } from '../../lib/parquet/vector.ts';
import { DuckDb } from './duckdb.ts';
import { INT, TEXT, utf8 } from './sample-types.ts';

const parse = (bytes: Uint8Array) => parseFooter(bytes, bytes.length);

/** The bytes with a footer of those row groups behind them. */
function closed(bytes: Uint8Array, columns: Footer['columns'], rowGroups: RowGroup[]): Uint8Array {
  return Buffer.concat([bytes, writeFooter({ elements: columns.map(storedElement), rowGroups, metadata: new Map() })]);
}

describe('the struct of a new chunk', () => {
  const id = { name: 'id', type: INT };
  const name = { name: 'name', type: TEXT };
  const chunks = [
    encodeChunk(id, vectorOf(INT, [3, null, 1])),
    encodeChunk(name, vectorOf(TEXT, ['b', 'b', 'a'.repeat(90)].map(utf8))),
  ];

  it('is read as what it was written from, wherever the chunk begins', () => {
    const padding = new Uint8Array(1000);
    let offset = MAGIC.length + padding.length;
    const described = chunks.map((encoded, i) => {
      const chunk = chunkStruct(encoded, offset, i === 1 ? { start: 10, length: 48 } : undefined);
      offset = chunk.end;
      return chunk;
    });
    const written = rowGroupStruct(described, 3);
    const bytes = Buffer.concat([
      MAGIC,
      padding,
      ...chunks.flatMap(({ parts }) => parts),
      writeFooter({ elements: [id, name].map(schemaElement), rowGroups: [written], metadata: new Map() }),
    ]);
    const { rowGroups, columns } = parse(bytes);
    expect(rowGroups).toEqual([written]);
    expect(described.map(({ bloomFilter }) => bloomFilter)).toEqual([undefined, { start: 10, length: 48 }]);
    const values = described.map((chunk, i) =>
      valuesOf(decodeChunk(bytes.subarray(chunk.start, chunk.end), chunk, columns[i]!)),
    );
    expect(values).toEqual([[3, null, 1], ['b', 'b', 'a'.repeat(90)].map((text) => Buffer.from(text))]);
  });

  it('names no bloom filter that is not in the file', () => {
    expect(chunkStruct({ ...chunks[0]!, bloomFilter: new Uint8Array(48) }, 4).bloomFilter).toBeUndefined();
  });
});

describe('chunks and row groups of other writers', () => {
  let duckdb: DuckDb;
  let source: Uint8Array;
  beforeAll(async () => {
    duckdb = await DuckDb.open();
    const path = duckdb.path();
    await duckdb.query(`COPY (SELECT range AS i, 'text ' || range % 100 AS t, (range / 100)::DECIMAL(30,4) AS d
      FROM range(5000)) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`);
    source = await readFile(path);
  });
  afterAll(() => duckdb.close());

  const rows = async (bytes: Uint8Array) => {
    const path = await duckdb.save(bytes);
    return {
      all: await duckdb.query(`SELECT COLUMNS(*)::VARCHAR FROM '${path}'`),
      one: await duckdb.query(`SELECT i::VARCHAR FROM '${path}' WHERE t = 'text 77' AND i > 4000 AND d < 42`),
      excluded: await duckdb.query(`SELECT bloom_filter_excludes FROM parquet_bloom_probe('${path}', 't', 'absent')`),
    };
  };
  const rebuilt = ({ chunks, rows: count }: RowGroup, change: (chunk: Chunk) => Chunk) =>
    rowGroupStruct(chunks.map(change), count);

  /** All chunks behind one another, in the opposite order of row groups, each with its bloom filter if `filters`. */
  function moved(filters: boolean): Uint8Array {
    const { columns, rowGroups } = parse(source);
    const parts: Uint8Array[] = [MAGIC];
    let offset = MAGIC.length;
    const copy = (start: number, length: number) => {
      parts.push(source.subarray(start, start + length));
      offset += length;
      return offset - length;
    };
    const groups = rowGroups.toReversed().map((group) =>
      rebuilt(group, (chunk) => {
        const at = copy(chunk.start, chunk.end - chunk.start);
        const filter = filters ? chunk.bloomFilter : undefined;
        return movedChunk(chunk, at, filter && copy(filter.start, filter.length!));
      }),
    );
    return closed(Buffer.concat(parts), columns, groups.reverse());
  }

  it('that moved with their bloom filters hold the same rows, and filters that DuckDB uses', async () => {
    const [before, after] = [await rows(source), await rows(moved(true))];
    expect(before.excluded).toEqual([['true'], ['true'], ['true']]);
    expect(before.one).toHaveLength(2);
    expect(after).toEqual(before);
  });

  it('that moved without them hold the same rows, and name no filter', async () => {
    const after = await rows(moved(false));
    expect(after).toEqual({ ...(await rows(source)), excluded: [['false'], ['false'], ['false']] });
    expect(
      parse(moved(false))
        .rowGroups.flatMap(({ chunks }) => chunks)
        .some((chunk) => chunk.bloomFilter),
    ).toBe(false);
  });

  it('that moved are read as what they are said to be', () => {
    const chunk = parse(source).rowGroups[0]!.chunks[1]!;
    const there = movedChunk(chunk, 5_000, 4_000);
    const meta = (struct: Uint8Array) => parseThrift(struct).field_3 as ThriftStruct;
    const [old, now] = [meta(chunk.struct), meta(there.struct)];
    expect(there).toMatchObject({ start: 5_000, end: 5_000 + chunk.end - chunk.start, bloomFilter: { start: 4_000 } });
    expect(now).toEqual({
      ...old,
      field_9: (old.field_9 as bigint) + 5_000n - BigInt(chunk.start),
      field_11: 5_000n,
      field_14: 4_000n,
    });
  });

  it('that moved leave page indexes behind, but keep fields that are not known', () => {
    const chunk = parse(source).rowGroups[0]!.chunks[0]!;
    const { field_2, field_3 } = parseThrift(chunk.struct);
    const unknown = { field_99: utf8('of a later version') };
    const index = { field_4: 4n, field_5: 40, field_6: 50n, field_7: 60 };
    const struct = serializeThrift({
      field_2,
      field_3: { ...(field_3 as ThriftStruct), ...unknown },
      ...index,
      ...unknown,
    });
    const thrift = parseThrift(movedChunk({ ...chunk, struct }, chunk.start).struct);
    expect(thrift).toEqual({
      field_2: BigInt(chunk.start),
      field_3: { ...(field_3 as ThriftStruct), ...unknown },
      ...unknown,
    });
  });

  it('that are kept lose what says where in the file they are, and nothing else', () => {
    const { rowGroups } = parse(source);
    for (const group of rowGroups) {
      const { field_4: sorting, field_5: offset, field_7: ordinal, ...before } = parseThrift(group.struct);
      expect([sorting, offset, ordinal].some((field) => field !== undefined)).toBe(true);
      const kept = keptRowGroup(group);
      const after = parseThrift(kept.struct);
      expect(after).toMatchObject({ field_1: before.field_1, field_3: before.field_3 });
      expect(Object.keys(after)).toEqual(['field_1', 'field_2', 'field_3', 'field_6']);
      expect(kept.chunks).toEqual(group.chunks);
      // From then on it is kept as the bytes it is.
      expect(keptRowGroup(kept)).toBe(kept);
      const again = parse(closed(source, parse(source).columns, rowGroups.map(keptRowGroup)));
      expect(again.rowGroups.every((read) => keptRowGroup(read) === read)).toBe(true);
    }
  });

  it('may be more than a short list can count', async () => {
    const names = Array.from({ length: 16 }, (_, i) => ({ name: `c${i}`, type: INT }));
    let offset = MAGIC.length;
    const encoded = names.map((column, i) => encodeChunk(column, vectorOf(INT, [i])));
    const chunks = encoded.map((chunk) => {
      const described = chunkStruct(chunk, offset);
      offset = described.end;
      return described;
    });
    const rowGroups = Array.from({ length: 130 }, () => rowGroupStruct(chunks, 1));
    const bytes = Buffer.concat([
      MAGIC,
      ...encoded.flatMap(({ parts }) => parts),
      writeFooter({ elements: names.map(schemaElement), rowGroups, metadata: new Map() }),
    ]);
    expect(parse(bytes).rowGroups).toEqual(rowGroups);
    const path = await duckdb.save(bytes);
    expect(await duckdb.query(`SELECT sum(c15)::VARCHAR, count(*)::VARCHAR FROM '${path}'`)).toEqual([['1950', '130']]);
  });
});
