import { describe, expect, it } from '@jest/globals';
import { reconcileBatch } from '../../lib/table/reconcile-batch.ts';
import type { Fault } from '../cloud/fault.ts';
import { TableLab } from './table-lab.ts';

const MINUTE_MS = 60_000;

describe('a batch of wake-ups', () => {
  it('brings each of its tables up to its raw files', async () => {
    const lab = new TableLab();
    const tables = [await lab.activeTable({}, 'shop/a'), await lab.activeTable({}, 'shop/b'), lab.table('hr/c')];
    const wakeUps = tables.map((table) => ({
      table: table.path,
      key: table.load('LOAD00000001', [[1, 'apple']]),
      cause: 'test',
    }));
    const { failed, outcomes } = await lab.merge(wakeUps);
    expect(failed).toEqual([]);
    expect(outcomes.map(({ state, report }) => [state, report?.table])).toEqual([
      ['active', 'shop/a'],
      ['active', 'shop/b'],
      ['inactive', undefined],
    ]);
  });

  it('reads a table once for all its wake-ups', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    const key = table.load('LOAD00000001', [[1, 'apple']]);
    let rowReads = 0;
    lab.onCall = ({ store, name }) => {
      if (store === 'tables' && name === 'get') rowReads++;
      return 'none';
    };
    const { outcomes } = await lab.merge(['a', 'b', 'c'].map((cause) => ({ table: table.path, key, cause })));
    expect([outcomes.length, rowReads]).toEqual([1, 1]);
  });

  it('hands back all wake-ups of the table that failed, and only these', async () => {
    const lab = new TableLab();
    const bad = await lab.activeTable({}, 'shop/bad');
    const good = await lab.activeTable({}, 'shop/good');
    const keys = [bad, good, bad].map((table, i) => table.load(`LOAD0000000${i + 1}`, [[i, 'apple']]));
    lab.onCall = ({ store, name, target }) =>
      store === 'lake' && name === 'write' && target.startsWith('shop/bad/') ? 'reject' : 'none';
    const { failed, outcomes } = await lab.merge(
      [bad, good, bad].map(({ path }, i) => ({ table: path, key: keys[i]!, cause: String(i) })),
    );
    expect(failed).toEqual(['message-0', 'message-2']);
    expect(outcomes.map(({ path }) => path)).toEqual([good.path]);
    expect(lab.said.at(-1)).toMatchObject({ facts: { table: bad.path, reason: expect.stringContaining('reject') } });
  });

  it('hands back bodies that are no wake-ups of this raw bucket, and does the rest', async () => {
    const lab = new TableLab({}, { raw: 'dms/', lake: '' });
    const table = await lab.activeTable();
    const key = table.load('LOAD00000001', [[1, 'apple']]);
    const other = lab.table('shop/other').rawKey('LOAD00000001.parquet');
    const bodies = [
      'not JSON',
      JSON.stringify({ key }),
      JSON.stringify({ table: 'elsewhere/dms/shop/orders/', cause: 'x' }),
      JSON.stringify({ table: 'raw-bucket/shop/orders/', cause: 'x' }),
      JSON.stringify({ table: table.path, key: other, cause: 'x' }),
      JSON.stringify({ table: table.path, key, cause: 'x' }),
    ];
    const messages = bodies.map((body, i) => ({ messageId: `m${i}`, receiptHandle: `r${i}`, body }));
    const deadline = lab.clock.now() + 15 * MINUTE_MS;
    const { failed } = await reconcileBatch(messages, { deadline, requestId: 'request' }, lab.ports);
    expect(failed).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
    expect(await table.rows()).toEqual(['1 apple']);
  });

  it('works on no more tables side by side than the limit says', async () => {
    const lab = new TableLab({ tablesAtOnce: 2 });
    const tables = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => lab.activeTable({}, `shop/${name}`)));
    for (const table of tables) table.load('LOAD00000001', [[1, 'apple']]);
    const begun = new Set<string>();
    let most = 0;
    lab.onCall = async ({ store, name, target }): Promise<Fault> => {
      if (store === 'tables' && name === 'get') begun.add(target);
      // The commit of a first load is its third update of the row: beginning, claim, commit.
      most = Math.max(most, begun.size - ended(lab));
      await new Promise(setImmediate);
      return 'none';
    };
    const { outcomes } = await lab.merge(tables.map(({ path }) => ({ table: path, cause: 'test' })));
    expect([outcomes.length, most]).toEqual([5, 2]);
  });

  it("holds its messages for what is left of the function's time and a minute", async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    await lab.queue.send([{ table: table.path, cause: 'first' }]);
    const messages = lab.queue.receive();
    const deadline = lab.clock.now() + 10 * MINUTE_MS;
    await reconcileBatch(messages, { deadline, requestId: 'request' }, lab.ports);
    lab.clock.advance(11 * MINUTE_MS - 1);
    expect(lab.queue.receive()).toEqual([]);
    lab.clock.advance(1);
    expect(lab.queue.receive()).toHaveLength(1);
  });

  it('that failed comes back soon, and then ever later', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    lab.onCall = ({ store, name }) => (store === 'lake' && name === 'write' ? 'reject' : 'none');
    await lab.deliver();
    for (const seconds of [10, 30, 90]) {
      const messages = lab.queue.receive().map(({ receiveCount, ...message }) => ({
        ...message,
        attributes: { ApproximateReceiveCount: String(receiveCount) },
      }));
      expect(messages).toHaveLength(1);
      await reconcileBatch(messages, { deadline: lab.clock.now() + 10 * MINUTE_MS, requestId: 'request' }, lab.ports);
      lab.clock.advance(seconds * 1000 - 1);
      expect(lab.queue.receive()).toEqual([]);
      lab.clock.advance(1);
    }
    lab.onCall = () => 'none';
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple']);
  });

  it('lets a table that has more to do yield to the others after a minute', async () => {
    const lab = new TableLab({ filesPerMerge: 1, tablesAtOnce: 1 });
    const [long, short] = [await lab.activeTable({}, 'shop/long'), await lab.activeTable({}, 'shop/short')];
    for (const i of [1, 2, 3]) long.change(`20260301-10000000${i}`, [['I', i, 'new']]);
    short.change('20260301-100000000', [['I', 1, 'new']]);
    lab.arrivals.length = 0;
    lab.onCall = ({ store, name }) => {
      if (store === 'lake' && name === 'write') lab.clock.advance(MINUTE_MS);
      return 'none';
    };
    await lab.merge([long, short].map(({ path }) => ({ table: path, cause: 'test' })));
    expect([await long.rows(), await short.rows()]).toEqual([['1 new'], ['1 new']]);
    await lab.settle();
    expect(await long.rows()).toEqual(['1 new', '2 new', '3 new']);
  });

  it('merges for a minute of a table that takes longer than that to list, and lets the others go on then', async () => {
    const lab = new TableLab({ filesPerMerge: 1, tablesAtOnce: 1 });
    const [long, short] = [await lab.activeTable({}, 'shop/long'), await lab.activeTable({}, 'shop/short')];
    for (const i of [1, 2, 3, 4]) long.change(`20260301-10000000${i}`, [['I', i, 'new']]);
    short.change('20260301-100000000', [['I', 1, 'new']]);
    lab.arrivals.length = 0;
    lab.onCall = ({ store, name, target }) => {
      if (store === 'raw' && name === 'list' && target.startsWith('shop/long/')) lab.clock.advance(2 * MINUTE_MS);
      if (store === 'lake' && name === 'write') lab.clock.advance(MINUTE_MS / 2);
      return 'none';
    };
    await lab.merge([long, short].map(({ path }) => ({ table: path, cause: 'test' })));
    expect([await long.rows(), await short.rows()]).toEqual([['1 new', '2 new'], ['1 new']]);
    expect(lab.queue.size).toBe(1);
    expect(await long.item()).not.toHaveProperty('Attempts');
  });
});

