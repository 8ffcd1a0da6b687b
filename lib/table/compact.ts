import { mapConcurrently } from '../concurrency.ts';
import { OutOfTime } from '../errors.ts';
import { openLakeFile } from '../lake/lake-file.ts';
import { joinableFiles, planJoin, planLayout } from '../merge/plan-compact.ts';
import type { FileWrite, MergePlan } from '../merge/plan.ts';
import { NO_ROWS } from '../merge/plan.ts';
import { emptied, withoutSettledJoins } from '../merge/replacements.ts';
import { NO_METRICS } from '../ports/metrics.ts';
import type { Ports } from '../ports/ports.ts';
import type { CompactRequest } from '../queue/wake-up.ts';
import { carryOut } from './carry-out.ts';
import { cleanUpDue, removeOldEmptyFiles } from './clean-up.ts';
import type { Deadline } from './deadline.ts';
import { joinedLeftovers, readLakeFiles, updateIndex } from './lake-table.ts';
import type { LakeAccess, LakeFiles, WrittenFile } from './lake-table.ts';
import { Meter } from './meter.ts';
import { requireTime } from './require-time.ts';
import type { StoredRow } from './row-store.ts';
import { saveProgress } from './row-store.ts';
import { storedColumns } from './stored-columns.ts';

/** What compacting a table did. */
export interface CompactReport {
  /** Files laid out anew, each under its own key. */
  filesLaidOut: number;
  /** Files whose rows went into another, and files that took them. */
  filesJoined: number;
  filesWritten: number;
  /** Of all these files. */
  bytesBefore: number;
  bytesAfter: number;
  /** Set if it was given up, and why. */
  givenUp?: string;
}

export function noCompaction(): CompactReport {
  return { filesLaidOut: 0, filesJoined: 0, filesWritten: 0, bytesBefore: 0, bytesAfter: 0 };
}

/** Adds what another invocation did. */
export function addCompaction(sum: CompactReport, { givenUp, ...counts }: CompactReport): void {
  for (const name of Object.keys(counts) as (keyof typeof counts)[]) sum[name] += counts[name];
  if (givenUp !== undefined) sum.givenUp = givenUp;
}

/** Where and until when a table is compacted. */
export interface CompactionSite {
  /** Prefix of the table's files in the lake bucket. */
  prefix: string;
  deadline: Deadline;
  access: LakeAccess;
  ports: Ports;
}

/**
 * Lays the files of a table out anew that are not in shape, in steps of claim, write and commit. Whatever is done needs
 * nothing more, so the next invocation goes on where this one ends.
 * @param row of a table without open intent, as it was read or saved last
 * @param failures invocations before this one that ended in vain and may have left no trace in the row
 * @param report is added to, step by step
 * @returns whether time was up before all was done
 * @throws ObjectChanged, TableItemChanged if another consumer took over; TableBlocked if a lake file cannot be read.
 */
export async function compactTable(
  row: StoredRow,
  request: CompactRequest,
  failures: number,
  site: CompactionSite,
  report: CompactReport,
): Promise<boolean> {
  const tries = Math.max(row.progress.attempts, failures);
  if (tries >= TRIES_MAX) {
    // The table's merges wait for it.
    report.givenUp = `${tries} times in a row a step did not come to its end; give merge more time or memory (mergeTimeout, mergeMemory)`;
    site.ports.log.error('compacting a table was given up', { table: row.path, reason: report.givenUp });
    // Who asks again begins anew.
    if (row.progress.attempts > 0) await saveProgress(row, { attempts: 0 }, site.ports.tables, site.ports.random);
    return false;
  }
  try {
    await requireTime(row, site.deadline, site.ports);
    // Merges have taken the table's share of the time.
    if (site.deadline.leavesNoTimeFor(0)) return true;
    return await new Compaction(row, request, site, report).run();
  } catch (error) {
    if (error instanceof OutOfTime) return true;
    throw error;
  }
}

/**
 * Brings a join that was half done to its end: files whose rows are in another file now give them up. The row's intent
 * is then theirs; nothing is committed.
 */
export async function emptyJoinedFiles(row: StoredRow, site: CompactionSite): Promise<StoredRow> {
  const lakeFiles = await readJoinedFiles(row, site);
  const plan = planOf(row, lakeFiles, [emptiedLeftovers(lakeFiles)]);
  const { deadline, access, ports, prefix } = site;
  return (await carryOut(row, { plan, batch: NO_BATCH }, prefix, deadline, new Meter('', NO_METRICS), access, ports))
    .claimed;
}

/** A table that is to be built anew since has no file of its own generation yet that tells the columns. */
async function readJoinedFiles(row: StoredRow, { prefix, access }: CompactionSite): Promise<LakeFiles> {
  const lakeFiles = await readLakeFiles(row, prefix, access);
  const { generation } = joinedLeftovers(lakeFiles)[0] ?? row.progress;
  if (generation === row.progress.generation) return lakeFiles;
  return readLakeFiles({ ...row, progress: { ...row.progress, generation } }, prefix, access);
}

const TRIES_MAX = 3;
/** Files of which a step writes some; their footers are in memory at the same time. */
const FILES_PER_STEP = 8;
/** A step is not begun unless so many times the longest one before it are left. */
const HEADROOM = 1.5;
const NO_BATCH = { values: new Map() };

/** One invocation's compacting of a table. */
class Compaction {
  private longest = 0;

