/** What commands tell a person to do next: as it stands there it can be pasted into a shell. */
import { exec } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { runActivate } from '../../lib/cli/activate.ts';
import { placedIo } from '../../lib/cli/placed-io.ts';
import { runPlan } from '../../lib/cli/plan.ts';
import { runSkip } from '../../lib/cli/skip.ts';
import { runTables } from '../../lib/cli/tables.ts';
import { runLocal } from '../../lib/local/run.ts';
import { openPlace } from '../../lib/place/place.ts';
import { configureTable } from '../../lib/table/configure.ts';
import { lakeRows, putDmsFile } from '../local/dms-folder.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { recorded, TIDEMARK } from './terminal.ts';

const TABLE = 'sales/orders';
const BAD = '20260301-100000000.parquet';

let root: string;
let raw: string;
let lake: string;
beforeEach(async () => {
  root = await temporaryFolder();
  // As someone may have it, and a shell splits it.
  [raw, lake] = [join(root, "Ann's raw files"), join(root, 'lake')];
  await putDmsFile(raw, `${TABLE}/LOAD00000001.parquet`, [{ id: 1, item: 'apple' }]);
});

async function set(settings: object): Promise<void> {
  await mkdir(lake, { recursive: true });
  const place = await openPlace({ raw, lake }, { err: () => undefined });
  await configureTable(TABLE, settings, place.ports);
}

async function merge() {
  const { out, err, io } = recorded();
  const options = { raw, lake, once: true };
  return { exitCode: await runLocal(options, placedIo(io, options)), out, err: err.join('\n') };
}

/** The commands in a text. */
function commandsIn(text: string): string[] {
  return [...text.matchAll(/`npx (tidemark .*?)`/g)].map(([, command = '']) => command);
}

/** Runs a command as a shell does that it is pasted into. */
async function paste(command: string): Promise<string> {
  const call = `"${process.execPath}" "${TIDEMARK}"`;
  const { stdout } = await promisify(exec)(command.replace(/^tidemark/, () => call));
  return stdout;
}

describe('a bad file', () => {
  beforeEach(async () => {
    await set({ primaryKey: ['id'], active: true });
    await writeFile(join(raw, TABLE, BAD), 'no Parquet');
    await putDmsFile(raw, `${TABLE}/20260301-110000000.parquet`, [{ Op: 'U', id: 1, item: 'fig' }]);
  });

  it('is told of with the command that skips it at this place, by whatever shows it', async () => {
    const place = `--raw '${raw.replace("'", String.raw`'\''`)}' --lake ${lake}`;
    const told = [`tidemark skip ${TABLE} ${BAD} ${place}`];
    const { exitCode, err } = await merge();
    expect([exitCode, commandsIn(err)]).toEqual([2, told]);
    const shown = recorded();
    expect(await runTables([], { raw, lake }, shown.io)).toBe(2);
    expect(commandsIn(shown.out.join('\n'))).toEqual(told);
    const planned = recorded();
    expect(await runPlan(TABLE, { raw, lake }, planned.io)).toBe(2);
    expect(commandsIn(planned.out.join('\n'))).toContain(told[0]);
    await paste(told[0]!);
    expect(await lakeRows(lake, TABLE)).toEqual([{ id: 1, item: 'fig' }]);
  });

  it('is in JSON as in the row: the place is known to whoever asked there', async () => {
    await merge();
    const { out, io } = recorded();
    await runTables([], { raw, lake, json: true }, io);
    expect(JSON.parse(out[0]!)).toMatchObject({
      blocked: { next: expect.stringContaining(`\`tidemark skip ${TABLE} ${BAD}\``) },
    });
  });

  it.each([
    ['is mistyped', '20260301-10000000.parquet'],
    ['is named by its path', `./raw/${TABLE}/${BAD}`],
  ])('whose name %s is suggested', async (_, typed) => {
    await merge();
    const { err, io } = recorded();
    expect(await runSkip(TABLE, typed, { raw, lake }, io)).toBe(1);
    expect(err.join()).toContain('Did you mean ');
    await paste(commandsIn(err.join())[0]!);
    expect(await lakeRows(lake, TABLE)).toEqual([{ id: 1, item: 'fig' }]);
  });

  it('is found by the plan where its name is far from any', async () => {
    await merge();
    const { err, io } = recorded();
    expect(await runSkip(TABLE, 'orders.csv', { raw, lake }, io)).toBe(1);
    expect(await paste(`${commandsIn(err.join())[0]!} || true`)).toContain(BAD);
  });
});

describe('keys', () => {
  it('that the files do not have are named anew by a command, also where nobody knows of a row', async () => {
    await set({ primaryKey: ['idd'], active: true });
    const { exitCode, err } = await merge();
    expect(exitCode).toBe(2);
    const [command = ''] = commandsIn(err);
    expect(command).toMatch(/^tidemark activate sales\/orders --primary-key … --raw /);
    // In a terminal it asks.
    await paste(`${command.replace('…', 'id')} --yes`);
    expect(await lakeRows(lake, TABLE)).toEqual([{ id: 1, item: 'apple' }]);
  });

  it('are kept by a command where the table cannot be built anew for others', async () => {
    await set({ primaryKey: ['id'], partitionKey: ['item'], active: true });
    await merge();
    await putDmsFile(raw, `${TABLE}/${BAD}`, [{ Op: 'U', id: 1, item: 'fig' }]);
    await merge();
    await rm(join(raw, TABLE, 'LOAD00000001.parquet'));
    await set({ primaryKey: ['item'] });
    const { exitCode, err } = await merge();
    expect(exitCode).toBe(2);
    const [command = ''] = commandsIn(err);
    expect(command).toMatch(/activate sales\/orders --primary-key id --partition-key item --raw /);
    await paste(command);
    expect(await merge()).toMatchObject({ exitCode: 0 });
  });
});

it('an inactive table is activated by the command that is told', async () => {
  const { exitCode, err } = await merge();
  expect(exitCode).toBe(0);
  await paste(commandsIn(err)[0]!.replace('…', 'id'));
  expect(await lakeRows(lake, TABLE)).toEqual([{ id: 1, item: 'apple' }]);
});

describe('a file of the state that is not JSON', () => {
  it.each([
    ['tables', (io: ReturnType<typeof recorded>['io']) => runTables([], { raw, lake }, io)],
    ['activate', (io: ReturnType<typeof recorded>['io']) => runActivate(TABLE, { raw, lake, primaryKey: 'id' }, io)],
    ['local', (io: ReturnType<typeof recorded>['io']) => runLocal({ raw, lake, once: true }, io)],
  ])('is named by %s, with what to do, and without a stack', async (command, run) => {
    await set({ primaryKey: ['id'] });
    const file = join(lake, '_tidemark/tables/raw%2Fsales%2Forders%2F.json');
    await writeFile(file, '{"path": ');
    const { err, io } = recorded();
    expect(await run(io)).toBe(1);
    expect(err.join('\n')).toMatch(
      new RegExp(
        `^tidemark ${command}: ${file} is not JSON, so the state of its table is unknown: .*\n  What to do: If`,
      ),
    );
    expect(err.join('\n')).not.toMatch(/\n +at /);
  });
});
