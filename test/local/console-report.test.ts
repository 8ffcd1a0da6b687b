/** What a run on folders tells the person in front of it. */
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ConsoleReport } from '../../lib/local/console-report.ts';
import type { TableOutcome } from '../../lib/table/reconcile-batch.ts';

/** What cli-progress ends a bar with: it takes the line away. */
const LINE_TAKEN_AWAY = '\u001b[2K';
const ACTIVE: TableOutcome = { path: 'raw/sales/orders/', state: 'active' };

describe('the progress bar of a run that watches', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('is gone whenever all there is is merged, not only the first time', () => {
    let shown = '';
    const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
    terminal.on('data', (bytes: Buffer) => (shown += bytes.toString()));
    const now = jest.spyOn(performance, 'now').mockReturnValue(0);
    const report = new ConsoleReport({ out: () => undefined, err: () => undefined, terminal }, { json: false });
    for (const ms of [60_000, 120_000]) {
      now.mockReturnValue(ms);
      report.outcomes([ACTIVE], 0);
      expect(shown).toContain(`${ms / 1000} s`);
      expect(shown.endsWith(LINE_TAKEN_AWAY)).toBe(false);
      report.settle();
      expect(shown.endsWith(LINE_TAKEN_AWAY)).toBe(true);
    }
  });
});
