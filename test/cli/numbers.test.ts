import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { runHistory } from '../../lib/cli/history.ts';
import { runPlan } from '../../lib/cli/plan.ts';
import { runTables } from '../../lib/cli/tables.ts';
import { runVerify } from '../../lib/cli/verify.ts';
import { runLocal } from '../../lib/local/run.ts';
import type { Order } from '../local/dms-folder.ts';
import { putDmsFile } from '../local/dms-folder.ts';
import { rawAndLake } from '../local/temporary-folder.ts';
import { recorded } from './terminal.ts';

const TABLE = 'sales/orders';

describe('large numbers', () => {
  let places: { raw: string; lake: string };
  let merged: string[];

  beforeAll(async () => {
    const { root, raw, lake } = await rawAndLake();
    places = { raw, lake };
    const rows = Array.from({ length: 8_425 }, (_, id): Order => ({ id, item: 'pen' }));
    await putDmsFile(raw, `${TABLE}/LOAD00000001.parquet`, rows);
    const tables = join(root, 'tables.json');
    await writeFile(tables, JSON.stringify({ [TABLE]: { primaryKey: ['id'], active: true } }));
    const { out, io } = recorded();
    await runLocal({ ...places, tables, once: true }, io);
    merged = out;
    const changes = rows.map(({ id }): Order => ({ Op: 'U', id, item: 'pencil' }));
    await putDmsFile(raw, `${TABLE}/20260301-101500123.parquet`, changes);
  });

  const commands: [string, (json: boolean, io: ReturnType<typeof recorded>['io']) => Promise<unknown>][] = [
    ['tables', (json, io) => runTables([], { ...places, json }, io)],
    ['history', (json, io) => runHistory(TABLE, { ...places, json }, io)],
    ['plan', (json, io) => runPlan(TABLE, { ...places, json }, io)],
    ['verify', (json, io) => runVerify(TABLE, { ...places, json }, io)],
  ];

  it.each(commands)('are written by %s as people read them', async (_name, run) => {
    const { out, io } = recorded();
    await run(false, io);
    expect(out.join('\n')).toContain('8,425');
    expect(out.join('\n')).not.toContain('8425');
  });

  it.each(commands)('are numbers in the JSON of %s', async (_name, run) => {
    const { out, io } = recorded();
    await run(true, io);
    expect(out.join('\n')).toMatch(/:8425\b/);
    expect(out.join('\n')).not.toContain('8,425');
  });

  it('are written by local as people read them', () => {
    expect(merged).toEqual([expect.stringContaining('8,425 rows inserted')]);
  });
});
