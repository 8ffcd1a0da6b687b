import type { TableName } from '../dms/object-key.ts';
import { messageOf } from '../errors.ts';
import { ObjectChanged } from '../ports/object-store.ts';
import type { Ports } from '../ports/ports.ts';
import { TableItemChanged } from '../ports/table-store.ts';
import type { CompactReport } from './compact.ts';
import { noCompaction } from './compact.ts';
import type { Deadline } from './deadline.ts';
import type { HistoryEntry } from './history-entry.ts';
import { lakeAccess } from './lake-table.ts';
import { Meter } from './meter.ts';
import type { RawListing } from './raw-listing.ts';
import { rawPrefix } from './raw-listing.ts';
import type { Hints, PassEnd } from './reconciliation.ts';
import { Reconciliation } from './reconciliation.ts';
import { remember } from './remember.ts';
import type { MergeReport } from './report.ts';

export interface Reconciled extends PassEnd {
  report: MergeReport | undefined;
  /** What was done of the compacting that was asked for, if the table came to that. */
  compacted: CompactReport | undefined;
}

/**
 * Brings a table's lake up to its raw files, and adds what it did to the table's history. What is true is in the row and
 * in the listings; what woke us is not needed to know it.
 * @throws whatever is transient: the wake-up is to be delivered again.
 */
export async function reconcile(
  path: string,
  name: TableName,
  hints: Hints,
  deadline: Deadline,
  ports: Ports,
): Promise<Reconciled> {
  const meter = new Meter(`${name.schema}/${name.table}`, ports.metrics);
  const compacted = hints.compact && noCompaction();
  const started = ports.clock.now();
  const remembered = async (how: Pick<HistoryEntry, 'failed'>): Promise<MergeReport | undefined> => {
    const report = meter.report(ports.clock.now() - started);
    if (compacted) meter.compacted(compacted);
    await remember(path, { ...meter.befallen, report, compacted, ...how }, hints.requestId, ports);
    return report;
  };
  const metered = { ...ports, raw: meter.reading(ports.raw), lake: meter.reading(ports.lake) };
  const access = { ...lakeAccess(ports.lake, ports.log), lake: metered.lake };
  let lost: RawListing | undefined;
  for (let attempt = 1; ; attempt++) {
    const pass = new Reconciliation(path, name, hints, deadline, meter, compacted, access, metered);
    try {
      const end = await pass.run(lost);
      const report = await remembered({});
      if (compacted && end.state === 'active') ports.log.info('table compacted', { table: path, ...compacted });
      return { ...end, report, compacted: end.state === 'active' ? compacted : undefined };
    } catch (error) {
      const overtaken = error instanceof ObjectChanged || error instanceof TableItemChanged;
      if (overtaken) meter.overtaken();
      if (!overtaken || attempt === ATTEMPTS_MAX) {
        await remembered({ failed: messageOf(error) });
        throw error;
      }
      if (error instanceof ObjectChanged && error.key.startsWith(rawPrefix(path))) lost = pass.listing;
      ports.log.info('something changed while it was merged; looking again', { table: path, attempt, error });
    }
  }
}

const ATTEMPTS_MAX = 5;
