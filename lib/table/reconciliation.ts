import { commandText, TABLE } from '../command-text.ts';
import type { TableName } from '../dms/object-key.ts';
import { OutOfTime, TableBlocked } from '../errors.ts';
import { listLakeFiles } from '../lake/lake-file.ts';
import type { Ports } from '../ports/ports.ts';
import type { CompactRequest } from '../queue/wake-up.ts';
import { begin } from './begin.ts';
import { blockTable, isStillBlocked } from './block.ts';
import { dueAfterGivingUp, isRowDueInCatalog } from './catalog-due.ts';
import { readCatalogView } from './catalog-view.ts';
import { registerInCatalog } from './cataloging.ts';
import { cleanUpDue, isCleanUpDue, removeOldEmptyFiles } from './clean-up.ts';
import type { CompactionSite, CompactReport } from './compact.ts';
import { compactTable, emptyJoinedFiles } from './compact.ts';
import type { Deadline } from './deadline.ts';
import { decide } from './decide.ts';
import { takeOver } from './intent.ts';
import { requireFreePlace } from './lake-place.ts';
import { lakePrefix, readLakeFiles } from './lake-table.ts';
import type { LakeAccess } from './lake-table.ts';
import { checkLegible } from './legible-settings.ts';
import type { Meter } from './meter.ts';
import { raiseMark } from './raise-mark.ts';
import { columnsOfRawFiles } from './raw-columns.ts';
import type { RawListing } from './raw-listing.ts';
import { hasRawObjects, listRawFiles } from './raw-listing.ts';
import { requireTime } from './require-time.ts';
import type { StoredRow } from './row-store.ts';
import { readOrRegisterRow, readRow, rereadRow, saveProgress } from './row-store.ts';
import type { Blocked, Progress, TableRow } from './row.ts';
import type { StepSite } from './take-step.ts';
import { NAMES_LOGGED, takeStep } from './take-step.ts';
import { settleTruncation } from './truncation.ts';
import { hasRawFiles, mayBeRefilled, vanishedFiles } from './vanished.ts';

/** Why a table is looked at. */
export interface Hints {
  /** Decoded keys of objects that were created. */
  keys: readonly string[];
  /** Look at all of it, and at what blocks it, again: a sweep, or an edited row. */
  whole: boolean;
  /** How often it was looked at in vain; whatever ended that may have left no trace in the row. */
  failures: number;
  /** To lay its files out anew once it is up to its raw files. */
  compact: CompactRequest | undefined;
  /** Of the invocation that looks. */
  requestId: string;
}

/** How a pass ended. */
export interface PassEnd {
  state: 'inactive' | 'active' | 'blocked';
  blocked: Blocked | undefined;
  /** Whether time was up before all was done. */
  more: boolean;
}

/** One pass over a table, from its row as read at the beginning. */
export class Reconciliation {
  /** The raw files that it works on. */
  listing: RawListing | undefined;

  constructor(
    private readonly path: string,
    readonly name: TableName,
    private readonly hints: Hints,
    readonly deadline: Deadline,
    private readonly meter: Meter,
    private readonly compacted: CompactReport | undefined,
    private readonly access: LakeAccess,
    readonly ports: Ports,
  ) {}

  /** @param lost what a pass before this one had listed when it found a raw file replaced or gone */
  async run(lost?: RawListing): Promise<PassEnd> {
    const row = await this.knownRow();
    if (!row?.settings.active) return { state: 'inactive', blocked: undefined, more: false };
    const whole = this.hints.whole || lost !== undefined || mayHideBelowMark(row.progress);
    const seen = await listRawFiles(row, { ...this.hints, whole }, this.ports.raw, this.ports.clock.now());
    const listing = mayBeRefilled(row, seen, this.ports.config) ? await this.listWhole(row) : seen;
    this.listing = listing;
    if (lost) this.noteVanished(vanishedFiles(row, lost, listing));
    try {
      checkLegible(row.settings);
      const prefix = lakePrefix(row, this.name, this.ports.config);
      if (isStillBlocked(row, listing, this.hints))
        return { state: 'blocked', blocked: row.progress.blocked, more: false };
      await requireFreePlace(row, this.name, prefix, this.access, this.ports);
      const settled = await this.settleIntent(row, prefix, listing);
      const present = await settleTruncation(settled, listing, this.compactionSite(prefix), this.meter);
      const upToDate = await this.merge(await this.begin(present, prefix, listing), prefix, listing);
      const merged = upToDate === 'more' ? upToDate : await this.registerWhatIsDue(upToDate, prefix, listing);
      const more = merged === 'more' || (await this.compactFiles(await this.cleanUp(merged, prefix), prefix));
      return { state: 'active', blocked: undefined, more };
    } catch (error) {
      if (error instanceof OutOfTime) return await this.outOfTime(row, listing);
      if (!(error instanceof TableBlocked)) throw error;
      return { state: 'blocked', blocked: await this.block(error, row, listing), more: false };
    }
  }

