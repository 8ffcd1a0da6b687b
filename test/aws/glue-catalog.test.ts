import { describe, expect, it } from '@jest/globals';
import { GlueCatalog } from '../../lib/aws/glue-catalog.ts';
import type { CatalogTable } from '../../lib/ports/catalog.ts';
import { CatalogChanged, CatalogRefused } from '../../lib/ports/catalog.ts';
import { Cloud } from '../cloud/cloud.ts';
import { MemoryCatalog } from '../cloud/memory-catalog.ts';
import { describeCatalog } from '../contracts/catalog.ts';

describeCatalog('GlueCatalog', () => new GlueCatalog(new Cloud().glueClient()));
describeCatalog('MemoryCatalog', () => new MemoryCatalog());

const NAME = { database: 'shop', table: 'orders' };
const TABLE: CatalogTable = {
  location: 's3://lake/shop/orders/',
  columns: [{ name: 'id', type: 'int' }],
  partitionColumns: [{ name: 'day', type: 'date' }],
  parameters: { classification: 'parquet' },
};
const PARTITION = { values: ['2026-03-01'], location: 's3://lake/shop/orders/day=2026-03-01/', columns: TABLE.columns };

describe('what Glue is told of a table', () => {
  const storage = (location: string) => ({
    Columns: [{ Name: 'id', Type: 'int' }],
    Location: location,
    InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
    OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
    SerdeInfo: {
      SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
      Parameters: { 'serialization.format': '1', 'parquet.column.index.access': 'false' },
    },
  });

  it('is an external table of Parquet files whose columns are found by name, and so are its partitions', async () => {
    const cloud = new Cloud();
    const catalog = new GlueCatalog(cloud.glueClient());
    await catalog.createTable(NAME, TABLE);
    await catalog.createPartitions(NAME, [{ ...PARTITION, parameters: { made: 'by us' } }]);
    const { input, partitions } = cloud.glue.databases.get('shop')!.get('orders')!;
    expect(input).toEqual({
      Name: 'orders',
      TableType: 'EXTERNAL_TABLE',
      StorageDescriptor: storage(TABLE.location),
      PartitionKeys: [{ Name: 'day', Type: 'date' }],
      Parameters: { classification: 'parquet' },
    });
    expect([...partitions.values()]).toEqual([
      { Values: ['2026-03-01'], StorageDescriptor: storage(PARTITION.location), Parameters: { made: 'by us' } },
    ]);
  });
});

describe('what people set on a table in Glue', () => {
  it('is still there after Tidemark gave the table another column', async () => {
    const cloud = new Cloud();
    const catalog = new GlueCatalog(cloud.glueClient());
    await catalog.createTable(NAME, TABLE);
    const stored = cloud.glue.databases.get('shop')!.get('orders')!;
    const { StorageDescriptor: storage } = stored.input;
    const edited = {
      ...stored.input,
      Owner: 'sales',
      Retention: 30,
      StorageDescriptor: {
        ...storage,
        Columns: [{ Name: 'id', Type: 'int', Comment: 'the key', Parameters: { pii: 'no' } }],
        Compressed: true,
        Parameters: { quality: 'checked' },
        SerdeInfo: {
          ...storage?.SerdeInfo,
          Name: 'parquet',
          Parameters: { 'serialization.format': '1', 'parquet.column.index.access': 'true', note: 'theirs' },
        },
      },
      PartitionKeys: [{ Name: 'day', Type: 'date', Parameters: { pii: 'no' } }],
    };
    stored.input = edited;
    const { version, ...present } = (await catalog.table(NAME))!;
    const note = { name: 'note', type: 'string' };
    await catalog.replaceTable(NAME, { ...present, columns: [...present.columns, note] }, version);
    expect(stored.input).toEqual({
      ...edited,
      StorageDescriptor: {
        ...edited.StorageDescriptor,
        Columns: [...edited.StorageDescriptor.Columns, { Name: 'note', Type: 'string' }],
        SerdeInfo: {
          ...edited.StorageDescriptor.SerdeInfo,
          Parameters: { 'serialization.format': '1', 'parquet.column.index.access': 'false', note: 'theirs' },
        },
      },
    });
  });

  it('gives way where it would stand in for the columns: a schema of the registry', async () => {
    const cloud = new Cloud();
    const catalog = new GlueCatalog(cloud.glueClient());
    await catalog.createTable(NAME, TABLE);
    const stored = cloud.glue.databases.get('shop')!.get('orders')!;
    const schema = { SchemaVersionNumber: 1 };
    stored.input = {
      ...stored.input,
      StorageDescriptor: { ...stored.input.StorageDescriptor, SchemaReference: schema },
    };
    const { version } = (await catalog.table(NAME))!;
    await catalog.replaceTable(NAME, TABLE, version);
    expect(stored.input.StorageDescriptor).not.toHaveProperty('SchemaReference');
  });
});

