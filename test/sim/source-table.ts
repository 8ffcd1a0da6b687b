/** A table of the source, and what DMS and people make of its raw folder. */
import type { Account } from './account.ts';
import type { Columns } from './columns.ts';
import { changed, FIRST_COLUMNS, rowOf, TYPED_COLUMNS } from './columns.ts';
import type { Watched } from './invariants.ts';
import type { RawVersion } from './raw-version.ts';
import { TableModel } from './model.ts';
import { isMerged, isSkipped, loadFiles } from './raw-version.ts';
import { Removals } from './removals.ts';
import { rawBytes } from './raw-bytes.ts';
import type { Row } from './row.ts';
import type { ColumnChange, Damage, KeyKind, Lateness, RowChange, TableSpec } from './scenario.ts';
import { DAYS } from './scenario.ts';

type Content = Pick<RawVersion, 'name' | 'kind' | 'rows' | 'columns'>;

export class SourceTable implements Watched {
  readonly path: string;
  readonly rawFolder: string;
  readonly lakeFolder: string;
  readonly model = new TableModel();
  readonly removals: Removals;
  wasRekeyed = false;
  isJoined = false;
  isLaidOutAnew = false;
  isAhead = false;
  partialSince = -1;
  /** Whether a raw file has lost rows that may be in the lake: they go if it is built anew. */
  isCut = false;
  isPartitioned: boolean;
  key: KeyKind;
  columns: Columns;
  /** Whether the newest raw file is one of changes. */
  #wasChange = false;
  /** Written by DMS, and not arrived yet. */
  #held: { put: () => void; how: Lateness }[] = [];

  constructor(
    /** `<schema>/<table>` */
    readonly name: string,
    { key, partitioned, typed }: TableSpec,
    private readonly account: () => Account,
  ) {
    this.removals = new Removals(this, account);
    this.path = `raw-bucket/${name}/`;
    this.rawFolder = `${name}/`;
    this.lakeFolder = `${name}/`;
    this.isPartitioned = partitioned;
    this.key = key;
    this.columns = typed ? TYPED_COLUMNS : FIRST_COLUMNS;
  }

  get item() {
    return this.account().items.get(this.path);
  }

  /** Whether DMS has written something that has not arrived. */
  get isWaited(): boolean {
    return this.#held.some(({ how }) => how === 'late');
  }

  /** Whether a piece of a full load is part of it, or its first: no change was merged yet. */
  get mayBeLoaded(): boolean {
    const { model, item } = this;
    const isFirst = model.currentLoad.size === 0 && model.history.length === 0;
    return (isFirst || model.present.has(FIRST_PIECE)) && !this.hasChanges && item?.TakenOver !== true;
  }

  /**
   * Whether a load file that comes now is known for a new full load's, whatever the table is at: changes were merged on top of
   * the load before, which is there whole. That cannot be told from the files alone.
   */
  get tellsNewLoad(): boolean {
    const { item, model } = this;
    if (!item || item.ChangeFiles === undefined || item.TakenOver === true || model.isPieceMissing()) return false;
    const loads = [...model.present.values()].filter(({ kind }) => kind === 'load');
    return loads.every((version) => loadFiles(item)[version.name] === version.eTag);
  }

  /**
   * Whether the row tells change files that a new full load supersedes from those after it. Of a load that is not merged, or is to
   * be merged again and had no changes, it cannot.
   */
  get tellsSuperseded(): boolean {
    const { item } = this;
    const known = [item?.LoadFiles, item?.LoadedUntil, item?.ChangeFiles, item?.LastChangeAt, item?.Partial];
    return known.some((one) => one !== undefined) || item?.TakenOver === true || item?.Adopted === true;
  }

  hold(put: () => void, how: Lateness): void {
    this.#held.push({ put, how });
  }

  /** What DMS holds back arrives, or all of it. */
  release(which?: Lateness): void {
    const due = this.#held.filter(({ how }) => which === undefined || how === which);
    this.#held = this.#held.filter((one) => !due.includes(one));
    for (const { put } of due) put();
  }