  /** A table that is seen for the first time is registered; one without any raw file was forgotten since it was woken. */
  private async knownRow(): Promise<StoredRow | undefined> {
    const { tables, raw, config } = this.ports;
    const known = await readRow(this.path, tables);
    if (known || !(await hasRawObjects(this.path, raw))) return known;
    return readOrRegisterRow(this.path, this.name, tables, config);
  }

  /** The rest is for the next invocation; not for ever, or a merge that no invocation has time for would go on unseen. */
  private async outOfTime(row: TableRow, listing: RawListing): Promise<PassEnd> {
    const { progress } = await rereadRow(this.path, this.ports.tables);
    if (progress.attempts < OUT_OF_TIME_MAX) return { state: 'active', blocked: undefined, more: true };
    const tooSlow = new TableBlocked('', `${progress.attempts} merges in a row did not come to their end in time.`, {
      next: `Give merge more time or memory (mergeTimeout, mergeMemory), or partition the table. It is tried again by the sweep, or at once by ${commandText('activate', TABLE)}.`,
    });
    return { state: 'blocked', blocked: await this.block(tooSlow, row, listing), more: false };
  }

  /** @returns the row once the lake is up to the raw files, or that time is up */
  private async merge(row: StoredRow, prefix: string, listed: RawListing): Promise<StoredRow | 'more'> {
    const { tables, random, clock, log } = this.ports;
    let current = row;
    let listing = listed;
    let longest = 0;
    this.deadline.beginShare();
    for (;;) {
      const step = decide(current, listing);
      if (step.kind === 'nothing') break;
      if (step.kind === 'list whole') return this.mergeWhole(current, prefix);
      if (longest === 0) await requireTime(current, this.deadline, this.ports);
      else if (this.deadline.leavesNoTimeFor(longest * HEADROOM)) return 'more';
      const started = clock.now();
      const merged = await takeStep(step, current, listing, this.stepSite(prefix));
      if (merged === 'list whole') return this.mergeWhole(current, prefix);
      ({ row: current, listing } = await raiseMark(merged, listing, () => this.whole(merged, listing), this.ports));
      longest = Math.max(longest, clock.now() - started, 1);
    }
    const { blocked, partial, replay, rawGone, changeFiles } = current.progress;
    const isBack = rawGone !== undefined && listing.whole && hasRawFiles(listing);
    // The file that was in the way, or half merged, is gone; or what was set back is merged again.
    if (!blocked && !partial && !replay && !isBack) return current;
    // They were there when the files were set back; what they held on top of the others may be missing now.
    if (replay && changeFiles < replay.changeFiles)
      log.warn('raw files vanished while they were merged again', {
        table: this.path,
        count: replay.changeFiles - changeFiles,
      });
    const done = { blocked: undefined, partial: undefined, replay: undefined, ...(isBack && { rawGone: undefined }) };
    const saved = await saveProgress(current, done, tables, random);
    if (blocked) this.meter.befallen.released = true;
    return saved;
  }

  private async mergeWhole(row: StoredRow, prefix: string): Promise<StoredRow | 'more'> {
    return this.merge(row, prefix, await this.listWhole(row));
  }

  private noteVanished(names: readonly string[]): void {
    if (names.length === 0) return;
    this.meter.vanished(names.length);
    const files = names.slice(0, NAMES_LOGGED);
    this.ports.log.warn('raw files vanished', { table: this.path, count: names.length, files });
  }

