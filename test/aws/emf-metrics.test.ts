import { describe, expect, it } from '@jest/globals';
import { EmfMetrics } from '../../lib/aws/emf-metrics.ts';
import { METRICS } from '../../lib/ports/metrics.ts';
import type { LogFacts } from '../../lib/ports/log.ts';

interface EmfLine {
  _aws: {
    CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] }[];
  };
  [name: string]: unknown;
}

function metrics({ perTable = false, writeLine }: { perTable?: boolean; writeLine?: (line: string) => void } = {}) {
  const lines: string[] = [];
  const warnings: [string, LogFacts?][] = [];
  const log = {
    info: () => undefined,
    warn: (...said: [string, LogFacts?]) => warnings.push(said),
    error: () => undefined,
  };
  const emf = new EmfMetrics({ stage: 'prod', perTable, log, writeLine: writeLine ?? ((line) => lines.push(line)) });
  return { emf, warnings, written: () => lines.map((line) => JSON.parse(line) as EmfLine) };
}

describe('metrics in the embedded format', () => {
  it('are sums over all tables, and name the table without a metric of its own', () => {
    const { emf, written } = metrics();
    emf.add({ RowsInserted: 3, BytesRead: 1024 }, 'sales/orders');
    const [line] = written();
    expect(written()).toHaveLength(1);
    expect(line).toMatchObject({
      service: 'tidemark',
      stage: 'prod',
      table: 'sales/orders',
      RowsInserted: 3,
      BytesRead: 1024,
    });
    expect(line!._aws.CloudWatchMetrics).toEqual([
      {
        Namespace: 'Tidemark',
        Dimensions: [['service', 'stage']],
        Metrics: [
          { Name: 'RowsInserted', Unit: 'Count' },
          { Name: 'BytesRead', Unit: 'Bytes' },
        ],
      },
    ]);
  });

  it('are metrics of the table as well, if that is asked for', () => {
    const { emf, written } = metrics({ perTable: true });
    emf.add({ RowsInserted: 3 }, 'sales/ordérs\u0007');
    emf.add({ BlockedTables: 0 });
    const [ofTable, ofAll] = written();
    expect(ofTable!._aws.CloudWatchMetrics[0]!.Dimensions).toEqual([
      ['service', 'stage'],
      ['service', 'stage', 'Table'],
    ]);
    // Dimensions are printable ASCII.
    expect(ofTable).toMatchObject({ Table: 'sales/ord%C3%A9rs%07', table: 'sales/ordérs\u0007' });
    expect(ofAll).toMatchObject({ BlockedTables: 0 });
    expect(ofAll!._aws.CloudWatchMetrics[0]!.Dimensions).toEqual([['service', 'stage']]);
    expect(ofAll).not.toHaveProperty('Table');
  });

  it('hold every sample, in lines of no more than a hundred', () => {
    const { emf, written } = metrics();
    const waits = Array.from({ length: 1234 }, (_, i) => i);
    emf.add({ Freshness: waits, ChangeFiles: 1234 });
    expect(written().flatMap(({ Freshness }) => Freshness)).toEqual(waits);
    for (const { Freshness } of written()) expect((Freshness as number[]).length).toBeLessThanOrEqual(100);
    expect(written().filter((line) => 'ChangeFiles' in line)).toHaveLength(1);
  });

  it('know a unit for every name', () => {
    const { emf, written } = metrics();
    emf.add(Object.fromEntries(Object.keys(METRICS).map((name) => [name, 1])));
    const units = written()[0]!._aws.CloudWatchMetrics[0]!.Metrics.map(({ Name, Unit }) => [Name, Unit]);
    expect(Object.fromEntries(units)).toEqual(METRICS);
  });

  it('never throw, and leave nothing of what failed to the next', () => {
    let broken = true;
    const lines: string[] = [];
    const { emf, warnings } = metrics({
      writeLine: (line) => {
        if (broken) throw new Error('the pipe is closed');
        lines.push(line);
      },
    });
    emf.add({ RowsInserted: 1 }, 'sales/orders');
    emf.add({ RowsInserted: 'many' as never }, 'sales/orders');
    expect(warnings.map(([message]) => message)).toEqual(Array(2).fill('metrics could not be written'));
    broken = false;
    emf.add({ RowsDeleted: 1 });
    expect(JSON.parse(lines[0]!)).not.toHaveProperty('RowsInserted');
    expect(JSON.parse(lines[0]!)).not.toHaveProperty('table');
  });
});
