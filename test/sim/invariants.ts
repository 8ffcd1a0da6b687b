/**
 * What must hold after every effect on the lake or on a table's row. A reader may come at any moment, so each state is
 * looked at, and only what a step has changed.
 */
import type { TableItem } from '../../lib/ports/table-store.ts';
import type { MemoryObjectStore } from '../cloud/memory-object-store.ts';
import { isSame } from '../cloud/memory-table-store.ts';
import type { Process } from './process.ts';
import type { Counters } from './counters.ts';
import type { LakeRow } from './lake-view.ts';
import { LakeView } from './lake-view.ts';
import type { TableModel } from './model.ts';
import { isMerged, isSkipped, lastFile } from './raw-version.ts';
import { keyKindOf, keyText } from './row.ts';
import type { KeyKind } from './scenario.ts';
import type { Observer } from './sim-ports.ts';
import { Violation } from './violation.ts';

/** A table as the simulation knows it. */
export interface Watched {
  /** Key of its row. */
  path: string;
  rawFolder: string;
  lakeFolder: string;
  model: TableModel;
  /** Whether its keys were edited, so that old rows may look doubled under the new ones while it is built anew. */
  wasRekeyed: boolean;
  /** Whether its files were asked to be joined: rows may be twice, or missing, meanwhile. */
  isJoined: boolean;
  /** Whether its files may be laid out anew, since that was asked for or a column became wider. */
  isLaidOutAnew: boolean;
  /** When the raw files were listed before the first rows of the half merged file were merged, in steps. */
  partialSince: number;
  /** Whether a merge died on the way, so that its lake may be ahead of its row until that is merged again. */
  isAhead: boolean;
}

export class Invariants implements Observer {
  readonly view = new LakeView();
  /** The first thing that was wrong. */
  broken: Violation | undefined;
  /** Raw prefixes under which a process found no file when it listed them last. */
  readonly #foundNothing = new WeakMap<Process, Set<string>>();

  constructor(
    private readonly tables: readonly Watched[],
    private readonly lake: MemoryObjectStore,
    private readonly itemOf: (path: string) => TableItem | undefined,
    private readonly counters: Counters,
    private readonly growing: boolean,
    private readonly now: () => number,
  ) {}

  fail(reason: string): void {
    this.broken ??= new Violation(reason);
  }

  rawListed(process: Process, prefix: string): void {
    process.listedAt.set(prefix, this.now());
    const table = this.tables.find(({ rawFolder }) => rawFolder === prefix);
    const empty = this.#foundNothing.get(process) ?? new Set();
    if (table?.model.present.size === 0) empty.add(prefix);
    else empty.delete(prefix);
    this.#foundNothing.set(process, empty);
  }

  unseen(key: string, eTag: string): void {
    this.fail(`${key} is replaced in version ${eTag}, which the writer has not read`);
  }

  async lakeChanged(process: Process, key: string, before: Uint8Array | undefined): Promise<void> {
    const table = this.tables.find(({ lakeFolder }) => key.startsWith(lakeFolder));
    if (!table) {
      this.fail(`${process.actor.name} writes ${key}, which is in no table's folder`);
      return;
    }
    const bytes = this.lake.bytes(key);
    const old = this.view.rowsOf(key);
    await this.view.update(key, bytes);
    const rows = this.view.rows(table.lakeFolder);
    const changed = this.view.rowsOf(key);
    const item = this.itemOf(table.path);
    if (!item) {
      this.fail(`${key} is written for a table that has no row`);
      return;
    }
    if (before && !bytes) this.counters.add('files removed for good');
    if (before && bytes && this.growing && old.length > 0 && changed.length > 0 && !table.isLaidOutAnew)
      this.#growth(key, before, bytes);
    for (const { text } of changed)
      if (!table.model.given.has(text)) this.fail(`${key}: no raw file ever gave the row ${text}`);
    const builtWith = item.BuiltWith as { PrimaryKey: string } | undefined;
    if (!builtWith) return;
    const kind = keyKindOf(builtWith.PrimaryKey);
    this.#twice(table, `the write of ${key}`, rows, kind, item);
    // Raw files that came back while the lake was emptied may be gone again.
    const isEmptied = isEmptying(item) && table.model.present.size === 0;
    if (!isEmptied) this.#missing(table, key, old, rows, kind, item);
  }

