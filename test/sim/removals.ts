/** How raw files go before and after they are merged, come back, and are copied. */
import type { Account } from './account.ts';
import type { RawVersion } from './raw-version.ts';
import { isMerged, mergedNames } from './raw-version.ts';
import type { SourceTable } from './source-table.ts';

export class Removals {
  readonly #removed = new Map<RawVersion, Uint8Array>();

  constructor(
    private readonly table: SourceTable,
    private readonly account: () => Account,
  ) {}

  /** Lifecycle rules remove the oldest first. */
  expire(count: number): void {
    if (this.#isNeeded) return;
    const oldest = [...this.table.model.present.values()].sort(
      (a, b) => b.kind.localeCompare(a.kind) || (a.name < b.name ? -1 : 1),
    );
    for (const { name } of oldest.slice(0, count)) this.remove(name);
  }

  /** A file goes before it is merged. */
  vanish(): void {
    if (this.#isNeeded) return;
    const { item, model } = this.table;
    const waiting = model.current(item).filter((file) => this.#isThere(file) && !(item && isDone(file, item)));
    if (waiting.length > 0) this.remove(this.account().surroundings.scheduler.random.pick(waiting).name);
  }

  /** A file that is merged goes from among the others; the row names it. */
  vanishMerged(): void {
    const { item, model } = this.table;
    if (!item || this.#isNeeded) return;
    const named = mergedNames(item).filter((name) => model.present.has(name));
    if (named.length > 0) this.remove(this.account().surroundings.scheduler.random.pick(named));
  }

  /** The same as `vanish` while a merge is at it, which may have listed it. */
  vanishWhileMerged(): void {
    const { consumers, surroundings } = this.account();
    const { scheduler } = surroundings;
    let isDue = true;
    const run = (): void => {
      isDue = false;
      this.vanish();
    };
    const readyAt = () => (isDue && consumers.isMerging(this.table.path) ? 0 : undefined);
    scheduler.addSource({ actor: scheduler.actor('lifecycle'), readyAt, run });
  }

  /** All raw files are removed, as DMS does for a TRUNCATE. */
  truncate(): void {
    if (!this.#isNeeded) this.removeAll();
  }

  removeAll(): void {
    for (const name of [...this.table.model.present.keys()]) this.remove(name);
  }

  remove(name: string): void {
    const account = this.account();
    const { item, model } = this.table;
    const version = model.present.get(name);
    if (!version) return;
    const isMergedNow = item !== undefined && isDone(version, item);
    const isUnsure =
      this.table.isAhead ||
      item?.Intent !== undefined ||
      item?.Partial !== undefined ||
      item?.Attempts !== undefined ||
      item?.Replay !== undefined ||
      account.consumers.isMerging(this.table.path);
    this.#removed.set(version, account.raw.bytes(this.table.rawFolder + name)!);
    account.raw.remove(this.table.rawFolder + name);
    model.remove(name, isUnsure, account.surroundings.scheduler.steps);
    account.loseNotice(); // S3 tells of what was created
    account.surroundings.counters.add(isMergedNow ? 'merged files removed' : 'files removed unmerged');
  }

  /**
   * What was removed is there again. Where the bucket keeps versions it is as of old; but a file that was not merged, or that
   * the row knows no more of, is passed over unless it is copied back. A copied load file is of a new load once there are changes.
   */
  restore(): void {
    const account = this.account();
    const { item, model } = this.table;
    // What the hourly solution merged is in its lake, also what was gone when that was taken over.
    const restorable = model
      .restorable()
      .filter((version) => model.isCommitted(version) || !model.hourly?.files.has(version));
    // A merge that listed the folder without them may have the row forget them; and were some left out, older ones would come
    // back without later ones.
    const areKnown =
      item !== undefined &&
      !account.consumers.isMerging(this.table.path) &&
      !account.surroundings.calls.isUnderWay('tables', this.table.path) &&
      restorable.every((version) => !model.isCommitted(version) || isDone(version, item));
    for (const version of restorable) {
      const bytes = this.#removed.get(version);
      if (!bytes) continue;
      if (model.isCommitted(version)) {
        if (!areKnown) continue;
        account.raw.put(this.table.rawFolder + version.name, bytes, new Date(version.lastModified));
        model.restore(version, account.surroundings.scheduler.steps);
      } else {
        if (version.kind === 'load' && (this.table.hasChanges || item?.TakenOver === true)) continue;
        model.forget(version);
        if (version.kind === 'load') model.currentLoad.add(version.name);
        this.table.put(version);
      }
      account.loseNotice();
      account.surroundings.counters.add('raw files restored');
    }
  }

  /**
   * Merged files are copied onto themselves, as to another storage class: younger, and else what they were. Change files come
   * first, since a load that is younger than they are is a new one. For the model they stay as old as they were.
   */
  copy(what: 'all' | 'one'): void {
    const { surroundings, raw } = this.account();
    const { item, model, rawFolder } = this.table;
    const { random, clock } = surroundings.scheduler;
    // By their names they are known only as long as all of them are there.
    if (!item || model.isPartGone()) return;
    const merged = [...model.present.values()].filter((version) => this.#isThere(version) && isDone(version, item));
    if (merged.length === 0) return;
    const chosen = what === 'all' ? merged.sort((a, b) => a.kind.localeCompare(b.kind)) : [random.pick(merged)];
    for (const { name } of chosen) {
      clock.advance(1000);
      raw.put(rawFolder + name, raw.bytes(rawFolder + name)!);
    }
    surroundings.counters.add('merged files copied');
  }

  /**
   * Whether a new full load might go without a trace: then what was there before it would be the table. Or whether the
   * table may have to be built anew for a file that has lost rows.
   */
  get #isNeeded(): boolean {
    const { model, item, isCut } = this.table;
    if (isCut) return true;
    const loads = [...model.present.values()].filter(
      ({ kind, name }) => kind === 'load' && model.currentLoad.has(name),
    );
    return model.since > 0 && loads.some((version) => !item || !isDone(version, item));
  }

  #isThere({ name, eTag }: RawVersion): boolean {
    return this.table.model.present.get(name)?.eTag === eTag;
  }
}

function isDone(version: RawVersion, item: NonNullable<SourceTable['item']>): boolean {
  if (version.kind === 'change') return isMerged(version, item);
  return ((item.LoadFiles ?? {}) as Record<string, string>)[version.name] === version.eTag;
}
