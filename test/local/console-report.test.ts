/** What a run on folders tells the person in front of it. */
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ConsoleReport } from '../../lib/local/console-report.ts';
import type { TableOutcome } from '../../lib/table/reconcile-batch.ts';

/** What cli-progress ends a bar with: it takes the line away. */
const LINE_TAKEN_AWAY = '\u001b[2K';
/** A table of which one file was merged. */
const ACTIVE: TableOutcome = {
  path: 'raw/sales/orders/',
  state: 'active',
  report: {
    table: 'sales/orders',
    loadFiles: 0,
    changeFiles: 1,
    lateFiles: 0,
    vanishedFiles: 0,
    rowsInserted: 1,
    rowsUpdated: 0,
    rowsDeleted: 0,
    rowsIgnored: 0,
    rowGroupsRewritten: 1,
    rowGroupsCopied: 0,
    bytesRead: 1,
    bytesWritten: 1,
    bytesCopied: 0,
    copyMs: 0,
    durationMs: 1,
  },
};

describe('the progress bar of a run that watches', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('is gone whenever all there is is merged, not only the first time', () => {
    let shown = '';
    const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
    terminal.on('data', (bytes: Buffer) => (shown += bytes.toString()));
    const now = jest.spyOn(performance, 'now').mockReturnValue(0);
    const report = new ConsoleReport({ out: () => undefined, err: () => undefined, terminal }, { json: false });
    for (const [ms, merged] of [
      [60_000, '1 file merged'],
      [120_000, '2 files merged'],
    ] as const) {
      now.mockReturnValue(ms);
      report.outcomes([ACTIVE], 0);
      expect(shown).toContain(`${merged} · ${ms / 1000} s`);
      expect(shown.endsWith(LINE_TAKEN_AWAY)).toBe(false);
      report.settle();
      expect(shown.endsWith(LINE_TAKEN_AWAY)).toBe(true);
    }
  });
});
