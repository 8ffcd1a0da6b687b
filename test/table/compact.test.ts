/**
 * Compacting: files end in shape, rows stay as they are, whatever dies, stalls or runs beside it.
 */
import { describe, expect, it } from '@jest/globals';
import type { Limits } from '../../lib/config.ts';
import { FooterCache } from '../../lib/lake/footer-cache.ts';
import { listLakeFiles, openLakeFiles } from '../../lib/lake/lake-file.ts';
import { deadBytes } from '../../lib/merge/plan-compact.ts';
import type { CompactRequest } from '../../lib/queue/wake-up.ts';
import type { TableSettings } from '../../lib/table/configure.ts';
import { sweep } from '../../lib/table/sweep.ts';
import { setBack } from '../../lib/table/replay.ts';
import type { Fault } from '../cloud/fault.ts';
import type { Call, Change, LabTable, OrderRow } from './table-lab.ts';
import { TableLab } from './table-lab.ts';

const USUAL: CompactRequest = { purge: false, join: false };
const PURGE: CompactRequest = { purge: true, join: false };
const JOIN: CompactRequest = { purge: false, join: true };

/** Files grow, however many of their bytes are no longer in use, unless they are compacted. */
const GROWING: Partial<Limits> = { rowsPerRowGroup: 4, deadBytesShare: 1, smallRowGroups: 1000 };

/** One invocation of `merge`, asked to compact. */
async function compact(table: LabTable, request: CompactRequest, options: { remainingMs?: number } = {}) {
  const wakeUp = { table: table.path, cause: table.lab.ports.random.id(), compact: request };
  const { failed, outcomes } = await table.lab.merge([wakeUp], options);
  return { failed, outcome: outcomes[0] };
}

async function filesOf({ lab, name }: LabTable) {
  return openLakeFiles(lab.lake, await listLakeFiles(lab.lake, `${name}/`), new FooterCache());
}

async function filesWithRows(table: LabTable): Promise<number> {
  return (await filesOf(table)).filter(({ rows }) => rows > 0).length;
}

function isInLake({ lab }: LabTable, text: string): boolean {
  return [...lab.snapshot().values()].some((bytes) => Buffer.from(bytes).includes(text));
}

const rowsFrom = (from: number, to: number, day: string | null = null): OrderRow[] =>
  Array.from({ length: to - from }, (_, i) => [from + i, `item ${from + i}`, day]);

/** A table whose one file was changed by many merges. */
async function wornTable(limits: Partial<Limits> = GROWING): Promise<LabTable> {
  const table = await new TableLab(limits).activeTable();
  table.load('LOAD00000001', rowsFrom(0, 40));
  await table.lab.settle();
  for (let i = 0; i < 6; i++) {
    table.change(`20260301-10000000${i}`, [
      ['U', i, `changed ${i}`],
      ['D', 20 + i],
      ['I', 100 + i, `new ${i}`],
    ]);
    await table.lab.settle();
  }
  return table;
}

/** A table of several small files in two partitions. */
async function scatteredTable(settings: TableSettings = {}): Promise<LabTable> {
  const table = await new TableLab({ ...GROWING, targetFileBytes: 1 }).activeTable({
    partitionKey: ['day'],
    ...settings,
  });
  for (let i = 0; i < 4; i++) {
    table.load(`LOAD0000000${i}`, [
      ...rowsFrom(10 * i, 10 * i + 6, 'mon'),
      ...rowsFrom(100 + 10 * i, 103 + 10 * i, 'tue'),
    ]);
    await table.lab.settle();
  }
  Object.assign(table.lab.ports.config.limits, { targetFileBytes: 1024 * 1024 });
  return table;
}

/** A join that dies when it has written the first file of rows of others. */
async function joinHalf(table: LabTable): Promise<void> {
  let writes = 0;
  table.lab.onCall = ({ store, name }) => {
    const dies = store === 'lake' && name === 'write' && ++writes > 1;
    return dies || writes > 1 ? 'reject' : 'none';
  };
  await compact(table, JOIN).catch(() => undefined);
  table.lab.onCall = () => 'none';
}