  rowChanged(process: Process, before: TableItem | undefined, after: TableItem): void {
    const table = this.tables.find(({ path }) => path === after.path);
    if (!table) {
      this.fail(`${process.actor.name} updates the row ${after.path}, which is no table's`);
      return;
    }
    this.#count(before, after);
    // A generation is emptied once: another may be while what its row says of the one before is not settled.
    const isToBeEmptied = isEmptying(after) && !(isEmptying(before) && before?.Generation === after.Generation);
    if (isToBeEmptied) this.#mayBeEmptied(table, process, after);
    table.model.follow(before, after, process.listedAt.get(table.rawFolder) ?? -1);
    if (isToBeEmptied) table.model.emptied();
    this.#watermark(table, process, before, after);
    const [begun, begunBefore] = [after, before].map(
      (item) => item?.Partial as { file: string; eTag: string } | undefined,
    );
    // It is merged from its beginning, on top of what was merged of it before.
    if (begun && begun.file === begunBefore?.file && begun.eTag !== begunBefore.eTag) table.isAhead = true;
    if (begun && begun.file !== begunBefore?.file) table.partialSince = process.listedAt.get(table.rawFolder) ?? -1;
    if (Number(after.Attempts ?? 0) > Number(before?.Attempts ?? 0)) table.isAhead = true;
    for (const name of Object.keys(after.SkippedFiles ?? {}))
      if (!table.model.askedToSkip.has(name)) this.fail(`${name} of ${after.path} is skipped, which nobody asked for`);
    if (isCommit(before, after)) this.committed(table, after);
    if (table.isJoined && before?.Intent !== undefined && after.Intent === undefined) this.#settled(table, after);
  }

