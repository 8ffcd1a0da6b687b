import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseObjectKey, tableOfPath, tablePath } from '../../lib/dms/object-key.ts';

describe('the key of a raw object', () => {
  it.each([
    ['a load file', 'sampledb/product/LOAD00000001.parquet', 'LOAD00000001.parquet'],
    ['a change file', 'sampledb/product/20141029-1134010000.parquet', '20141029-1134010000.parquet'],
    ['a folder of a source partition', 'sampledb/product/seg-1/LOAD00000001.parquet', 'seg-1/LOAD00000001.parquet'],
    [
      'date folders',
      'sampledb/product/2014/10/29/20141029-1134010000.parquet',
      '2014/10/29/20141029-1134010000.parquet',
    ],
    ['a file that is none of DMS', 'sampledb/product/readme.md', 'readme.md'],
  ])('tells schema, table and file: %s', (_, key, file) => {
    expect(parseObjectKey(key, '')).toEqual({ kind: 'table', schema: 'sampledb', table: 'product', file });
    expect(parseObjectKey(`raw/dms/${key}`, 'raw/dms/')).toEqual(parseObjectKey(key, ''));
  });

  it.each([
    ['another folder than the prefix', 'other/sampledb/product/LOAD00000001.parquet', 'not below the raw prefix'],
    [
      'a folder whose name begins as the prefix does',
      'rawish/sampledb/product/LOAD00000001.parquet',
      'not below the raw prefix',
    ],
    ['no folder', 'raw/file.parquet', 'not in a folder <schema>/<table>/'],
    ['a schema alone', 'raw/sampledb/file.parquet', 'not in a folder <schema>/<table>/'],
    ['an empty schema', 'raw//product/LOAD00000001.parquet', 'not in a folder <schema>/<table>/'],
    ['an empty table', 'raw/sampledb//LOAD00000001.parquet', 'not in a folder <schema>/<table>/'],
    ["the table's folder itself", 'raw/sampledb/product/', 'it is a folder'],
    ['a folder in it', 'raw/sampledb/product/2014/', 'it is a folder'],
    ['a control table', 'raw/sampledb/awsdms_status/LOAD00000001.parquet', 'DMS keeps its own records'],
    ['a control table with its own schema', 'raw/awsdms_control/history/LOAD00000001.parquet', 'DMS keeps its own'],
    ['exceptions', 'raw/sampledb/awsdms_apply_exceptions/20141029-1134010000.parquet', 'DMS keeps its own records'],
    ['failed validations', 'raw/sampledb/s3_validation_failures/LOAD00000001.parquet', 'DMS keeps its own records'],
    ['changes of all tables mixed', 'raw/CDC_TXN-2014.csv', 'not in a folder <schema>/<table>/'],
    ['a schema that leads elsewhere', 'raw/../product/LOAD00000001.parquet', 'named . or ..'],
    ['a table that leads elsewhere', 'raw/sampledb/../LOAD00000001.parquet', 'named . or ..'],
    ['a table that leads nowhere', 'raw/sampledb/./LOAD00000001.parquet', 'named . or ..'],
    ['a NUL in the name of a schema', 'raw/sample\0db/product/LOAD00000001.parquet', 'control character'],
    ['a line break in the name of a table', 'raw/sampledb/pro\nduct/LOAD00000001.parquet', 'control character'],
    ["the folder of Tidemark's own records", 'raw/_tidemark/tables/LOAD00000001.parquet', 'its own records'],
  ])('is passed over with a reason: %s', (_, key, why) => {
    expect(parseObjectKey(key, 'raw/')).toEqual({ kind: 'other', why: expect.stringContaining(why) });
  });

  it('may name schemas and tables as databases do', () => {
    const schema = 'Sales 2026 (EU)';
    const table = 'a=b+c&d%2F"ö🦆';
    expect(parseObjectKey(`${schema}/${table}/LOAD1.parquet`, '')).toEqual({
      kind: 'table',
      schema,
      table,
      file: 'LOAD1.parquet',
    });
    expect(parseObjectKey('db/my_awsdms_copy/LOAD1.parquet', '')).toMatchObject({ table: 'my_awsdms_copy' });
  });
});

describe("a table's path", () => {
  it("is bucket, prefix, schema and table, as the controller table's key", () => {
    expect(tablePath('raw-bucket', 'dms/', 'sampledb', 'product')).toBe('raw-bucket/dms/sampledb/product/');
  });

  const segment = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .filter((text) => !text.includes('/') && !text.startsWith('awsdms_') && text !== 's3_validation_failures')
    .filter((text) => text !== '.' && text !== '..');

  it('leads back to its schema and table, whatever their names', () => {
    fc.assert(
      fc.property(segment, segment, fc.constantFrom('', 'p/', 'a/b/'), (schema, table, rawPrefix) => {
        const config = { rawBucket: 'b', rawPrefix };
        expect(tableOfPath(tablePath('b', rawPrefix, schema, table), config)).toEqual({ schema, table });
      }),
    );
  });

  it.each([
    ['another bucket', 'other/p/db/t/'],
    ['a bucket whose name goes on', 'bb/p/db/t/'],
    ['another prefix', 'b/q/db/t/'],
    ['no slash at the end', 'b/p/db/t'],
    ['a schema alone', 'b/p/db/'],
    ['a folder inside of a table', 'b/p/db/t/2014/'],
    ['an empty table', 'b/p/db//'],
    ['a control table', 'b/p/db/awsdms_history/'],
    ['nothing', ''],
  ])('is none of this bucket and prefix: %s', (_, path) => {
    expect(tableOfPath(path, { rawBucket: 'b', rawPrefix: 'p/' })).toBeUndefined();
  });
});