describe('compacting a table', () => {
  it('keeps its rows and its keys, and makes its files smaller', async () => {
    const table = await wornTable();
    const before = {
      rows: await table.rows(),
      files: table.lakeFiles(),
      sizes: (await filesOf(table)).map(({ size }) => size),
    };
    const { failed, outcome } = await compact(table, USUAL);
    expect({ failed, rows: await table.rows(), files: table.lakeFiles() }).toEqual({
      failed: [],
      rows: before.rows,
      files: before.files,
    });
    const [file] = await filesOf(table);
    expect(outcome?.compacted).toEqual({
      filesLaidOut: 1,
      filesJoined: 0,
      filesWritten: 0,
      bytesBefore: before.sizes[0],
      bytesAfter: file!.size,
    });
    expect(file!.size).toBeLessThan(before.sizes[0]! / 2);
    expect(deadBytes(file!)).toBe(0);
    expect(file!.footer.rowGroups.every(({ rows }) => rows <= 4)).toBe(true);
  });

  it.each([
    ['usual', USUAL],
    ['to purge', PURGE],
    ['to join', JOIN],
  ])('writes nothing the second time: %s', async (_, request) => {
    const table = await wornTable();
    await compact(table, request);
    const before = table.lab.snapshot();
    const item = await table.item();
    const { outcome } = await compact(table, request);
    expect(outcome?.compacted).toMatchObject({ filesLaidOut: 0, filesJoined: 0 });
    expect(table.lab.snapshot()).toEqual(before);
    expect(await table.item()).toEqual(item);
  });

  it('first merges what there is', async () => {
    const table = await wornTable();
    table.change('20260302-100000000', [['I', 500, 'late in the day']]);
    const { outcome } = await compact(table, USUAL);
    expect(outcome?.report).toMatchObject({ changeFiles: 1, rowsInserted: 1 });
    expect(outcome?.compacted?.filesLaidOut).toBe(1);
    expect(await table.rows()).toContain('500 late in the day');
  });

  it('leaves a few dead bytes where they are, unless they are to be purged', async () => {
    const table = await new TableLab({ deadBytesShare: 1 }).activeTable();
    const noise = (id: number): string =>
      Array.from({ length: 60 }, (_, i) => ((id * 7919 + i * 104729) % 65521).toString(36)).join('');
    table.load(
      'LOAD00000001',
      Array.from({ length: 2000 }, (_, id) => [id, noise(id)]),
    );
    await table.lab.settle();
    table.change('20260301-100000000', [['I', 5000, 'new']]);
    Object.assign(table.lab.ports.config.limits, { rowsPerRowGroup: 2000 });
    await table.lab.settle();
    const [file] = await filesOf(table);
    expect(deadBytes(file!)).toBeGreaterThan(0);
    expect(deadBytes(file!) / file!.size).toBeLessThan(0.05);
    expect((await compact(table, USUAL)).outcome?.compacted?.filesLaidOut).toBe(0);
    expect((await compact(table, PURGE)).outcome?.compacted?.filesLaidOut).toBe(1);
    expect(deadBytes((await filesOf(table))[0]!)).toBe(0);
  });

  it('is refused while the table is inactive or blocked, with the reason', async () => {
    const table = await wornTable();
    await table.configure({ active: false });
    const before = table.lab.snapshot();
    expect((await compact(table, USUAL)).outcome).toEqual({
      path: table.path,
      state: 'inactive',
      isCompactingRefused: true,
    });
    await table.configure({ active: true });
    table.put('20260302-100000000.parquet', Buffer.from('no Parquet'));
    const { outcome } = await compact(table, USUAL);
    expect(outcome).toMatchObject({
      state: 'blocked',
      blocked: { file: '20260302-100000000.parquet', reason: expect.stringContaining('cannot be read') },
      isCompactingRefused: true,
    });
    expect(outcome).not.toHaveProperty('compacted');
    expect(table.lab.snapshot()).toEqual(before);
  });

  it('that the time does not suffice for goes on in invocations after it, with the same request', async () => {
    const table = await scatteredTable();
    for (const [i, id] of [0, 10, 20, 30, 100, 110, 120, 130].entries()) {
      table.change(`20260301-10000000${i}`, [['U', id, 'changed', id < 100 ? 'mon' : 'tue']]);
      await table.lab.settle();
    }
    const before = await table.rows();
    await table.lab.queue.send([{ table: table.path, cause: 'by hand', compact: { purge: true, join: true } }]);
    // A step, claim and commit, takes six minutes of the fifteen.
    table.lab.onCall = ({ store, name }) => {
      if (store === 'tables' && name === 'update') table.lab.clock.advance(3 * 60_000);
      return 'none';
    };
    const outcomes = await table.lab.settle();
    table.lab.onCall = () => 'none';
    expect(outcomes.length).toBeGreaterThan(1);
    expect(outcomes.every(({ compacted }) => compacted !== undefined)).toBe(true);
    expect(await table.rows()).toEqual(before);
    expect(await filesWithRows(table)).toBe(2);
    expect((await filesOf(table)).map(deadBytes).every((dead) => dead === 0)).toBe(true);
  });

  it('does a step at least, however long looking took, while other tables wait', async () => {
    const table = await wornTable();
    const { lab } = table;
    const other = await lab.activeTable({}, 'shop/other');
    other.load('LOAD00000001', [[1, 'apple']]);
    lab.arrivals.length = 0;
    const size = (await filesOf(table))[0]!.size;
    lab.onCall = ({ store, name }) => {
      if (store === 'lake' && name === 'list') lab.clock.advance(2 * 60_000);
      return 'none';
    };
    const { outcomes } = await lab.merge([
      { table: table.path, cause: 'a', compact: USUAL },
      { table: other.path, cause: 'b' },
    ]);
    expect(outcomes[0]?.compacted).toMatchObject({ filesLaidOut: 1 });
    expect((await filesOf(table))[0]!.size).toBeLessThan(size);
    expect(await other.rows()).toEqual(['1 apple']);
  });

  it('is given up when listing alone takes all the time, of the raw files or of the lake', async () => {
    for (const slow of ['raw', 'lake'] as const) {
      const table = await wornTable();
      const { lab } = table;
      lab.onCall = ({ store, name }) => {
        if (store === slow && name === 'list') lab.clock.advance(15.5 * 60_000);
        return 'none';
      };
      await lab.queue.send([{ table: table.path, cause: 'a', compact: USUAL }]);
      const outcomes = await lab.settle();
      expect(outcomes.at(-1)?.compacted?.givenUp).toContain('3 times in a row');
      expect(await table.item()).not.toHaveProperty('Attempts');
    }
  });

  it('is given up when a step never comes to its end, and merges go on', async () => {
    const table = await wornTable();
    const before = await table.rows();
    await table.lab.queue.send([{ table: table.path, cause: 'by hand', compact: PURGE }]);
    table.lab.onCall = ({ store, name }) => {
      if (store === 'lake' && name === 'read') table.lab.clock.advance(15 * 60_000);
      return 'none';
    };
    const outcomes = await table.lab.settle();
    table.lab.onCall = () => 'none';
    expect(outcomes.at(-1)).toMatchObject({
      state: 'active',
      compacted: { givenUp: expect.stringContaining('3 times in a row') },
    });
    expect(await table.rows()).toEqual(before);
    await table.merge([table.change('20260302-100000000', [['D', 0]])]);
    expect(await table.rows()).toEqual(before.slice(1));
    expect((await compact(table, PURGE)).outcome?.compacted).toMatchObject({ filesLaidOut: 1 });
  });
});