  /** Nobody is at the lake's files any more. */
  #settled(table: Watched, item: TableItem): void {
    const { PrimaryKey } = item.BuiltWith as { PrimaryKey: string };
    this.#twice(table, 'a step', this.view.rows(table.lakeFolder), keyKindOf(PrimaryKey), item);
  }

  /** The lake holds just what the row says is merged. */
  committed(table: Watched, item: TableItem): void {
    const { path, lakeFolder, model } = table;
    const builtWith = item.BuiltWith as { PrimaryKey: string };
    const key = keyKindOf(builtWith.PrimaryKey);
    const difference = model.difference(model.expectedBy(item, key), this.view.rows(lakeFolder), key, item);
    // What is merged again is in the lake already, and old values come back until it is.
    if (item.Replay !== undefined) table.isAhead = true;
    else if (!difference) table.isAhead = false;
    else if (!table.isAhead) this.fail(`the row of ${path} is committed, but its lake ${difference}`);
    const merged = model.merged(item).map(({ name }) => name);
    // Of the files that the hourly solution had merged the row counts those that are there, if any is.
    if (item.TakenOver) merged.push(item.Replay === undefined ? (model.hourly?.lastChange ?? '') : '');
    else if (Number(item.ChangeFiles ?? 0) !== merged.length)
      this.fail(`the row of ${path} counts ${Number(item.ChangeFiles ?? 0)} change files, ${merged.length} are merged`);
    const newest = merged.sort().at(-1) ?? '';
    const last = lastFile(item);
    // Where some are to be merged again the row knows those that are there; if none before them is, it names the first of them.
    const known = merged.filter((name) => model.present.has(name));
    const isRewound =
      item.Replay !== undefined &&
      known.length < merged.length &&
      (last.endsWith(known.at(-1) ?? '') || last.slice(path.length) > newest);
    if (!last.endsWith(newest) && !isRewound)
      this.fail(`LastIncrementalFile of ${path} is ${last}, the newest merged is ${newest}`);
  }

  /** Only where its row says so, and by whoever found no raw file that is merged. */
  #mayBeEmptied({ path, rawFolder, model }: Watched, process: Process, { OnTruncate }: TableItem): void {
    this.counters.add('lakes emptied');
    if (model.present.size > 0) this.counters.add('lakes emptied of tables that are filled again');
    if (OnTruncate !== 'empty') this.fail(`the lake of ${path} is emptied, though its row does not say so`);
    const isLeft = model.isAnyMergedLeft(process.listedAt.get(rawFolder) ?? -1);
    if (!this.#foundNothing.get(process)?.has(rawFolder) && isLeft)
      this.fail(`the lake of ${path} is emptied by ${process.actor.name}, which found raw files that are merged`);
  }

  /** A reader of the old version finds it to its end. */
  #growth(key: string, before: Uint8Array, after: Uint8Array): void {
    if (Buffer.compare(before, after.subarray(0, before.length)) !== 0)
      this.fail(`the new version of ${key} does not begin with the old one`);
  }

  #twice(table: Watched, what: string, rows: readonly LakeRow[], kind: KeyKind, item: TableItem): void {
    // While files are joined rows are in the old one and in the new; once nobody is at it, in one.
    const isJoining = table.isJoined && item.Intent !== undefined;
    const seen = new Map<string, LakeRow>();
    for (const row of rows) {
      if (table.wasRekeyed && row.generation !== Number(item.Generation)) continue;
      const text = keyText(row, kind);
      const other = seen.get(text);
      seen.set(text, row);
      if (!other || isJoining || table.model.hourly?.doubled.has(row.id)) continue;
      if (other.folder === row.folder) this.fail(`after ${what} a reader finds ${text} twice`);
      else this.counters.add('rows twice while they move');
    }
  }

  /** @param before rows of the file that was written */
  #missing(
    { model }: Watched,
    key: string,
    before: readonly LakeRow[],
    after: readonly LakeRow[],
    kind: KeyKind,
    item: TableItem,
  ): void {
    if (before.length === 0) return;
    const left = new Set(after.map((row) => keyText(row, kind)));
    for (const row of before) {
      const text = keyText(row, kind);
      // A load that was superseded, or a table that is built anew, is replaced piece by piece.
      if (left.has(text) || row.generation < Number(item.Generation) || model.mayBeDeleted(text, kind, item)) continue;
      this.fail(`after the write of ${key} a reader misses ${text}, which nothing deletes`);
    }
  }

  /**
   * It never passes a change file that was there to be merged, and was not. Exempt are, besides files that are merged,
   * skipped, named as blocking, or older than the full load:
   * - a file put after the merge had listed the raw files last: it could not know of it, and the file is late;
   * - a file below the mark as it was before: it is not listed, but found by its own wake-up or by the sweep;
   * - a file that came, or counts again, when the first rows of the one it now names were merged: that one is merged to its
   *   end before any other, though others sort before it, and those are late;
   * - a table none of whose change files is merged in this generation: then it says nothing.
   * What is exempt here must be merged at the end all the same: `Simulation.#mustBeDone`.
   */
  #watermark(
    { model, rawFolder, path, partialSince }: Watched,
    process: Process,
    before: TableItem | undefined,
    after: TableItem,
  ): void {
    // What is to be merged again takes it back.
    if (before && lastFile(before) >= lastFile(after)) return;
    const last = lastFile(after).slice(path.length);
    if (!last.startsWith('2')) return; // none is merged in this generation
    const begun = before?.Partial as { file: string } | undefined;
    const listedAt = begun?.file === last ? partialSince : (process.listedAt.get(rawFolder) ?? -1);
    const mark = before?.LowWaterMark ?? '';
    for (const version of model.present.values()) {
      const { name, kind, putAt, lastModified } = version;
      if (kind !== 'change' || name >= last || name <= mark || putAt >= listedAt) continue;
      const blocked = after.Blocked as { file: string } | undefined;
      if (
        isMerged(version, after) ||
        isSkipped(version, after) ||
        lastModified < Number(after.Since ?? 0) ||
        blocked?.file === name ||
        (begun?.file === last && model.askedToSkip.has(name))
      )
        continue;
      this.fail(`LastIncrementalFile of ${path} passes ${name}, which is not merged`);
    }
  }

  #count(before: TableItem | undefined, after: TableItem): void {
    if (!before?.Blocked && after.Blocked) this.counters.add('tables blocked');
    if (before?.Blocked && !after.Blocked) this.counters.add('tables released');
    if (!before?.Partial && after.Partial) this.counters.add('files half merged');
    if (before?.LowWaterMark !== after.LowWaterMark && after.LowWaterMark) this.counters.add('marks raised');
  }
}

/** Whether an update says that more raw files are merged than before. */
function isCommit(before: TableItem | undefined, after: TableItem): boolean {
  if (before?.Generation !== after.Generation || after.Intent !== undefined || !after.BuiltWith) return false;
  return MARKS.some((name) => !isSame(before?.[name], after[name]));
}

const MARKS = ['LoadFiles', 'MergedFiles', 'ChangeFiles', 'Partial', 'LowWaterMark', 'SweptAt'];

function isEmptying(item: TableItem | undefined): boolean {
  return (item?.RawFilesGone as { lake: string } | undefined)?.lake === 'emptying';
}
