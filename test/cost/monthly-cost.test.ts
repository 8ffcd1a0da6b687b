import { beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { CountedLab } from '../table/counted-lab.ts';
import type { MergeRequests } from './monthly-cost.ts';
import {
  ASSUMED,
  costTable,
  idleMonth,
  LOADS,
  perFile,
  rawFilesOf,
  rawFilesPerSweep,
  SWEEP_TIMEOUT_SECONDS,
  sweepMonth,
} from './monthly-cost.ts';

/** A conditional write that grows a file: begin, copy the old version, one part, complete. */
const WRITE_REQUESTS = 4;

/** Requests of a merge of ten changed rows in ten of eighty row groups of one file, in a function that is warm. */
async function countRequests(): Promise<MergeRequests> {
  const lab = new CountedLab({ rowsPerRowGroup: 250 });
  const table = await lab.activeTable();
  // Text that does not compress, so that the file is larger than what is read whole.
  const text = (id: number): string => createHash('sha512').update(String(id)).digest('base64');
  table.load(
    'LOAD00000001',
    Array.from({ length: 20_000 }, (_, id) => [id, text(id)]),
  );
  await table.merge();
  const updates = (first: number) =>
    Array.from({ length: 10 }, (_, i) => ['U', first + 2_000 * i, text(-first - i)] as const);
  await table.merge([table.change('20260301-100000000', updates(7))]);
  const { requests } = await lab.costOf(table, [table.change('20260301-100000001', updates(257))]);
  const of = (kind: RegExp): number =>
    Object.entries(requests).reduce((sum, [name, count]) => sum + (kind.test(name) ? count : 0), 0);
  return {
    s3Reads: of(/^(raw|lake) (read|head)/),
    s3Writes: of(/^(raw|lake) list/) + WRITE_REQUESTS * of(/^lake write/),
    dynamoDbReads: of(/^tables get/),
    dynamoDbWrites: of(/^tables update|^history add/),
  };
}

describe('what a month costs', () => {
  let requests: MergeRequests;
  let page: string;
  beforeAll(async () => {
    [requests, page] = await Promise.all([countRequests(), readFile('resources/COST.md', 'utf8')]);
  });
  /** As a table's text is, however wide its columns are. */
  const dense = (text: string): string => text.replace(/-{3,}/g, '---').replace(/ +/g, ' ');

  it('is in resources/COST.md as the formulas and the requests counted have it', () => {
    expect(dense(page)).toContain(costTable(requests));
  });

  it('is told there for one file, and where nothing changes', () => {
    const { s3Reads, s3Writes, dynamoDbReads, dynamoDbWrites } = requests;
    expect(page).toContain(`${s3Reads} reads and ${s3Writes} writes and listings on S3`);
    expect(page).toContain(`${dynamoDbReads} read and ${dynamoDbWrites} writes on DynamoDB`);
    expect(page).toContain(`$${(1e6 * perFile(requests)).toFixed(0)} for a million`);
    expect(page).toContain(`Where nothing changes that is $${idleMonth().toFixed(2)} a month`);
  });

  it('is told there for the raw files that every sweep lists, and how many it can', () => {
    const [none, million] = [0, 1e6].map((rawFiles) => sweepMonth({ tables: 0, rawFiles }));
    expect(page).toContain(`$${(million! - none!).toFixed(2)} a month for each million raw files`);
    expect(page).toContain(`about ${rawFilesPerSweep() / 1e6} million`);
    expect(page).toContain(`${ASSUMED.sweepPageSeconds} s for a page of 1,000 keys`);
    expect(page).toContain(`raw files kept for ${ASSUMED.rawDays} days`);
  });

  it('is worked out there for stages whose sweeps come to their end', () => {
    for (const load of LOADS) expect(rawFilesOf(load)).toBeLessThan(rawFilesPerSweep());
  });

  it('reckons the sweep with the memory and the time that the stack gives it', async () => {
    const { functions } = parse(await readFile('serverless.yml', 'utf8'), { logLevel: 'error' }) as {
      functions: { sweep: { memorySize: number; timeout: number } };
    };
    expect(functions.sweep.memorySize).toBe(1024 * ASSUMED.sweepGb);
    expect(functions.sweep.timeout).toBe(SWEEP_TIMEOUT_SECONDS);
  });
});
