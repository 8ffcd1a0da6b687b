import { mapConcurrently } from '../concurrency.ts';
import { lakeFileName } from '../lake/lake-file.ts';
import type { FileWrite } from '../merge/plan.ts';
import { lakeFilePieces } from '../merge/write-lake-file.ts';
import type { Ports } from '../ports/ports.ts';
import type { Replaces } from '../ports/object-store.ts';
import type { Deadline } from './deadline.ts';
import { claim } from './intent.ts';
import type { PlannedMerge } from './merge-files.ts';
import type { Meter } from './meter.ts';
import type { StoredRow } from './row-store.ts';

/**
 * Carries out a plan: claims the objects that it writes, then writes them, phase by phase. The one place that writes
 * rows. Committing is left to the caller.
 * @returns the row as claimed last
 * @throws ObjectChanged, TableItemChanged if another consumer took over; OutOfTime at the deadline.
 */
export async function carryOut(
  row: StoredRow,
  { plan, batch }: PlannedMerge,
  lakePrefix: string,
  deadline: Deadline,
  meter: Meter,
  ports: Pick<Ports, 'lake' | 'tables' | 'random' | 'config'>,
): Promise<StoredRow> {
  let claimed = row;
  for (const phase of plan.phases) {
    for (let i = 0; i < phase.length; i += INTENT_MAX) {
      const { generation, version } = claimed.progress;
      const writes = phase.slice(i, i + INTENT_MAX).map((write) => ({
        write,
        // Named after the version that claims it, so that a key is never used twice.
        key:
          write.kind === 'create'
            ? lakePrefix + write.folder + lakeFileName(generation, (version ?? 0) + 1, ports.random.id())
            : write.file.key,
        replaces: replacesOf(write),
      }));
      deadline.check();
      claimed = await claim(claimed, writes, ports);
      await mapConcurrently(writes, WRITES_AT_ONCE, async ({ write, key, replaces }) => {
        const content = {
          columns: plan.columns,
          batch,
          rowsPerRowGroup: ports.config.limits.rowsPerRowGroup,
          id: ports.random.id(),
          generation,
        };
        const pieces = lakeFilePieces(write, content, meter.groups);
        meter.wrote(await ports.lake.write(key, deadline.guard(pieces), replaces));
      });
    }
  }
  return claimed;
}

/** Objects of one claim: their keys, of up to a kilobyte, must fit into the table's row. */
const INTENT_MAX = 100;
/** Files written side by side; each holds a row group in memory. */
const WRITES_AT_ONCE = 4;

function replacesOf(write: FileWrite): Replaces {
  return write.kind === 'create' ? 'absent' : { eTag: write.file.eTag };
}
