import type { Ports } from '../ports/ports.ts';
import type { Deadline } from './deadline.ts';
import type { StoredRow } from './row-store.ts';
import { saveProgress } from './row-store.ts';

/**
 * Makes sure that looking at a table has left time to do something. Where it has taken most of an invocation, it would again:
 * that is counted in the row, so that it ends some time.
 * @throws OutOfTime
 */
export async function requireTime(
  row: StoredRow,
  deadline: Deadline,
  { tables, random }: Pick<Ports, 'tables' | 'random'>,
): Promise<void> {
  if (deadline.isSpent()) await saveProgress(row, { attempts: row.progress.attempts + 1 }, tables, random);
  deadline.check();
}
