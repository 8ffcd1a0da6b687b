import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mergeStream } from './merge-stream.ts';
import { Oracle } from './oracle.ts';
import { QUICK, randomStream } from './random-stream.ts';

/**
 * Whatever DMS writes, the lake holds what SQL makes of the same files: random tables (all types and kinds of keys,
 * partitioned or not, columns that come, go and widen), load and change files, merged in several runs.
 *
 * More and larger ones: `npm run test:streams -- --count 1000`; one of them: `npm run test:streams -- --count 1 --seed 17`.
 */
describe('a random stream of changes', () => {
  let oracle: Oracle;
  beforeAll(async () => {
    oracle = await Oracle.create();
  });
  afterAll(() => {
    oracle.close();
  });

  const seeds = Array.from({ length: 40 }, (_, index) => index + 1);
  it.each(seeds)('gives the lake that SQL gives: seed %i', async (seed) => {
    expect(await mergeStream(randomStream(seed, QUICK), oracle, 'last run')).toEqual([]);
  });

  it('goes everywhere: each kind of table, column, key, file and history is among these seeds', () => {
    const tables = seeds.flatMap((seed) => randomStream(seed, QUICK).tables);
    const columns = tables.flatMap((table) => table.columns);
    const keys = columns.filter(({ role }) => role === 'key');
    const names = tables.flatMap(({ files }) => files.map(({ key }) => key));
    const late = tables.filter(({ files }) => files.some((file, i) => file.run < (files[i - 1]?.run ?? 0)));
    const places = {
      'without a primary key': tables.filter(({ primaryKey }) => primaryKey.length === 0),
      'with a composite key': tables.filter(({ primaryKey }) => primaryKey.length > 1),
      'with null in its key': tables.filter((table) => table.columns.some((it) => it.role === 'key' && it.nullable)),
      'partitioned by one column': tables.filter(({ partitionKey }) => partitionKey.length === 1),
      'partitioned by two columns': tables.filter(({ partitionKey }) => partitionKey.length === 2),
      'partitioned by a key column': tables.filter((it) =>
        it.partitionKey.some((name) => it.primaryKey.includes(name)),
      ),
      'activated later': tables.filter(({ activeFrom }) => activeFrom > 0),
      'loaded again': tables.filter(({ files }) => files.some(({ load }) => load > 0)),
      'without load files': tables.filter(
        ({ files }) => files.length > 0 && !files.some(({ key }) => key.includes('LOAD')),
      ),
      'with late files': late,
      'with a column that comes later': columns.filter(({ from }) => from > 0),
      'with a column that vanishes': columns.filter(({ until }) => until < Infinity),
      'with a plain column that widens': columns.filter(({ role, types }) => role === 'plain' && types.length > 1),
      'with a key column that widens': keys.filter(({ types }) => types.length > 1),
      'with a hexadecimal counter': names.filter((name) => /LOAD[0-9]*[A-F]/.test(name)),
      'with segments': names.filter((name) => /SEGMENT|part_/.test(name)),
      'with date folders': names.filter((name) => /table_\d+\/[\d_/-]+\/\d{8}-\d{9,}/.test(name)),
    };
    const never = Object.entries(places).filter(([, found]) => found.length === 0);
    expect(never.map(([place]) => place)).toEqual([]);
    const kindsOf = (some: typeof columns) => new Set(some.flatMap(({ types }) => types.map(({ kind }) => kind)));
    expect(kindsOf(columns).size).toBe(19);
    expect([...kindsOf(keys)]).toEqual(
      expect.arrayContaining(['int32', 'int64', 'uint64', 'string', 'decimal', 'timestampMicros', 'date', 'bytes']),
    );
  });

  it('is the same, byte for byte, for the same seed', () => {
    expect(randomStream(7)).toEqual(randomStream(7));
    expect(randomStream(7)).not.toEqual(randomStream(8));
  });
});
