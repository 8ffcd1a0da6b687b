import { beforeEach, describe, expect, it } from '@jest/globals';
import { type FollowedFile, FollowedFiles } from '../../lib/local/followed-files.ts';
import { type LabTable, TableLab } from '../table/table-lab.ts';

const PATH = 'raw-bucket/shop/orders/';

describe('a raw file that is followed', () => {
  let lab: TableLab;
  let table: LabTable;
  let files: FollowedFiles;
  let told: string[];

  beforeEach(async () => {
    lab = new TableLab();
    table = await lab.activeTable();
    told = [];
    files = new FollowedFiles(lab.ports, {
      onLook: ({ changed }) => told.push(...changed.map(({ name, state }) => `${name} ${state}`)),
      onError: (error) => told.push(String(error)),
    });
  });

  async function follow(name: string): Promise<FollowedFile | undefined> {
    const file = await files.follow(`shop/orders/${name}`, lab.clock.now());
    await files.settle(PATH);
    return file;
  }

  async function look(): Promise<void> {
    files.look(PATH);
    await files.settle(PATH);
  }

  it('waits until the row says that it is merged, and knows when that was', async () => {
    table.load('LOAD00000001', [[1, 'apple']]);
    table.change('20260301-100000000', [['U', 1, 'pear']]);
    const load = await follow('LOAD00000001.parquet');
    const change = await follow('20260301-100000000.parquet');
    expect(told).toEqual([]);
    expect(files.waitingOf(PATH)).toBe(2);
    lab.clock.advance(5_000);
    await lab.settle();
    await look();
    expect(told).toEqual(['LOAD00000001.parquet merged', '20260301-100000000.parquet merged']);
    expect(load?.mergedAt).toBe(lab.clock.now());
    expect((change?.mergedAt ?? 0) - (change?.appearedAt ?? 0)).toBeGreaterThanOrEqual(5_000);
    expect(files.waitingOf(PATH)).toBe(0);
  });

  it('is merged at once if it is told of only after the merge', async () => {
    table.load('LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    await follow('LOAD00000001.parquet');
    expect(told).toEqual(['LOAD00000001.parquet merged']);
  });

  it('is blocked while it is in the way, and dropped once it is replaced or skipped', async () => {
    table.put('20260301-100000000.parquet', Buffer.from('PAR1 and nothing more'));
    await follow('20260301-100000000.parquet');
    await lab.settle();
    await look();
    expect(told).toEqual(['20260301-100000000.parquet blocked']);
    table.change('20260301-100000000', [['I', 1, 'apple']]);
    await follow('20260301-100000000.parquet');
    await lab.settle();
    await look();
    expect(told.slice(1)).toEqual(['20260301-100000000.parquet dropped', '20260301-100000000.parquet merged']);
  });

  it('that was there before is counted until it is merged, whoever sees it come', async () => {
    table.load('LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    table.put('20260301-100000000.parquet', Buffer.from('PAR1 and nothing more'));
    table.change('20260301-110000000', [['I', 2, 'pear']]);
    await lab.settle();
    const counted: string[] = [];
    await files.followPresent((path) => counted.push(`${path} ${files.waitingOf(path)}`));
    await files.settle(PATH);
    expect(counted).toEqual([`${PATH} 2`]);
    table.change('20260301-100000000', [['U', 1, 'fig']]);
    expect(await follow('20260301-100000000.parquet')).toMatchObject({ wasThere: false });
    expect(files.waitingOf(PATH)).toBe(2);
    await lab.settle();
    await look();
    expect(files.waitingOf(PATH)).toBe(0);
  });

  it('that is found there while it arrives is one that arrived', async () => {
    table.load('LOAD00000001', [[1, 'apple']]);
    await files.followPresent(() => undefined);
    expect(await follow('LOAD00000001.parquet')).toMatchObject({ wasThere: false });
    await files.followPresent(() => undefined);
    expect(files.waitingOf(PATH)).toBe(1);
  });

  it('that is told of twice is one', async () => {
    table.load('LOAD00000001', [[1, 'apple']]);
    const first = await follow('LOAD00000001.parquet');
    expect(await follow('LOAD00000001.parquet')).toBe(first);
    expect(files.waitingOf(PATH)).toBe(1);
  });

  it('is a file of a table: what is none, or is gone, is not followed', async () => {
    expect(await follow('LOAD00000009.parquet')).toBeUndefined();
    expect(await files.follow('readme.txt', 0)).toBeUndefined();
    expect(await files.follow('awsdms_control/x/LOAD00000001.parquet', 0)).toBeUndefined();
  });
});
