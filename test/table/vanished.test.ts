import { describe, expect, it } from '@jest/globals';
import type { LabTable } from './table-lab.ts';
import { TableLab } from './table-lab.ts';

const NAMES = ['20260301-100000000', '20260301-110000000', '20260301-120000000', '20260301-130000000'] as const;

/** Three change files wait; the first two are removed when something of them is read. */
async function vanishing(settings: object): Promise<LabTable> {
  const lab = new TableLab();
  const table = await lab.activeTable(settings);
  table.load('LOAD00000001', [[1, 'apple']]);
  await lab.settle();
  for (const [i, name] of NAMES.entries()) table.change(name, [['I', 10 + i, name]]);
  lab.onCall = ({ store, name, target }) => {
    if (store === 'raw' && name === 'read' && NAMES.slice(0, 2).some((file) => target.includes(file)))
      for (const file of NAMES.slice(0, 2)) lab.raw.remove(table.rawKey(`${file}.parquet`));
    return 'none';
  };
  return table;
}

describe('raw files that vanish between listing and reading', () => {
  it.each([
    ['by key', {}],
    ['appended', { primaryKey: [] }],
  ])('are reported once, with count and names, and the table goes on without them (%s)', async (_, settings) => {
    const table = await vanishing(settings);
    const { failed, outcome } = await table.merge();
    expect([failed, outcome?.state]).toEqual([[], 'active']);
    expect(outcome?.report).toMatchObject({ changeFiles: 2, vanishedFiles: 2 });
    expect(await table.rows()).toEqual(['1 apple', `12 ${NAMES[2]}`, `13 ${NAMES[3]}`]);
    expect(table.lab.said.filter(({ message }) => message === 'raw files vanished')).toEqual([
      {
        message: 'raw files vanished',
        facts: { table: table.path, count: 2, files: [`${NAMES[0]}.parquet`, `${NAMES[1]}.parquet`] },
      },
    ]);
    expect((await table.merge()).outcome).toEqual({ path: table.path, state: 'active' });
  });

  it('may be all that there was to merge', async () => {
    const table = await vanishing({});
    for (const name of NAMES.slice(2)) table.lab.raw.remove(table.rawKey(`${name}.parquet`));
    const { failed, outcome } = await table.merge();
    expect([failed, outcome?.state]).toEqual([[], 'active']);
    expect(await table.rows()).toEqual(['1 apple']);
  });

  it('may be a load file', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    const key = table.load('LOAD00000001', [[1, 'apple']]);
    table.load('LOAD00000002', [[2, 'pear']]);
    lab.onCall = ({ store, name, target }) => {
      if (store === 'raw' && name === 'read' && target === key) lab.raw.remove(key);
      return 'none';
    };
    const { failed } = await table.merge();
    expect(failed).toEqual([]);
    expect(await table.rows()).toEqual(['2 pear']);
    expect(lab.said).toContainEqual({
      message: 'raw files vanished',
      facts: { table: table.path, count: 1, files: ['LOAD00000001.parquet'] },
    });
  });

  it('are no news once they are merged', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    const key = table.change(NAMES[0], [['U', 1, 'fig']]);
    await lab.settle();
    lab.raw.remove(key);
    table.change(NAMES[1], [['I', 2, 'pear']]);
    await lab.settle();
    await table.merge();
    expect(lab.said).toEqual([]);
    expect(await table.rows()).toEqual(['1 fig', '2 pear']);
  });
});