describe('purging a table', () => {
  it('leaves no byte of a value that was deleted or changed', async () => {
    const table = await wornTable();
    table.change('20260302-100000000', [
      ['U', 10, 'secret-changed'],
      ['I', 300, 'secret-deleted'],
    ]);
    await table.lab.settle();
    table.change('20260302-110000000', [
      ['U', 10, 'plain'],
      ['D', 300],
    ]);
    await table.lab.settle();
    const rows = await table.rows();
    expect(isInLake(table, 'secret-changed') && isInLake(table, 'secret-deleted')).toBe(true);
    await compact(table, PURGE);
    expect(isInLake(table, 'secret-changed') || isInLake(table, 'secret-deleted')).toBe(false);
    expect(await table.rows()).toEqual(rows);
  });

  it('looks into dictionaries, too, though a file was laid out anew since', async () => {
    const table = await new TableLab({ deadBytesShare: 0 }).activeTable();
    const items = ['apple-apple-apple', 'secret-secret-secret', 'pear-pear-pear-pear'] as const;
    table.load(
      'LOAD00000001',
      Array.from({ length: 400 }, (_, id) => [id, id === 7 ? items[1] : items[id % 2 === 0 ? 0 : 2]]),
    );
    await table.lab.settle();
    table.change('20260301-100000000', [['U', 7, items[0]]]);
    await table.lab.settle();
    const [file] = await filesOf(table);
    // As `deadBytesShare` asks: the file was laid out anew, and has no dead bytes.
    expect([deadBytes(file!), isInLake(table, 'secret')]).toEqual([0, true]);
    const rows = await table.rows();
    await compact(table, USUAL);
    expect(isInLake(table, 'secret')).toBe(true);
    expect((await compact(table, PURGE)).outcome?.compacted?.filesLaidOut).toBe(1);
    expect(isInLake(table, 'secret')).toBe(false);
    expect(await table.rows()).toEqual(rows);
    expect((await compact(table, PURGE)).outcome?.compacted?.filesLaidOut).toBe(0);
  });
});

