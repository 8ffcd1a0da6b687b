import { describe, expect, it } from '@jest/globals';
import { jsonLog } from '../../lib/aws/log.ts';
import { ObjectChanged } from '../../lib/ports/object-store.ts';
import { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import type { DmsColumn } from '../../lib/sample/dms-column.ts';
import { mutate } from '../bad-files/mutate.ts';
import type { Change, OrderRow } from '../table/table-lab.ts';
import { changeBytes, DAY, ID, ITEM, loadBytes, TableLab } from '../table/table-lab.ts';

/** Stands in every value; every damage of a file leaves most of them. */
const SECRET = 'qzvx';
const secret = (i: number) => `${SECRET}${i}`.repeat(3);

const ROWS: OrderRow[] = Array.from({ length: 20 }, (_, i) => [i, secret(i), secret(i % 2)]);
const CHANGES = Array.from({ length: 20 }, (_, i): Change => [
  i % 3 === 0 ? 'D' : 'U',
  i,
  secret(100 + i),
  secret(i % 2),
]);

/** All that a run writes to its log, and all that it notes in the table's row. */
async function saidOf(
  files: Record<string, Uint8Array>,
  settings: { primaryKey?: string[]; partitionKey?: string[] } = {},
): Promise<string> {
  const lab = new TableLab();
  const lines: string[] = [];
  lab.ports.log = jsonLog(lab.clock, (line) => lines.push(line));
  const table = await lab.activeTable(settings);
  for (const [name, bytes] of Object.entries(files)) table.put(name, bytes);
  const outcomes = await lab.settle();
  return [...lines, JSON.stringify(outcomes), JSON.stringify(await table.item())].join('\n');
}

const LOAD = 'LOAD00000001.parquet' as const;
const CHANGE = '20260301-100000000.parquet' as const;
const good = { [LOAD]: loadBytes(ROWS), [CHANGE]: changeBytes(CHANGES) };
const number: DmsColumn = { name: 'item', type: { kind: 'int32' } };
const bytes: DmsColumn = { name: 'day', type: { kind: 'bytes' } };

describe('no log, no reason and no row of the controller table tells a value', () => {
  it.each([
    ['of good files', good, {}],
    ['of a partitioned table', good, { partitionKey: ['day'] }],
    ['of keys', good, { primaryKey: ['item'] }],
    ['of an operation that is none', { ...good, [CHANGE]: operation(secret(1)) }, {}],
    ['of an operation in a load file', { [LOAD]: operation(secret(1)) }, {}],
    ['of a column of another type', { ...good, [CHANGE]: other(number, 987_654_321) }, {}],
    [
      'that is no text and yet to name a folder',
      { [LOAD]: writeDmsFile({ columns: [ID, ITEM, bytes], rows: [[1, 'x', Buffer.from(secret(1))]] }) },
      { partitionKey: ['day'] },
    ],
    [
      'that is too long to name a folder',
      { [LOAD]: loadBytes([[1, 'x', secret(1).repeat(99)]]) },
      { partitionKey: ['day'] },
    ],
    ['of text in place of Parquet', { ...good, [CHANGE]: Buffer.from(secret(1).repeat(99)) }, {}],
    ['of a text file', { ...good, 'LOAD00000002.csv': Buffer.from(secret(1)) }, {}],
  ])('%s', async (_, files, settings) => {
    const said = await saidOf(files, settings);
    expect(said).not.toContain(SECRET);
    expect(said).not.toContain('987654321');
  });

  it.each([
    ['that another writer replaced', (key: string) => new ObjectChanged(key, 'version 1')],
    // As S3 names the object in a message of its own.
    [
      'that S3 refuses',
      (key: string) => new Error(`not authorized to perform s3:PutObject on "arn:aws:s3:::lake/${key}"`),
    ],
  ])('of the partition of a lake file %s', async (_, refusal) => {
    const lab = new TableLab();
    const lines: string[] = [];
    lab.ports.log = jsonLog(lab.clock, (line) => lines.push(line));
    const table = await lab.activeTable({ partitionKey: ['day'] });
    table.put(LOAD, good[LOAD]);
    await lab.settle();
    lab.onCall = ({ store, name, target }) => {
      if (store === 'lake' && name === 'write') throw refusal(target);
      return 'none';
    };
    await table.merge([table.put(CHANGE, good[CHANGE])]);
    expect(lines.join('\n')).toMatch(/day=….g1-v\d+-[0-9a-f]+\.parquet/);
    expect(lines.join('\n')).not.toContain(SECRET);
  });

  it('of damaged files', async () => {
    const random = new SeededRandom(7);
    let blocked = 0;
    for (let i = 0; i < 150; i++) {
      const damaged = random.pick([LOAD, CHANGE] as const);
      const { bytes: mutant, fault } = mutate(good[damaged], random);
      const said = await saidOf({ ...good, [damaged]: mutant }, random.pick([{}, { partitionKey: ['day'] }]));
      if (said.includes('"blocked"')) blocked++;
      expect(`${fault}: ${said.includes(SECRET) ? said : ''}`).toBe(`${fault}: `);
    }
    expect(blocked).toBeGreaterThan(50);
  });
});

function operation(op: string): Uint8Array {
  return writeDmsFile({ columns: [OP_COLUMN, ID, ITEM, DAY], rows: [[op, 1, secret(1), secret(2)]] });
}

function other(column: DmsColumn, value: number): Uint8Array {
  return writeDmsFile({ columns: [OP_COLUMN, ID, column], rows: [['U', 1, value]] });
}
