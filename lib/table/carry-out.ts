import { mapConcurrently } from '../concurrency.ts';
import { TableBlocked } from '../errors.ts';
import { lakeFileName } from '../lake/lake-file.ts';
import type { FileWrite, MergePlan } from '../merge/plan.ts';
import { isNewFile } from '../merge/plan.ts';
import type { RowBatch } from '../merge/row-batch.ts';
import { writeLakeFile } from '../merge/write-lake-file.ts';
import type { Ports } from '../ports/ports.ts';
import type { Replaces } from '../ports/object-store.ts';
import { dueAfterGivingUp } from './catalog-due.ts';
import type { Deadline } from './deadline.ts';
import { claim } from './intent.ts';
import type { LakeAccess, WrittenFile } from './lake-table.ts';
import type { Meter } from './meter.ts';
import type { StoredRow } from './row-store.ts';
import { saveProgress } from './row-store.ts';

/**
 * Carries out a plan: claims the objects that it writes, then writes them, phase by phase. The one place that writes
 * rows. Committing is left to the caller.
 * @returns the row as claimed last, and what was written
 * @throws ObjectChanged, TableItemChanged if another consumer took over; OutOfTime at the deadline; TableBlocked if a slice
 * that is read only now, or a lake file, turns out to be unreadable.
 */
export async function carryOut(
  row: StoredRow,
  { plan, batch }: { plan: MergePlan; batch: Pick<RowBatch, 'values'> },
  lakePrefix: string,
  deadline: Deadline,
  meter: Meter,
  { lake, footers }: LakeAccess,
  ports: Pick<Ports, 'tables' | 'random' | 'threads' | 'config'>,
): Promise<{ claimed: StoredRow; written: WrittenFile[] }> {
  let claimed = row;
  const written: WrittenFile[] = [];
  for (const phase of plan.phases) {
    for (let i = 0; i < phase.length; i += INTENT_MAX) {
      const { generation, version } = claimed.progress;
      const writes = phase.slice(i, i + INTENT_MAX).map((write) => ({
        write,
        // Named after the version that claims it, so that a key is never used twice.
        key: isNewFile(write)
          ? lakePrefix + write.folder + lakeFileName(generation, (version ?? 0) + 1, ports.random.id())
          : write.file.key,
        replaces: replacesOf(write),
      }));
      deadline.check();
      claimed = await claim(claimed, writes, ports);
      const carriedOut = mapConcurrently(writes, WRITES_AT_ONCE, async ({ write, key, replaces }) => {
        const content = {
          columns: plan.columns,
          bloomFilterColumns: plan.bloomFilterColumns,
          batch,
          rowsPerRowGroup: ports.config.limits.rowsPerRowGroup,
          id: ports.random.id(),
          generation,
          table: row.path,
          threads: ports.threads,
        };
        const version = writeLakeFile(write, content, meter.groups);
        const object = await lake.write(key, deadline.guard(version.pieces), replaces);
        meter.wrote(object);
        const footer = version.footer();
        if (!footer) return;
        footers.keep({ key, eTag: object.eTag }, footer);
        // The new version begins with the old one, so what was read of that is where it was.
        const filters = write.kind === 'change' && write.layout === 'grow' && footers.filters.get(write.file);
        if (filters) footers.filters.keep({ key, eTag: object.eTag }, filters);
        written.push({ key, eTag: object.eTag, size: object.size, footer });
      });
      await carriedOut.catch((error: unknown) => giveUp(error, claimed, writes.length, ports));
    }
  }
  return { claimed, written };
}

/**
 * A write that could not be made of what is there has changed nothing, and will not: if it was the only one, nobody need
 * take over from it.
 */
async function giveUp(
  error: unknown,
  claimed: StoredRow,
  writes: number,
  { tables, random }: Pick<Ports, 'tables' | 'random'>,
): Promise<never> {
  if (error instanceof TableBlocked && writes === 1)
    await saveProgress(claimed, { ...dueAfterGivingUp(claimed.progress), intent: [] }, tables, random);
  throw error;
}

/** Objects of one claim: their keys, of up to a kilobyte, must fit into the table's row. */
const INTENT_MAX = 100;
/** Files written side by side; each holds a few row groups in memory. */
const WRITES_AT_ONCE = 4;

function replacesOf(write: FileWrite): Replaces {
  return isNewFile(write) ? 'absent' : { eTag: write.file.eTag };
}
