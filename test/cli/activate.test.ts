/** `tidemark activate` and `tidemark deactivate`, on folders and on a stack. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ActivateIo, ActivateOptions } from '../../lib/cli/activate.ts';
import { activateAt, runActivate } from '../../lib/cli/activate.ts';
import { deactivateAt, runDeactivate } from '../../lib/cli/deactivate.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { openPlace } from '../../lib/place/place.ts';
import { namedTable } from '../../lib/local/table-name.ts';
import { activate as setActive, planActivation } from '../../lib/table/activate.ts';
import { configureTable } from '../../lib/table/configure.ts';
import type { DynamoDb } from '../cloud/dynamodb.ts';
import { startDynamoDb } from '../cloud/dynamodb.ts';
import type { Order } from '../local/dms-folder.ts';
import { lakeRows, putDmsFile } from '../local/dms-folder.ts';
import { rawAndLake } from '../local/temporary-folder.ts';
import { LabStack } from '../place/lab-stack.ts';
import { ID, loadBytes } from '../table/table-lab.ts';
import { recorded } from './terminal.ts';

const TABLE = 'sales/orders';
const FRUIT: Order[] = [
  { id: 1, item: 'apple' },
  { id: 2, item: 'apple' },
  { id: 3, item: 'pear' },
];

describe('on folders', () => {
  let raw: string;
  let lake: string;
  beforeEach(async () => {
    ({ raw, lake } = await rawAndLake());
  });

  const put = (file: string, rows: Order[]) => putDmsFile(raw, `${TABLE}/${file}.parquet`, rows);
  const load = (rows = FRUIT) => put('LOAD00000001', rows);
  const place = () => openPlace({ raw, lake }, { err: () => undefined });
  const item = async () => (await place()).ports.tables.get(`raw/${TABLE}/`);

  async function activate(options: ActivateOptions, more: Partial<ActivateIo> = {}, table = TABLE) {
    const { out, err, io } = recorded();
    const exitCode = await runActivate(table, { raw, lake, ...options }, { ...io, ...more });
    return { exitCode, out, err: err.join('\n') };
  }

  it('registers a table of raw files, sets its keys, and merges it', async () => {
    await load();
    await put('20260301-101500123', [{ Op: 'U', id: 1, item: 'fig' }]);
    const { exitCode, out, err } = await activate({ primaryKey: 'id' });
    expect([exitCode, out]).toEqual([0, [`${TABLE}: active, primary key id; it is up to its raw files.`]]);
    expect(err).toContain(`${TABLE}: id is unique and never null in 3 rows.`);
    expect(await item()).toMatchObject({ PrimaryKey: 'id', PartitionKey: 'null', ActiveFlag: 'true' });
    expect(await lakeRows(lake, TABLE)).toEqual([{ id: 1, item: 'fig' }, ...FRUIT.slice(1)]);
  });

  it('takes keys of several columns, and partitions', async () => {
    await load();
    expect((await activate({ primaryKey: 'item, id', partitionKey: 'item' })).exitCode).toBe(0);
    expect(await item()).toMatchObject({ PrimaryKey: 'item,id', PartitionKey: 'item' });
  });

  it('writes with --json what it did and how the table stands', async () => {
    await load();
    const { out } = await activate({ primaryKey: 'id', json: true });
    expect(out.map((line) => JSON.parse(line) as object)).toEqual([
      {
        table: TABLE,
        primaryKey: ['id'],
        partitionKey: [],
        isNew: true,
        isChange: true,
        isRebuild: false,
        check: { rows: 3, repeated: 0, empty: 0, passes: 1 },
        state: 'active',
      },
    ]);
  });

  it('changes nothing with --dry-run', async () => {
    await load();
    const { exitCode, out } = await activate({ primaryKey: 'id', dryRun: true });
    expect([exitCode, out]).toEqual([0, [`${TABLE}: active, primary key id (dry run)`]]);
    expect(await item()).toBeUndefined();
  });

  describe('refuses, with 1 and what to do,', () => {
    it.each<[string, ActivateOptions, RegExp]>([
      ['no key at all', {}, /No primary key is given.*--no-primary-key/s],
      [
        'a column that is not there',
        { primaryKey: 'ident' },
        /column ident, which LOAD00000001.parquet does not have. It has: id, item/,
      ],
      [
        'a partition column that is not there',
        { primaryKey: 'id', partitionKey: 'day' },
        /--partition-key names the column day/,
      ],
      ['the column of operations', { primaryKey: 'Op' }, /names the column Op/],
      ['a column twice', { primaryKey: 'id,id' }, /--primary-key names a column twice/],
      ['no column', { primaryKey: ',' }, /--primary-key is ','/],
    ])('%s', async (_, options, message) => {
      await load();
      const { exitCode, err } = await activate(options);
      expect(exitCode).toBe(1);
      expect(err).toMatch(message);
      expect(await item()).toBeUndefined();
    });

    it('a key that rows repeat or do not have, by their number and without their values', async () => {
      await load([...FRUIT, { id: 4, item: null }]);
      const { exitCode, err } = await activate({ primaryKey: 'item' });
      expect(exitCode).toBe(1);
      expect(err).toMatch(
        /item is no key of the full load: of its 4 rows 1 repeat the key of another row and 1 have no value in it.*What to do: Name the columns/s,
      );
      expect(err).not.toContain('apple');
      expect(await item()).toBeUndefined();
    });

    it('a column that newer change files do not have', async () => {
      await load();
      const renamed = { name: 'name', type: { kind: 'string' as const } };
      const bytes = writeDmsFile({ columns: [ID, renamed], rows: [[1, 'fig']] });
      await writeFile(join(raw, TABLE, '20260301-101500123.parquet'), bytes);
      expect((await activate({ primaryKey: 'id,item' })).err).toMatch(
        /item, which 20260301-101500123.parquet does not have/,
      );
    });

    it('a load file that cannot be read', async () => {
      await load();
      await writeFile(join(raw, TABLE, 'LOAD00000002.parquet'), 'not Parquet');
      const { exitCode, err } = await activate({ primaryKey: 'id' });
      expect(exitCode).toBe(1);
      expect(err).toMatch(/^tidemark activate: .*LOAD00000002.*\n {2}What to do: /);
    });

    it('an unknown table, naming those that are near', async () => {
      await load();
      await activate({ primaryKey: 'id' });
      expect((await activate({ primaryKey: 'id' }, {}, 'sales/oders')).err).toMatch(
        /sales\/oders is not known at .*Did you mean sales\/orders\?.*tidemark tables/,
      );
    });
  });

  it('is told with --skip-check that the key is one', async () => {
    await load();
    expect(await activate({ primaryKey: 'item', skipCheck: true })).toMatchObject({
      exitCode: 0,
      err: expect.not.stringContaining('unique'),
    });
    expect(await item()).toMatchObject({ PrimaryKey: 'item' });
  });

  it('activates a table without a key if it is told so', async () => {
    await load();
    expect((await activate({ primaryKey: false })).out).toEqual([
      `${TABLE}: active, no primary key; it is up to its raw files.`,
    ]);
    expect(await lakeRows(lake, TABLE)).toEqual(FRUIT);
  });

  it('asks before it builds a table anew whose keys change', async () => {
    await load();
    await activate({ primaryKey: false });
    await put('20260301-101500123', [{ Op: 'U', id: 1, item: 'fig' }]);
    expect(await activate({ primaryKey: 'id' })).toMatchObject({
      exitCode: 1,
      err: expect.stringMatching(/built anew from 2 raw files.*--yes/),
    });
    expect((await activate({ primaryKey: 'id', dryRun: true })).out).toEqual([
      `${TABLE}: active, primary key id; the table would be built anew from 2 raw files (dry run)`,
    ]);
    const asked: string[] = [];
    const answer = (is: boolean) => (question: string) => {
      asked.push(question);
      return Promise.resolve(is);
    };
    expect(await activate({ primaryKey: 'id' }, { confirm: answer(false) })).toMatchObject({ exitCode: 1 });
    expect(await item()).toMatchObject({ PrimaryKey: 'null' });
    expect((await activate({ primaryKey: 'id' }, { confirm: answer(true) })).exitCode).toBe(0);
    expect(asked).toHaveLength(2);
    expect(await item()).toMatchObject({ PrimaryKey: 'id', BuiltWith: { PrimaryKey: 'id' } });
    expect(await lakeRows(lake, TABLE)).toEqual([{ id: 1, item: 'fig' }, ...FRUIT.slice(1)]);
  });

  it('keeps what it is not told, and says that a table is active already', async () => {
    await load();
    await activate({ primaryKey: 'id', partitionKey: 'item' });
    await runDeactivate(TABLE, { raw, lake }, recorded().io);
    expect((await activate({})).out).toEqual([
      `${TABLE}: active, primary key id, partition key item; it is up to its raw files.`,
    ]);
    const before = await item();
    expect((await activate({ primaryKey: 'id' })).out[0]).toMatch(/^sales\/orders: already active, /);
    expect((await item())?.['EditId']).toBe(before?.['EditId']);
  });

  it('leaves the merging to others with --no-wait', async () => {
    await load();
    expect(await activate({ primaryKey: 'id', wait: false })).toMatchObject({
      exitCode: 0,
      out: [`${TABLE}: active, primary key id.`],
    });
    expect(await lakeRows(lake, TABLE)).toEqual([]);
  });

  it('ends with 2 when a file blocks the table', async () => {
    await load();
    await put('20260301-101500123', [{ Op: 'U', id: 1, item: 'fig' }]);
    await writeFile(join(raw, TABLE, '20260201-101500123.parquet'), 'not Parquet');
    const { exitCode, err } = await activate({ primaryKey: 'id' });
    expect([exitCode, err]).toEqual([2, expect.stringContaining('is blocked by 20260201-101500123.parquet')]);
  });

  it('refuses where somebody edits the row meanwhile', async () => {
    await load();
    await activate({ primaryKey: false });
    const confirm = async () => {
      await configureTable(TABLE, { partitionKey: ['item'] }, (await place()).ports);
      return true;
    };
    const { exitCode, err } = await activate({ primaryKey: 'id' }, { confirm });
    expect([exitCode, err]).toEqual([1, expect.stringMatching(/edited its row at the same time[^]*tidemark tables/)]);
    expect(await item()).toMatchObject({ PrimaryKey: 'null', PartitionKey: 'item' });
  });

  it('refuses where somebody registers the table and sets its keys while they are checked', async () => {
    await load();
    const open = await place();
    const { path, name } = namedTable(TABLE, open.ports.config);
    const planned = await planActivation(path, name, { primaryKey: ['id'], partitionKey: undefined }, open.ports);
    await configureTable(TABLE, { primaryKey: ['item'], partitionKey: ['item'] }, open.ports);
    await expect(setActive(planned, name, open.ports)).rejects.toThrow(/edited its row at the same time/);
    expect(await item()).toMatchObject({ PrimaryKey: 'item', PartitionKey: 'item', ActiveFlag: 'false' });
  });

  it('goes on where a file has the table registered while its keys are checked', async () => {
    await load();
    const open = await place();
    const { path, name } = namedTable(TABLE, open.ports.config);
    const planned = await planActivation(path, name, { primaryKey: ['id'], partitionKey: undefined }, open.ports);
    await configureTable(TABLE, {}, open.ports);
    await setActive(planned, name, open.ports);
    expect(await item()).toMatchObject({ PrimaryKey: 'id', ActiveFlag: 'true' });
  });

  it('refuses other keys where raw files of the lake are gone, as a rebuild would', async () => {
    await load();
    await put('20260301-101500123', [{ Op: 'U', id: 1, item: 'fig' }]);
    await activate({ primaryKey: 'id' });
    const { ports } = await place();
    const file = (await ports.raw.head(`${TABLE}/20260301-101500123.parquet`))!;
    await ports.raw.delete(file.key, file.eTag);
    const { exitCode, err } = await activate({ primaryKey: 'id,item', yes: true });
    expect([exitCode, err]).toEqual([1, expect.stringMatching(/1 change files are gone[^]*What to do: /)]);
    expect(await item()).toMatchObject({ PrimaryKey: 'id' });
  });

  describe('tidemark deactivate', () => {
    async function deactivate(options: { json?: boolean } = {}, table = TABLE) {
      const { out, err, io } = recorded();
      return { exitCode: await runDeactivate(table, { raw, lake, ...options }, io), out, err: err.join('\n') };
    }

    it('has a table rest, whose lake stays, until it is activated again', async () => {
      await load();
      await activate({ primaryKey: 'id' });
      expect((await deactivate()).out).toEqual([
        `${TABLE}: inactive. Its lake stays as it is. To go on: \`npx tidemark activate ${TABLE} --raw ${raw} --lake ${lake}\``,
      ]);
      await put('20260301-101500123', [{ Op: 'U', id: 1, item: 'fig' }]);
      expect(await item()).toMatchObject({ ActiveFlag: 'false', PrimaryKey: 'id' });
      expect(await lakeRows(lake, TABLE)).toEqual(FRUIT);
      await activate({});
      expect(await lakeRows(lake, TABLE)).toEqual([{ id: 1, item: 'fig' }, ...FRUIT.slice(1)]);
    });

    it('says with --json whether anything changed', async () => {
      await load();
      await activate({ primaryKey: 'id' });
      const changes = [await deactivate({ json: true }), await deactivate({ json: true })];
      expect(changes.map(({ out }) => JSON.parse(out[0]!) as object)).toEqual([
        { table: TABLE, state: 'inactive', isChange: true },
        { table: TABLE, state: 'inactive', isChange: false },
      ]);
    });

    it('does not know an unknown table', async () => {
      expect(await deactivate({}, 'sales/none')).toMatchObject({
        exitCode: 1,
        err: expect.stringContaining('is not known'),
      });
    });
  });
});

describe('on a stack', () => {
  let dynamoDb: DynamoDb;
  let stack: LabStack;
  beforeAll(async () => {
    dynamoDb = await startDynamoDb();
  });
  afterAll(() => dynamoDb.stop());
  beforeEach(() => {
    stack = new LabStack(dynamoDb);
  });

  it('sets the keys, wakes merge and waits for it; deactivate has the table rest', async () => {
    stack.raw.put('dms/sales/carts/LOAD00000001.parquet', loadBytes([[1, 'apple'], [2, 'pear']])); // prettier-ignore
    const { out, io } = recorded();
    expect(await activateAt(await stack.open(), 'sales/carts', { primaryKey: 'id' }, io)).toBe(0);
    expect(out).toEqual(['sales/carts: active, primary key id; it is up to its raw files.']);
    const item = () => stack.ports.tables.get('raw-bucket/dms/sales/carts/');
    expect(await item()).toMatchObject({
      ActiveFlag: 'true',
      LoadFiles: { 'LOAD00000001.parquet': expect.any(String) },
    });
    expect(await deactivateAt(await stack.open(), 'sales/carts', {}, io)).toBe(0);
    expect(await item()).toMatchObject({ ActiveFlag: 'false' });
  });

  it('wakes merge and does not wait for it with --no-wait', async () => {
    stack.raw.put('dms/sales/notes/LOAD00000001.parquet', loadBytes([[1, 'apple']]));
    const { io } = recorded();
    expect(await activateAt(await stack.open(), 'sales/notes', { primaryKey: 'id', wait: false }, io)).toBe(0);
    expect(stack.wakeUps.size).toBe(1);
    await stack.pass(1000);
    const item = await stack.ports.tables.get('raw-bucket/dms/sales/notes/');
    expect(item).toHaveProperty('LoadFiles');
  });
});
