import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Values } from '../../lib/parquet/column-type.ts';
import { sameType } from '../../lib/parquet/column-type.ts';
import { DuckDb } from './duckdb.ts';
import { exactSql, exactText, storedText } from './exact-form.ts';
import { lakeBytes, readGroups } from './lake-bytes.ts';
import type { SampleType } from './sample-types.ts';
import { SAMPLE_TYPES, TEXT } from './sample-types.ts';

describe('values written and read again', () => {
  let duckdb: DuckDb;
  beforeAll(async () => {
    duckdb = await DuckDb.open();
  });
  afterAll(() => duckdb.close());

  /** Row groups with every edge, any values, repeated ones (a dictionary), nulls in some, all and no rows. */
  function rowGroups({ edges, any }: SampleType): Values[] {
    const some = fc.sample(any, { numRuns: 60, seed: 7 });
    return [
      [...edges],
      [null, ...edges, null, ...some],
      some.slice(0, 9),
      Array.from({ length: 300 }, (_, i) => (i % 5 === 0 ? null : edges[i % edges.length]!)),
      [null, null, null],
      [some[0]!],
    ];
  }

  it.each(SAMPLE_TYPES)('are the same to the bit, for Tidemark and for DuckDB: $label', async (sample) => {
    const { type } = sample;
    const groups = rowGroups(sample);
    const bytes = lakeBytes(
      [{ name: 'c', type }],
      groups.map((values) => [values]),
    );
    const { footer, groups: read } = readGroups(bytes);
    expect(sameType(footer.columns[0]!.type, type)).toBe(true);
    expect(read.map(([values]) => Array.from(values!, (value) => storedText(value, type)))).toEqual(
      groups.map((values) => Array.from(values, (value) => storedText(value, type))),
    );
    const path = await duckdb.save(bytes);
    expect(await duckdb.types(path)).toEqual([sample.duckdb]);
    expect((await duckdb.query(`SELECT ${exactSql(sample, 'c')} FROM '${path}'`)).flat()).toEqual(
      groups.flatMap((values) => Array.from(values, (value) => exactText(sample, value))),
    );
  });

  it.each(SAMPLE_TYPES)('are the same to the bit, whatever they are: $label', ({ type, any }) => {
    fc.assert(
      fc.property(fc.array(fc.option(any), { maxLength: 40 }), (values) => {
        const { groups } = readGroups(lakeBytes([{ name: 'c', type }], [[values]]));
        expect(Array.from(groups[0]![0]!, (value) => storedText(value, type))).toEqual(
          values.map((value) => storedText(value, type)),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('may fill many pages', async () => {
    const values = Array.from({ length: 300 }, (_, i) =>
      i % 7 === 0 ? null : new TextEncoder().encode(`${i} `.repeat(1200)),
    );
    const bytes = lakeBytes([{ name: 'c', type: TEXT }], [[values]]);
    const { groups } = readGroups(bytes);
    expect(Array.from(groups[0]![0]!, (value) => storedText(value, TEXT))).toEqual(
      values.map((value) => storedText(value, TEXT)),
    );
    const path = await duckdb.save(bytes);
    const [[sum] = []] = await duckdb.query(
      `SELECT string_agg(md5(c), '' ORDER BY file_row_number) FROM read_parquet('${path}', file_row_number = true)`,
    );
    const [[expected] = []] = await duckdb.query(
      `SELECT string_agg(md5(repeat(i || ' ', 1200)), '' ORDER BY i) FROM range(300) t(i) WHERE i % 7 <> 0`,
    );
    expect(sum).toBe(expected);
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
});

const TEXT_A = new TextEncoder().encode('aaaaaaaa');