  change(name: string, number: number, changes: readonly RowChange[], damage: Damage | undefined): RawVersion {
    const rows = changes.map(({ op, id, day }, i) => this.#row(op, id, DAYS[day]!, number, i));
    // Another type is bad where a lake file has the column as it was; changes may undo each other and leave none, so may the
    // hourly solution, and a lake may be emptied.
    const { item } = this;
    const isTyped = item?.LoadFiles !== undefined && item.TakenOver !== true && item.OnTruncate !== 'empty';
    return this.put(
      { name, kind: 'change', rows, columns: this.columns },
      damage === 'other type' && !isTyped ? 'odd operation' : damage,
    );
  }

  /** @param piece of a full load, from 0 */
  putPiece(piece: number, number: number, ids: readonly number[], damage?: Damage): RawVersion {
    // No id is in two pieces of a load.
    const own = ids.map((id) => id * 2 + piece);
    const rows = own.map((id, i) => this.#row('I', id, DAYS[id % 3]!, number, i));
    const name = `LOAD0000000${piece + 1}.parquet`;
    this.model.currentLoad.add(name);
    return this.put({ name, kind: 'load', rows, columns: this.columns }, damage);
  }

  /** @returns the piece that is there, written once more with the same rows; undefined if there is no good one */
  repeatPiece(piece: number): RawVersion | undefined {
    const name = `LOAD0000000${piece + 1}.parquet`;
    const version = this.model.present.get(name);
    if (!version || version.isBad || (this.item && isSkipped(version, this.item))) return undefined;
    this.account().surroundings.counters.add('pieces loaded again as they were');
    this.model.currentLoad.add(name);
    return this.put(version);
  }

  put(content: Content, damage?: Damage, isCompressed = false): RawVersion {
    const { name, kind, rows, columns } = content;
    const { raw, surroundings } = this.account();
    const { clock, random } = surroundings.scheduler;
    // What was written in the second of a load is taken for younger; and what is late, and of a second of more files than the row
    // names, is found by the sweep alone.
    const isLate = [...this.model.present.values()].some((other) => other.kind === 'change' && other.name > name);
    const isSameSecond = kind === 'change' && this.#wasChange && !isLate && random.chance(SAME_SECOND);
    if (!isSameSecond) clock.advance(1000);
    this.#wasChange = kind === 'change';
    const bytes = rawBytes({ kind, rows, columns, damage, isCompressed });
    const { eTag, lastModified } = raw.put(this.rawFolder + name, bytes);
    const version: RawVersion = {
      name,
      kind,
      rows,
      columns,
      eTag,
      isBad: damage !== undefined,
      isUnreadable: damage !== undefined && damage !== 'bad end',
      isOfOtherType: damage === 'other type',
      lastModified: lastModified.getTime(),
      putAt: surroundings.scheduler.steps,
    };
    this.model.put(version);
    return version;
  }

  /** In other bytes, before it is merged: the same rows, or fewer if none can be on their way into the lake. */
  putAgain(): void {
    const { item } = this;
    const version = this.model
      .current(item)
      .findLast(
        (file) => file.kind === 'change' && !file.isBad && this.#isThere(file) && !(item && isMerged(file, item)),
      );
    if (!version) return;
    const first = version.rows.slice(0, 2).map(({ id }) => id);
    const fewer = version.rows.filter(({ id }) => !first.includes(id));
    const { counters } = this.account().surroundings;
    const isOther = fewer.length > 0 && this.#isRebuildable;
    this.isCut ||= isOther;
    if (isOther && (item?.Partial as { file: string } | undefined)?.file === version.name)
      counters.add('half merged files cut');
    this.put(isOther ? { ...version, rows: fewer } : version, undefined, true);
  }

  /**
   * Whether the lake holds nothing but what is committed, and all is there that it was made from. What is merged again, on top
   * of what is there, has its rows in the lake already.
   */
  get #isRebuildable(): boolean {
    const { consumers, surroundings } = this.account();
    const isMerging = consumers.isMerging(this.path) || surroundings.calls.isUnderWay('tables', this.path);
    const { item } = this;
    const isSettled = [item?.Intent, item?.Attempts, item?.Replay].every((pending) => pending === undefined);
    return !isMerging && isSettled && !this.model.hourly && !this.model.isPartGone();
  }

  mend(by: 'replacing' | 'removing'): void {
    for (const version of this.model.badFiles()) {
      // Once a skip of it is taken back nobody knows of it until it is in the way. Of the first piece a part may be in the lake:
      // until it is said to be in the way another is of a new load.
      const isBegun = version.name === FIRST_PIECE && this.item?.BuiltWith !== undefined;
      // One that is left from a load before would be of the new one.
      const isOld = !this.model.currentLoad.has(version.name);
      const mayBeNews = this.item?.LoadedUntil !== undefined || isBegun || isOld;
      const isUnknown = version.kind === 'load' && mayBeNews && !this.#isInTheWay(version);
      if (by === 'replacing' && !isUnknown) this.put(version);
      else this.removals.remove(version.name);
    }
  }

  changeColumns(change: ColumnChange): void {
    const columns = changed(this.columns, change);
    if (columns === this.columns) return;
    this.columns = columns;
    // Files with a narrower type are written anew.
    this.isLaidOutAnew ||= change.startsWith('wider');
    this.account().surroundings.counters.add(change.startsWith('wider') ? 'columns widened' : 'columns changed');
  }

  #row(op: Row['op'], id: number, day: string | null, file: number, i: number): Row {
    return rowOf(this.columns, { op, id, day }, file * 10 + i);
  }

  #isInTheWay({ name }: RawVersion): boolean {
    return (this.item?.Blocked as { file: string } | undefined)?.file === name;
  }

  /** Whether a change came after the full load, or may be about to be merged. */
  get hasChanges(): boolean {
    const { model, item } = this;
    if (item?.ChangeFiles !== undefined || item?.Partial !== undefined) return true;
    return [...model.present.values()].some(
      ({ kind, lastModified }) => kind === 'change' && lastModified >= model.since,
    );
  }

  #isThere({ name, eTag }: RawVersion): boolean {
    return this.model.present.get(name)?.eTag === eTag;
  }
}

const FIRST_PIECE = 'LOAD00000001.parquet';
const SAME_SECOND = 0.2;