/** Tables whose load is committed. */
function ended(lab: TableLab): number {
  return lab.rowChanges.filter(({ after }) => after?.LoadFiles !== undefined).length;
}

describe('a merge that nears its deadline', () => {
  /** Each merge of one file takes this long: the lake is slow. */
  function slowLake(lab: TableLab, ms: number): void {
    lab.onCall = ({ store, name }) => {
      if (store === 'lake' && name === 'write') lab.clock.advance(ms);
      return 'none';
    };
  }

  async function threeFiles(): Promise<{ lab: TableLab; table: Awaited<ReturnType<TableLab['activeTable']>> }> {
    const lab = new TableLab({ filesPerMerge: 1 });
    const table = await lab.activeTable();
    for (const i of [1, 2, 3]) table.change(`20260301-10000000${i}`, [['I', i, 'new']]);
    lab.arrivals.length = 0;
    slowLake(lab, 4 * MINUTE_MS);
    return { lab, table };
  }

  it('stops in good order, keeps what is committed, and wakes itself for the rest', async () => {
    const { lab, table } = await threeFiles();
    const { failed, outcome } = await table.merge([], { remainingMs: 11 * MINUTE_MS });
    expect([failed, outcome?.state, outcome?.report?.changeFiles]).toEqual([[], 'active', 2]);
    expect(await table.rows()).toEqual(['1 new', '2 new']);
    expect(await table.item()).not.toHaveProperty('Intent');
    expect(lab.queue.size).toBe(1);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 new', '2 new', '3 new']);
    expect(lab.queue.size).toBe(0);
  });

  it('wakes itself each time, though two times within five minutes', async () => {
    const { lab, table } = await threeFiles();
    await table.merge([], { remainingMs: 4 * MINUTE_MS, requestId: 'one' });
    await table.merge([], { remainingMs: 4 * MINUTE_MS, requestId: 'two' });
    expect(lab.queue.size).toBe(2);
  });

  it('begins no write to the lake after the deadline, and the next one takes over', async () => {
    const lab = new TableLab({ targetFileBytes: 1 });
    const table = await lab.activeTable({ partitionKey: ['day'] });
    const days = Array.from({ length: 12 }, (_, i) => `d${i}`);
    table.change(
      '20260301-100000000',
      days.map((day, i) => ['I', i, 'new', day] as const),
    );
    lab.arrivals.length = 0;
    const deadline = lab.clock.now() + 10 * MINUTE_MS;
    const late: string[] = [];
    let writes = 0;
    lab.onCall = async ({ store, name }): Promise<Fault> => {
      if (store !== 'lake' || (name !== 'write' && name !== 'delete')) return 'none';
      if (lab.clock.now() >= deadline) late.push(name);
      writes++;
      // Writes go side by side: they all begin before the time is up.
      await new Promise(setImmediate);
      if (writes === 4) lab.clock.advance(10 * MINUTE_MS);
      return 'none';
    };
    const { failed, outcome } = await table.merge([], { remainingMs: 10 * MINUTE_MS });
    expect([failed, outcome?.state, late]).toEqual([[], 'active', []]);
    expect(writes).toBeLessThan(days.length);
    lab.onCall = () => 'none';
    await lab.settle();
    expect(await table.rows()).toEqual(days.map((day, i) => `${i} new ${day}`));
  });

  it('blocks its table when time is never enough, rather than going on for ever', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    lab.onCall = ({ store, name }) => {
      if (store === 'raw' && name === 'read') lab.clock.advance(15.5 * MINUTE_MS);
      return 'none';
    };
    const outcomes = await lab.settle();
    expect(outcomes.at(-1)).toMatchObject({
      state: 'blocked',
      blocked: { reason: expect.stringContaining('in time'), next: expect.stringContaining('more time') },
    });
    lab.onCall = () => 'none';
    await table.merge();
    expect(await table.rows()).toEqual(['1 apple']);
  });

  it('reads no more of the files that a late one is to be compared with, and is counted', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    for (let i = 0; i < 20; i++) table.change(`20260302-1000000${10 + i}`, [['U', 1, `${i}`]]);
    await lab.settle();
    const late = table.change('20260301-100000000', [['I', 2, 'pear']]);
    const end = lab.clock.now() + 10 * MINUTE_MS;
    const reads: boolean[] = [];
    lab.onCall = ({ store, name }) => {
      if (store === 'raw' && name === 'read') {
        reads.push(lab.clock.now() < end);
        lab.clock.advance(MINUTE_MS);
      }
      return 'none';
    };
    const { failed, outcome } = await table.merge([late], { remainingMs: 10 * MINUTE_MS });
    expect([failed, outcome?.state]).toEqual([[], 'active']);
    expect(reads.length).toBeGreaterThan(5);
    expect(reads).not.toContain(false);
    expect((await table.item()).Attempts).toBe(1);
    lab.onCall = () => 'none';
    await lab.settle();
    expect(await table.rows()).toEqual(['1 19', '2 pear']);
  });

  it('blocks its table when listing alone takes all the time, rather than going on for ever', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    lab.onCall = ({ store, name }) => {
      if (store === 'raw' && name === 'list') lab.clock.advance(15.5 * MINUTE_MS);
      return 'none';
    };
    expect((await lab.settle()).at(-1)?.blocked?.reason).toContain('in time');
    lab.onCall = () => 'none';
    await table.merge();
    expect(await table.rows()).toEqual(['1 apple']);
  });

  it('holds it against no table that the others of its batch took the time', async () => {
    const lab = new TableLab({ tablesAtOnce: 1 });
    const [long, short] = [await lab.activeTable({}, 'shop/long'), await lab.activeTable({}, 'shop/short')];
    for (const table of [long, short]) table.load('LOAD00000001', [[1, 'apple']]);
    lab.arrivals.length = 0;
    lab.onCall = ({ store, name, target }) => {
      const isLong = target.startsWith('shop/long/');
      if (store === 'raw' && name === 'list') lab.clock.advance((isLong ? 9 : 2) * MINUTE_MS);
      return 'none';
    };
    const wakeUps = [long, short].map(({ path }) => ({ table: path, cause: 'test' }));
    await lab.merge(wakeUps, { remainingMs: 10 * MINUTE_MS });
    expect([await long.rows(), await short.rows()]).toEqual([['1 apple'], []]);
    expect(await short.item()).not.toHaveProperty('Attempts');
    expect(lab.queue.size).toBe(1);
  });

  it('claims nothing more after the deadline', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ partitionKey: ['day'] });
    table.load('LOAD00000001', [
      [1, 'apple', 'mon'],
      [2, 'pear', 'mon'],
    ]);
    await lab.settle();
    table.change('20260301-100000000', [['U', 1, 'apple', 'tue']]);
    const deadline = lab.clock.now() + 10 * MINUTE_MS;
    const late: string[] = [];
    lab.onCall = ({ store, name }) => {
      if (lab.clock.now() >= deadline && ['update', 'write'].includes(name)) late.push(`${store} ${name}`);
      if (store === 'lake' && name === 'write') lab.clock.advance(10 * MINUTE_MS);
      return 'none';
    };
    await table.merge([], { remainingMs: 10 * MINUTE_MS });
    expect(late).toEqual([]);
    lab.onCall = () => 'none';
    await table.merge();
    expect(await table.rows()).toEqual(['1 apple tue', '2 pear mon']);
  });

  it('removes no old file after the deadline', async () => {
    const lab = new TableLab({ targetFileBytes: 1 });
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    table.change('20260301-100000000', [['I', 2, 'pear']]);
    table.change('20260301-110000000', [['D', 1]]);
    await lab.settle();
    lab.clock.advance(25 * 60 * MINUTE_MS);
    table.change('20260302-120000000', [['U', 2, 'fig']]);
    slowLake(lab, 10 * MINUTE_MS);
    await table.merge([], { remainingMs: 10 * MINUTE_MS });
    expect([table.lakeFiles().length, await table.rows()]).toEqual([2, ['2 fig']]);
  });

  it('does nothing at all when there is no time left', async () => {
    const { lab, table } = await threeFiles();
    await table.merge([], { remainingMs: 0 });
    expect([table.lakeFiles(), lab.queue.size]).toEqual([[], 1]);
  });

  it('takes less when the one before it came to no commit', async () => {
    const lab = new TableLab({ filesPerMerge: 8 });
    const table = await lab.activeTable();
    for (let i = 0; i < 8; i++) table.change(`20260301-10000000${i}`, [['I', i, 'new']]);
    // Reading takes a minute a file: never enough time for all eight at once.
    lab.onCall = ({ store, name }) => {
      if (store === 'raw' && name === 'read') lab.clock.advance(MINUTE_MS);
      return 'none';
    };
    for (let turn = 0; turn < 4; turn++) await table.merge([], { remainingMs: 5.5 * MINUTE_MS });
    expect(await table.rows()).toHaveLength(8);
  });
});