describe('joining the files of a table', () => {
  it('leaves one file of each partition, with the same rows, and those it was made of empty for a day', async () => {
    const table = await scatteredTable();
    const rows = await table.rows();
    expect(await filesWithRows(table)).toBe(8);
    const { outcome } = await compact(table, JOIN);
    expect(outcome?.compacted).toMatchObject({ filesJoined: 8, filesWritten: 2 });
    expect(await table.rows()).toEqual(rows);
    expect([await filesWithRows(table), table.lakeFiles().length]).toEqual([2, 10]);
    expect((await filesOf(table)).filter((file) => file.rows > 0).map(({ footer }) => footer.rowGroups.length)).toEqual(
      [8, 4],
    );
    table.lab.clock.advance(25 * 60 * 60_000);
    await compact(table, JOIN);
    expect(table.lakeFiles()).toHaveLength(2);
    expect(await table.rows()).toEqual(rows);
  });

  it('has those it was made of removed by a sweep the day after, though nothing more comes', async () => {
    const table = await scatteredTable();
    const rows = await table.rows();
    await compact(table, JOIN);
    table.lab.clock.advance(25 * 60 * 60_000);
    await sweep('the day after', table.lab.ports);
    await table.lab.settle();
    expect(table.lakeFiles()).toHaveLength(2);
    expect(await table.rows()).toEqual(rows);
  });

  it('joins no file of half the target size', async () => {
    const table = await scatteredTable();
    const sizes = (await filesOf(table)).map(({ size }) => size);
    Object.assign(table.lab.ports.config.limits, { targetFileBytes: Math.min(...sizes) * 2 });
    expect((await compact(table, JOIN)).outcome?.compacted?.filesJoined).toBe(0);
  });

  it('goes on merging into the file that took the rows', async () => {
    const table = await scatteredTable();
    const rows = await table.rows();
    await compact(table, JOIN);
    await table.merge([
      table.change('20260301-100000000', [
        ['U', 10, 'changed', 'mon'],
        ['D', 100],
        ['I', 999, 'new', 'tue'],
      ]),
    ]);
    expect(await table.rows()).toEqual(
      [...rows.filter((row) => !/^(10|100) /.test(row)), '10 changed mon', '999 new tue'].sort(
        (a, b) => parseInt(a) - parseInt(b),
      ),
    );
    expect(await filesWithRows(table)).toBe(2);
  });

  it('counts no row of a file that a take-over wrote again after its rows were taken into another', async () => {
    const table = await scatteredTable();
    const rows = await table.rows();
    await joinHalf(table);
    expect((await table.rows()).length).toBeGreaterThan(rows.length);
    await table.merge([table.change('20260301-100000000', [['D', 0]])]);
    expect(await table.rows()).toEqual(rows.slice(1));
  });

  it('that died is brought to its end in a table that is to be built anew since, by the columns of its files', async () => {
    const table = await scatteredTable();
    const rows = await table.rows();
    await joinHalf(table);
    await setBack(table.path, { kind: 'all' }, table.lab.ports);
    const { outcome } = await table.merge();
    expect(outcome).toMatchObject({ state: 'active' });
    expect(await table.rows()).toEqual(rows);
    // Whoever has not written them must be able to read them.
    expect((await filesOf(table)).map(({ footer }) => footer.columns.length).every((columns) => columns > 0)).toBe(
      true,
    );
  });
});