  constructor(
    private row: StoredRow,
    private readonly request: CompactRequest,
    private readonly site: CompactionSite,
    private readonly report: CompactReport,
  ) {}

  /** @returns whether time was up */
  async run(): Promise<boolean> {
    for (;;) {
      const { filesLaidOut, filesWritten } = this.report;
      if (await this.pass((lakeFiles) => this.joins(lakeFiles))) return true;
      if (await this.pass((lakeFiles) => this.layouts(lakeFiles))) return true;
      const isSame = this.report.filesLaidOut === filesLaidOut && this.report.filesWritten === filesWritten;
      // What was joined may still be small, and what was laid out anew have become so.
      if (isSame || !this.request.join) return false;
    }
  }

  /** Goes through the files as they are listed now, step by step. */
  private async pass(steps: (lakeFiles: LakeFiles) => AsyncIterable<FileWrite[][]>): Promise<boolean> {
    const { ports, prefix, access, deadline } = this.site;
    const lakeFiles = await readLakeFiles(this.row, prefix, access);
    const written = new Map<string, WrittenFile>();
    let isTimeUp = false;
    for await (const phases of steps(lakeFiles)) {
      // However long looking took: with as much time the next invocation would come no further.
      isTimeUp = this.longest === 0 ? deadline.isWithin(0) : deadline.leavesNoTimeFor(this.longest * HEADROOM);
      if (isTimeUp) break;
      if (phases.flat().length === 0) continue;
      const started = ports.clock.now();
      for (const file of await this.step(planOf(this.row, lakeFiles, phases))) written.set(file.key, file);
      this.longest = Math.max(this.longest, ports.clock.now() - started, 1);
    }
    if (!isTimeUp) await removeOldEmptyFiles(lakeFiles, deadline, ports);
    else if (this.longest === 0) await requireTime(this.row, deadline, ports);
    if (written.size > 0) await updateIndex(lakeFiles, [...written.values()], access);
    return isTimeUp;
  }

  private async step(plan: MergePlan): Promise<WrittenFile[]> {
    const { ports, prefix, access, deadline } = this.site;
    const meter = new Meter('', NO_METRICS);
    const carriedOut = await carryOut(this.row, { plan, batch: NO_BATCH }, prefix, deadline, meter, access, ports);
    const empties = plan.phases.flat().some(({ kind }) => kind === 'empty');
    const progress = { intent: [], attempts: 0, ...(empties && cleanUpDue(true, ports.clock.now())) };
    // The commit point.
    this.row = await saveProgress(carriedOut.claimed, progress, ports.tables, ports.random);
    for (const write of plan.phases.flat()) this.count(write);
    for (const { size } of carriedOut.written) this.report.bytesAfter += size;
    return carriedOut.written;
  }

  private count(write: FileWrite): void {
    if (write.kind === 'join') this.report.filesWritten++;
    else if (write.kind === 'empty') this.report.filesJoined++;
    else if (write.kind === 'change') this.report.filesLaidOut++;
    if (write.kind === 'empty' || write.kind === 'change') this.report.bytesBefore += write.file.size;
  }

  /** First of all what an earlier join has left: while rows are twice in the lake, nothing else is to be done. */
  private async *joins(lakeFiles: LakeFiles): AsyncGenerator<FileWrite[][]> {
    const leftovers = emptiedLeftovers(lakeFiles);
    if (leftovers.length > 0) yield [leftovers];
    if (!this.request.join) return;
    const { limits } = this.site.ports.config;
    const { columns } = storedColumns(this.row, lakeFiles.columns);
    for (const files of joinableFiles(lakeFiles.current, columns.length, limits)) {
      const sources = await mapConcurrently(files, FILES_PER_STEP, (file) => file.open());
      const join = planJoin(sources, columns, this.request.purge, limits);
      yield [[join], files.map((file): FileWrite => ({ kind: 'empty', file, reason: join.reason }))];
    }
  }

  private async *layouts(lakeFiles: LakeFiles): AsyncGenerator<FileWrite[][]> {
    const { access, ports } = this.site;
    const { columns } = storedColumns(this.row, lakeFiles.columns);
    for (let i = 0; i < lakeFiles.current.length; i += FILES_PER_STEP) {
      const files = lakeFiles.current.slice(i, i + FILES_PER_STEP);
      const writes = await mapConcurrently(files, FILES_PER_STEP, async (file) => {
        // Not by way of the list of files, which would keep the footers of all of them.
        const footerBytes = lakeFiles.index.entries.get(file.key)?.footerBytes;
        const opened = await openLakeFile(access.lake, file, access.footers, footerBytes);
        const write = planLayout(opened, columns, this.request.purge, ports.config.limits);
        return write ? [withoutSettledJoins(write, lakeFiles.stale)] : [];
      });
      // Also if there are none: looking takes time, too.
      yield [writes.flat()];
    }
  }
}

function emptiedLeftovers(lakeFiles: LakeFiles): FileWrite[] {
  return joinedLeftovers(lakeFiles).map((file) => emptied(file, lakeFiles.current));
}

function planOf(row: StoredRow, { columns }: LakeFiles, phases: readonly FileWrite[][]): MergePlan {
  return {
    ...storedColumns(row, columns),
    phases: phases.filter((phase) => phase.length > 0),
    counts: NO_ROWS,
  };
}