  /** What an earlier merge could not register, or did not since tables were not registered then. */
  private registerWhatIsDue(row: StoredRow, prefix: string, listing: RawListing): Promise<StoredRow> | StoredRow {
    if (!isRowDueInCatalog(row, this.name, this.ports.config)) return row;
    return registerInCatalog(
      row,
      async () => {
        // Below the mark there may be raw files that say what the lake does not.
        const whole = await this.whole(row, listing);
        return readCatalogView(row, this.name, prefix, whole, this.access, this.ports);
      },
      this,
    );
  }

  private async settleIntent(row: StoredRow, prefix: string, listing: RawListing): Promise<StoredRow> {
    if (row.progress.intent.length === 0) return row;
    const columnsIfNone = async () => columnsOfRawFiles(row, await this.whole(row, listing), this.ports.raw);
    this.meter.tookOver();
    const taken = await takeOver(row, prefix, columnsIfNone, this.deadline, this.access, this.ports);
    const settled = await emptyJoinedFiles(taken, this.compactionSite(prefix));
    const { tables, random, clock } = this.ports;
    const progress = { ...dueAfterGivingUp(settled.progress), intent: [], ...cleanUpDue(true, clock.now()) };
    return saveProgress(settled, progress, tables, random);
  }

  /** Removes what files of before have left, where no merge has done so for a day. */
  private async cleanUp(row: StoredRow, prefix: string): Promise<StoredRow> {
    const { tables, random, clock } = this.ports;
    if (!isCleanUpDue(row.progress, clock.now())) return row;
    const isAnyLeft = await this.removeOldFiles(row, prefix);
    // Still due, it goes on with the next sweep.
    if (this.deadline.isWithin(0)) return row;
    return saveProgress(row, cleanUpDue(isAnyLeft, clock.now()), tables, random);
  }

  private async removeOldFiles(row: StoredRow, prefix: string): Promise<boolean> {
    try {
      const lakeFiles = await readLakeFiles(row, prefix, this.access);
      return await removeOldEmptyFiles(lakeFiles, this.deadline, this.ports);
    } catch (error) {
      // The next merge is blocked by it; nothing waits for this one.
      if (!(error instanceof TableBlocked)) throw error;
      this.ports.log.warn('old lake files could not be removed', { table: this.path, error });
      return true;
    }
  }

  private compactFiles(row: StoredRow, prefix: string): Promise<boolean> | false {
    const { compact, failures } = this.hints;
    if (!compact || !this.compacted) return false;
    return compactTable(row, compact, failures, this.compactionSite(prefix), this.compacted);
  }

  private stepSite(prefix: string): StepSite {
    const { path, name, hints, deadline, meter, access, ports } = this;
    return { path, name, prefix, failures: hints.failures, deadline, meter, access, ports };
  }

  private compactionSite(prefix: string): CompactionSite {
    return { prefix, deadline: this.deadline, access: this.access, ports: this.ports };
  }

  private async begin(row: StoredRow, prefix: string, listing: RawListing): Promise<StoredRow> {
    if (row.progress.builtWith || listing.loadFiles.length + listing.changeFiles.length === 0) return row;
    const { lake, tables, random, clock } = this.ports;
    return saveProgress(row, begin(row, listing, await listLakeFiles(lake, prefix), clock.now()), tables, random);
  }

  private async block(error: TableBlocked, row: TableRow, listing: RawListing): Promise<Blocked> {
    const blocked = await blockTable(error, row, this.name, listing, this.ports);
    const { file, reason, since } = blocked;
    if (since !== row.progress.blocked?.since) this.meter.befallen.blocked = { file, reason };
    return blocked;
  }

  /** What was listed, or all of the table's raw files where that was a part. */
  private async whole(row: StoredRow, listing: RawListing): Promise<RawListing> {
    return listing.whole ? listing : this.listWhole(row);
  }

  private listWhole(row: StoredRow): Promise<RawListing> {
    return listRawFiles(row, { keys: [], whole: true }, this.ports.raw, this.ports.clock.now());
  }
}

/** What is half merged, in the way, or to be merged again may be below the mark; and whether files are back shows below it. */
function mayHideBelowMark({ partial, blocked, replay, rawGone }: Progress): boolean {
  return partial !== undefined || blocked !== undefined || replay !== undefined || rawGone !== undefined;
}

/** A step is not taken unless so many times the longest one before it are left. */
const HEADROOM = 1.5;
/** Merges that end without a commit, each of them smaller than the one before. */
const OUT_OF_TIME_MAX = 10;