/** As a merge that dies, in test/table/crash.test.ts. */
const FAULTS: { name: string; fault: Fault; dies: boolean }[] = [
  { name: 'is refused at any call', fault: 'reject', dies: false },
  { name: 'loses the answer of any call', fault: 'apply-then-fail', dies: false },
  { name: 'dies before any call', fault: 'reject', dies: true },
  { name: 'dies after any call', fault: 'apply-then-fail', dies: true },
];

describe.each([
  ['compacting', USUAL, () => wornTable()],
  ['joining', { purge: true, join: true }, () => scatteredTable()],
  ['joining without a key', JOIN, () => scatteredTable({ primaryKey: [] })],
] as const)('%s', (_, request, prepare) => {
  it.each(FAULTS)('ends with each row once, when it $name', async ({ fault, dies }) => {
    const rows = await (await prepare()).rows();
    const isWrite = ({ name }: Call): boolean => ['write', 'delete', 'update', 'send'].includes(name);
    let at = 1;
    for (; ; at++) {
      const table = await prepare();
      let calls = 0;
      table.lab.onCall = (call) => {
        if (dies && calls >= at) return 'reject';
        return (isWrite(call) || !dies) && ++calls === at ? fault : 'none';
      };
      await compact(table, request).catch(() => undefined);
      table.lab.onCall = () => 'none';
      if (calls < at) break;
      const { outcome } = await table.merge();
      expect({ at, state: outcome?.state, rows: await table.rows() }).toEqual({ at, state: 'active', rows });
      expect(await table.item()).not.toHaveProperty('Intent');
      await compact(table, request);
      expect({ at, rows: await table.rows() }).toEqual({ at, rows });
      expect(await filesWithRows(table)).toBe(request.join ? 2 : 1);
    }
    expect(at).toBeGreaterThan(3);
  });

  it('that stalls at any write while another merges and commits neither loses nor doubles a row', async () => {
    const changes: Change[] = [
      ['U', 0, 'changed', 'mon'],
      ['D', 1],
      ['I', 999, 'new', 'mon'],
    ];
    const peaceful = await prepare();
    await peaceful.merge([peaceful.change('20260302-100000000', changes)]);
    const rows = await peaceful.rows();
    let stalledAt = 1;
    for (; ; stalledAt++) {
      const table = await prepare();
      let calls = 0;
      let release!: () => void;
      const released = new Promise<void>((resolve) => (release = resolve));
      let reached!: (stalled: boolean) => void;
      const stall = new Promise<boolean>((resolve) => (reached = resolve));
      table.lab.onCall = async ({ store, name }): Promise<Fault> => {
        const counts = (store === 'lake' && name === 'write') || (store === 'tables' && name === 'update');
        if (counts && ++calls === stalledAt) {
          reached(true);
          await released;
        }
        return 'none';
      };
      const slow = compact(table, request).finally(() => reached(false));
      if (!(await stall)) break;
      const { failed } = await table.merge([table.change('20260302-100000000', changes)]);
      const seen = await table.rows();
      release();
      expect({ stalledAt, failed, seen, slow: (await slow).failed }).toEqual({
        stalledAt,
        failed: [],
        seen: rows,
        slow: [],
      });
      expect({ stalledAt, rows: await table.rows() }).toEqual({ stalledAt, rows });
    }
    expect(stalledAt).toBeGreaterThan(3);
  });
});