describe('what Glue refuses', () => {
  it('says what to do where Lake Formation guards the catalog', async () => {
    const cloud = new Cloud();
    cloud.glue.refusal = () => 'AccessDeniedException';
    const refused = new GlueCatalog(cloud.glueClient()).table(NAME);
    await expect(refused).rejects.toThrow(CatalogRefused);
    await expect(refused).rejects.toMatchObject({
      message: 'AWS Glue refused access to shop.orders: GetTable is refused',
      next: expect.stringContaining('Lake Formation') as unknown,
    });
  });

  it('is said of partitions that do not fit their table, without their values', async () => {
    const catalog = new GlueCatalog(new Cloud().glueClient());
    await catalog.createTable(NAME, TABLE);
    const two = [['secret', 'value'], ['c', 'd', 'e'], ['f']].map((values) => ({
      ...PARTITION,
      values,
      parameters: {},
    }));
    await expect(catalog.createPartitions(NAME, two)).rejects.toThrow(
      'AWS Glue refused 2 partitions of shop.orders: InvalidInputException (its message may quote rows and is left out)',
    );
  });

  it.each(['GetPartitions', 'BatchCreatePartition', 'BatchUpdatePartition', 'BatchDeletePartition'])(
    'is said of a whole %s, without what Glue says of it: that may quote rows',
    async (operation) => {
      const cloud = new Cloud();
      const catalog = new GlueCatalog(cloud.glueClient());
      await catalog.createTable(NAME, TABLE);
      const refuses = (code: string) => (cloud.glue.refusal = (name) => (name === operation ? code : undefined));
      const call = async () => {
        const partition = { ...PARTITION, parameters: {} };
        for await (const { values } of catalog.partitions(NAME)) expect(values).toEqual(PARTITION.values);
        await catalog.createPartitions(NAME, [partition]);
        await catalog.updatePartitions(NAME, [partition]);
        await catalog.deletePartitions(NAME, [PARTITION.values]);
      };
      refuses('InvalidInputException');
      const refused = call();
      await expect(refused).rejects.toThrow(
        'AWS Glue refused partitions of shop.orders: InvalidInputException (its message may quote rows and is left out)',
      );
      await expect(refused).rejects.not.toHaveProperty('cause');
      refuses('EntityNotFoundException');
      const gone = call();
      await expect(gone).rejects.toThrow(CatalogChanged);
      await expect(gone).rejects.not.toHaveProperty('cause');
    },
  );

  it.each(['GetTable', 'CreateTable', 'CreateDatabase'])(
    'is told as it is if %s fails otherwise',
    async (operation) => {
      const cloud = new Cloud();
      cloud.glue.refusal = (name) => (name === operation ? 'InvalidInputException' : undefined);
      const catalog = new GlueCatalog(cloud.glueClient());
      const call = async () => {
        await catalog.table(NAME);
        await catalog.createTable(NAME, TABLE);
      };
      await expect(call).rejects.toThrow(`${operation} is refused`);
    },
  );
});

describe('an answer that is lost', () => {
  it('of making a table leaves one table, which the caller finds when it looks again', async () => {
    const cloud = new Cloud();
    let lost = 1;
    cloud.fault = ({ name }) =>
      name === 'CreateTable' && cloud.glue.databases.size > 0 && lost-- > 0 ? 'apply-then-fail' : 'none';
    const catalog = new GlueCatalog(cloud.glueClient());
    await expect(catalog.createTable(NAME, TABLE)).rejects.toThrow('someone else changed it');
    expect(await catalog.table(NAME)).toMatchObject(TABLE);
  });
});
