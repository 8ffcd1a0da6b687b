import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { TableEntry } from '../../lib/catalog/register-table.ts';
import { registerTable } from '../../lib/catalog/register-table.ts';
import { tableDefinition } from '../../lib/catalog/table-definition.ts';
import type { Column } from '../../lib/parquet/column-type.ts';
import { CatalogChanged } from '../../lib/ports/catalog.ts';
import type { Fault } from '../cloud/fault.ts';
import { MemoryCatalog } from '../cloud/memory-catalog.ts';
import { BIGINT, INT, TEXT } from '../parquet/sample-types.ts';

const NAME = { database: 'lake', table: 'orders' };
const ID: Column = { name: 'id', type: INT };

interface Lake {
  columns?: Column[];
  partitionColumns?: { name: string; type: string }[];
  folders?: string[];
  newFolders?: string[] | undefined;
  /** Seconds. */
  asOf?: number;
}

let catalog: MemoryCatalog;
let calls: string[];
let fault: (call: string) => Fault;
beforeEach(() => {
  calls = [];
  fault = () => 'none';
  catalog = new MemoryCatalog(({ name }) => {
    calls.push(name);
    return fault(name);
  });
});

function entry({ columns = [ID], partitionColumns = [], folders = [], newFolders, asOf = 0 }: Lake): TableEntry {
  const schema = { path: 'raw/shop/orders/', name: NAME, location: 's3://lake/orders/', columns, partitionColumns };
  return { name: NAME, definition: tableDefinition(schema, asOf * 1000), folders, newFolders };
}

const register = (lake: Lake) => registerTable(entry(lake), catalog, () => undefined);
const DAY = [{ name: 'day', type: 'date' }];
const shown = () => catalog.shown('lake.orders');

describe('what an older lake would say', () => {
  it('gives way to what a later one has said already', async () => {
    await register({ columns: [{ name: 'id', type: BIGINT }], asOf: 2 });
    await expect(register({ asOf: 1 })).rejects.toThrow(CatalogChanged);
    expect(shown()?.columns).toEqual(['id bigint']);
  });

  it('removes no partitions of a later one', async () => {
    await register({ partitionColumns: DAY, folders: ['day=2026-03-01/'], asOf: 2 });
    await expect(register({ asOf: 1 })).rejects.toThrow(CatalogChanged);
    expect(shown()).toMatchObject({ partitionColumns: ['day date'], partitions: ['2026-03-01'] });
  });
});

describe('an entry that is as it should be', () => {
  it('is not written, whatever the time', async () => {
    await register({ asOf: 1 });
    calls.length = 0;
    await register({ asOf: 2 });
    expect(calls).toEqual(['table']);
  });
});

describe('a lost answer', () => {
  it.each(['createTable', 'replaceTable'])('of %s fails at first, and is done when tried again', async (lost) => {
    if (lost === 'replaceTable') await register({});
    const wanted = { columns: [ID, { name: 'note', type: TEXT }] };
    fault = (name) => (name === lost ? 'apply-then-fail' : 'none');
    await expect(register(wanted)).rejects.toThrow('apply-then-fail');
    fault = () => 'none';
    calls.length = 0;
    await register(wanted);
    expect(shown()?.columns).toEqual(['id int', 'note string']);
    expect(calls).toEqual(['table']);
  });
});

describe('an answer that is lost, and the request sent again by the client', () => {
  it('leaves no partition with other columns than the table', async () => {
    const folders = ['day=2026-03-01/'];
    await register({ partitionColumns: DAY, folders, asOf: 1 });
    const replaceTable = catalog.replaceTable.bind(catalog);
    jest.spyOn(catalog, 'replaceTable').mockImplementation(async (...request) => {
      await replaceTable(...request);
      await replaceTable(...request);
    });
    const columns = [{ name: 'id', type: BIGINT }];
    const newFolders = ['day=2026-03-02/'];
    await register({ columns, partitionColumns: DAY, folders: [...folders, ...newFolders], newFolders, asOf: 2 });
    expect(shown()).toMatchObject({ columns: ['id bigint'], partitions: ['2026-03-01', '2026-03-02'] });
    for (const partition of catalog.partitionsOf('lake.orders'))
      expect(partition.columns).toEqual([{ name: 'id', type: 'bigint' }]);
  });
});

describe('the partitions of a table', () => {
  const folders = ['day=2026-03-01/', 'day=2026-03-02/'];

  it('are all looked at if it is not known which are new', async () => {
    await register({ partitionColumns: DAY, folders: folders.slice(0, 1) });
    await register({ partitionColumns: DAY, folders });
    expect(shown()?.partitions).toEqual(['2026-03-01', '2026-03-02']);
  });

  it('are those of folders that there are: others go once all are looked at', async () => {
    await register({ partitionColumns: DAY, folders });
    await register({ partitionColumns: DAY, folders: folders.slice(1) });
    expect(shown()?.partitions).toEqual(['2026-03-02']);
  });

  it('are none of folders with other names', async () => {
    await register({ partitionColumns: DAY, folders: ['', 'archive/', 'day=2026-03-01/hour=1/', 'shop=a/', 'DAY=x/'] });
    expect(shown()?.partitions).toEqual(['x']);
  });

  it('cannot be in two folders', async () => {
    const twice = register({ partitionColumns: DAY, folders: ['day=x/', 'Day=x/'] });
    await expect(twice).rejects.toThrow(
      'Two folders below s3://lake/orders/ are of one partition: their names differ in case only.',
    );
  });
});

describe('a table that gets other partition columns', () => {
  it('ends right though each of its calls failed once', async () => {
    await register({ partitionColumns: DAY, folders: ['day=2026-03-01/'], asOf: 1 });
    const byShop = { partitionColumns: [{ name: 'shop', type: 'int' }], folders: ['shop=7/'], asOf: 2 };
    let failures = 0;
    for (let failed = true; failed; failures++) {
      calls.length = 0;
      fault = () => (calls.length === failures + 1 ? 'apply-then-fail' : 'none');
      failed = await register(byShop).then(
        () => false,
        () => true,
      );
    }
    expect(failures).toBeGreaterThan(5);
    expect(shown()).toEqual({ columns: ['id int'], partitionColumns: ['shop int'], partitions: ['7'] });
  });
});

describe('when no time is left', () => {
  it('nothing is asked any more', async () => {
    const check = (): void => {
      if (calls.length === 1) throw new Error('no time');
    };
    await expect(registerTable(entry({}), catalog, check)).rejects.toThrow('no time');
    expect(calls).toEqual(['table']);
  });
});
