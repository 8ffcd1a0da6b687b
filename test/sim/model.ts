/**
 * What a table's lake must hold, by a fold over a map: it keeps its own list of what was put and removed, and nothing of
 * Tidemark takes part.
 */
import type { TableItem } from '../../lib/ports/table-store.ts';
import type { RawVersion } from './raw-version.ts';
import { inOrder, isMerged, isSkipped, lastFile, loadFiles, mergedNames } from './raw-version.ts';
import type { Row } from './row.ts';
import { fold, keyText, rowText } from './row.ts';
import type { KeyKind } from './scenario.ts';

/** What the hourly solution left: its lake, and the raw files that it had merged into it. */
export interface Hourly {
  rows: readonly Row[];
  files: ReadonlySet<RawVersion>;
  /** Ids of rows that its lake holds twice; once a change is merged, their row is there once. */
  doubled: ReadonlySet<number>;
  /** The newest change file that it merged, if any. */
  lastChange: string | undefined;
}

export class TableModel {
  /** All contents there ever were, oldest first. */
  readonly history: RawVersion[] = [];
  readonly present = new Map<string, RawVersion>();
  /** Names of the load files of the newest full load. */
  currentLoad = new Set<string>();
  /** What was last modified before this is part of that load, or of one before, in ms since the epoch. */
  since = 0;
  /** Names of files that people asked to be skipped. */
  readonly askedToSkip = new Set<string>();
  /** All rows that any file ever gave, as text. */
  readonly given = new Set<string>();
  hourly: Hourly | undefined;
  /** Files that are no longer there, and since which step. What was merged of them stays. */
  readonly #gone = new Map<RawVersion, number>();
  /** Files that were gone the last time before they were restored, in steps. */
  readonly #goneBefore = new Map<RawVersion, { from: number; until: number }>();
  /** Files that a commit of this generation named, or of one before if they are gone since. */
  readonly #committed = new Set<RawVersion>();
  /** Files that went unmerged, when a merge might have written some of their rows. */
  readonly #doubtful = new Set<RawVersion>();
  /** Those of the generation before, of which rows are in the lake until something of this one is merged. */
  #doubtfulBefore: readonly RawVersion[] = [];
  /** Whether nothing of this generation is merged yet: the lake is as it was in the one before. */
  isLakeOld = false;

  put(version: RawVersion): void {
    this.history.push(version);
    this.present.set(version.name, version);
    for (const row of version.rows) if (row.op !== 'D') this.given.add(rowText(row));
  }

  /**
   * @param mayBeWritten whether rows of it may be in the lake, or get there, though no commit says so
   * @param at in steps of the schedule
   */
  remove(name: string, mayBeWritten: boolean, at: number): void {
    const version = this.present.get(name);
    if (!version) return;
    this.present.delete(name);
    this.#gone.set(version, at);
    if (version.isUnreadable || this.#committed.has(version)) return;
    if (this.isLakeOld) this.#doubtfulBefore = [...this.#doubtfulBefore, version];
    if (mayBeWritten) this.#doubtful.add(version);
  }

  /** Files that are gone, and would count were they there. */
  restorable(): RawVersion[] {
    const byName = new Map<string, RawVersion>();
    for (const version of this.#gone.keys()) {
      const { name, kind, lastModified, isBad } = version;
      const isOfTable =
        lastModified >= this.since && (kind === 'change' || this.since === 0 || this.currentLoad.has(name));
      if (isOfTable && !isBad && !this.present.has(name)) byName.set(name, version);
    }
    return [...byName.values()];
  }

  /** Whether a file was merged, as far as it matters in this generation. */
  isCommitted(version: RawVersion): boolean {
    return this.#committed.has(version);
  }

  /** Whether a file that was merged was still there. @param listedAt in steps */
  isAnyMergedLeft(listedAt: number): boolean {
    return [...this.#committed].some((version) => {
      const before = this.#goneBefore.get(version);
      const wasGoneThen = before !== undefined && before.from <= listedAt && listedAt < before.until;
      return !wasGoneThen && (this.#gone.get(version) ?? Infinity) > listedAt;
    });
  }

  /** One of them is there again, as it was. @param at in steps */
  restore(version: RawVersion, at: number): void {
    this.#goneBefore.set(version, { from: this.#gone.get(version) ?? at, until: at });
    this.#gone.delete(version);
    this.present.set(version.name, version);
    if (version.kind === 'load') this.currentLoad.add(version.name);
  }

  /** One of them is to be put again, as a file of its own. */
  forget(version: RawVersion): void {
    this.#gone.delete(version);
  }

  /**
   * Follows what updates of the row say of files, since of those that are gone it says less and less.
   * @param listedAt when its writer listed the raw folder, in steps: what went later it takes for there
   */
  follow(before: TableItem | undefined, after: TableItem, listedAt: number): void {
    const wasGone = (version: RawVersion): boolean => (this.#gone.get(version) ?? Infinity) <= listedAt;
    if (before?.Generation !== after.Generation) {
      for (const version of this.#committed) {
        if (wasGone(version)) continue;
        this.#committed.delete(version);
        if (this.#gone.has(version)) this.#doubtful.add(version);
      }
      this.#doubtfulBefore = [...this.#doubtfulBefore, ...this.#doubtful];
      this.#doubtful.clear();
      this.isLakeOld = true;
    }
    // What is set back to be merged again.
    if (after.Replay !== undefined && before?.Version !== after.Version)
      for (const version of this.#committed) {
        if (version.kind !== 'change' || wasGone(version) || isMerged(version, after)) continue;
        this.#committed.delete(version);
        if (this.#gone.has(version)) this.#doubtful.add(version);
      }
    if (after.Replay !== undefined && before?.Replay === undefined)
      this.#pass(before, wasGone, ({ name }) => after.path + name > lastFile(after));
    // What the hourly solution had merged.
    if (after.TakenOver === true && before?.TakenOver !== true)
      for (const version of this.hourly?.files ?? []) if (!this.#gone.has(version)) this.#commit(version);
    const isSame = before !== undefined && before.Generation === after.Generation;
    const [names, namesBefore] = [after, isSame ? before : undefined].map(mergedNames) as [string[], string[]];
    for (const name of names) {
      if (namesBefore.includes(name)) continue;
      this.#commit(this.#lastGood(name));
      // One that comes late.
      if (isSame && after.path + name < lastFile(before)) this.#pass(before, wasGone, (version) => version.name > name);
    }
    const loadsBefore = isSame ? loadFiles(before) : {};
    for (const [name, eTag] of Object.entries(loadFiles(after)))
      if (loadsBefore[name] !== eTag) this.#commit(this.#version(name, eTag));
  }

  /**
   * Files are merged, or merged again, on top of such as are gone. The row knows of those that it names, and of all if none
   * older is there; others from the midst nobody misses, and what older ones say comes back.
   * @param before the row that was to tell
   */
  #pass(
    before: TableItem | undefined,
    wasGone: (version: RawVersion) => boolean,
    isPassed: (version: RawVersion) => boolean,
  ): void {
    const named = mergedNames(before);
    const isThere = (version: RawVersion): boolean => this.present.get(version.name) === version || !wasGone(version);
    for (const version of this.#committed) {
      if (version.kind !== 'change' || !wasGone(version) || !isPassed(version) || named.includes(version.name))
        continue;
      const isAfterAnother = this.history.some(
        (other) => other.kind === 'change' && other.name < version.name && isThere(other),
      );
      if (isAfterAnother) this.#doubtful.add(version);
    }
  }

  /** Nothing is left of what there was, since all raw files were removed: what is there now is all. */
  emptied(): void {
    this.#committed.clear();
    this.since = 0;
    this.currentLoad = new Set([...this.present.values()].flatMap(({ kind, name }) => (kind === 'load' ? [name] : [])));
  }

  /** Whether a file went unmerged of which a merge may have written a part. */
  get isDoubtful(): boolean {
    return this.#doubtful.size + this.#doubtfulBefore.length > 0;
  }

  badFiles(): RawVersion[] {
    return [...this.present.values()].filter(({ isBad }) => isBad);
  }

  /** Whether a piece of the full load went unmerged. */
  isPieceMissing(): boolean {
    return [...this.#gone.keys()].some(
      (version) =>
        version.kind === 'load' &&
        this.currentLoad.has(version.name) &&
        version.lastModified >= this.since &&
        !this.#committed.has(version) &&
        !this.present.has(version.name),
    );
  }

  /** Whether files are gone that the lake was made from, so that it cannot be built anew from those that are left. */
  isPartGone(): boolean {
    return [...this.#gone.keys()].some((version) => this.#counts(version));
  }

  /** Whether a file that the row does not say is merged deletes this key: it may be under way. */
  mayBeDeleted(text: string, key: KeyKind, item: TableItem): boolean {
    const isSettled = (version: RawVersion): boolean =>
      item.Replay === undefined &&
      (this.present.get(version.name) === version ? isMerged(version, item) : this.#committed.has(version));
    return this.history.some(
      (version) => version.rows.some((row) => row.op === 'D' && keyText(row, key) === text) && !isSettled(version),
    );
  }

  /**
   * The files that make up the table, in the order in which they apply; but those that a person had skipped, or that are in
   * the hourly solution's lake.
   */
  current(item: TableItem | undefined): RawVersion[] {
    const inLake = this.#hourly(item)?.files;
    const files = [...this.present.values(), ...this.#gone.keys()].filter((version) => {
      if (item && isSkipped(version, item)) return false;
      return this.#counts(version) && !inLake?.has(version);
    });
    return files.sort(inOrder);
  }

  /** What the lake must hold once all files are merged; up to the first bad one. */
  expected(key: KeyKind, item: TableItem): Row[] {
    const files = this.current(item);
    const bad = files.findIndex(({ isBad }) => isBad);
    const parts = (bad < 0 ? files : files.slice(0, bad)).map(({ rows }) => rows);
    return fold(this.#hourly(item)?.rows ?? [], parts, key);
  }

  /** What the lake must hold if just those files are merged that the table's item says. */
  expectedBy(item: TableItem, key: KeyKind): Row[] {
    const hourly = this.#hourly(item);
    const loads = Object.entries(loadFiles(item));
    const files = [...loads.map(([name, eTag]) => this.#version(name, eTag)), ...this.merged(item)].filter(
      (version) => !hourly?.files.has(version),
    );
    const partial = item.Partial as { file: string; eTag: string; rows: number } | undefined;
    if (partial) {
      const version = this.#version(partial.file, partial.eTag);
      files.push({ ...version, rows: version.rows.slice(0, partial.rows) });
    }
    const parts = files.sort(inOrder).map(({ rows }) => rows);
    return fold(hourly?.rows ?? [], parts, key);
  }

  /** How the rows found differ from those expected, in words; apart from keys of which nothing certain can be said. */
  difference(expected: readonly Row[], found: readonly Row[], key: KeyKind, item: TableItem): string | undefined {
    const doubtful = [...this.#doubtful, ...this.#doubtfulBefore].flatMap(({ rows }) => rows);
    const uncertain = new Set(doubtful.map((row) => keyText(row, key)));
    const doubled = this.#hourly(item)?.doubled;
    const texts = (rows: readonly Row[]): string[] => {
      const certain = uncertain.size === 0 ? rows : rows.filter((row) => !uncertain.has(keyText(row, key)));
      if (!doubled) return certain.map(rowText).sort();
      const once = new Set(certain.filter(({ id }) => doubled.has(id)).map(rowText));
      return [...once, ...certain.filter(({ id }) => !doubled.has(id)).map(rowText)].sort();
    };
    return differenceOf(texts(expected), texts(found));
  }

  /** Names of change files, present or not. */
  changeNames(): string[] {
    return [...new Set(this.history.filter(({ kind }) => kind === 'change').map(({ name }) => name))];
  }

  /** The change files that a table's item says are merged. */
  merged(item: TableItem): RawVersion[] {
    return this.changeNames()
      .map((name) => this.#lastGood(name))
      .filter((version) => version !== undefined)
      .filter((version) =>
        this.present.get(version.name) === version
          ? isMerged(version, item)
          : this.#gone.has(version) && this.#committed.has(version) && version.lastModified >= Number(item.Since ?? 0),
      );
  }

  /** What the hourly solution left, as long as the lake is made on top of it. */
  #hourly(item: TableItem | undefined): Hourly | undefined {
    return item?.BuiltWith === undefined || item.TakenOver === true ? this.hourly : undefined;
  }

  /** Whether a file, present or merged before it went, is one of the newest full load or comes after it. */
  #counts(version: RawVersion): boolean {
    const { kind, name, lastModified } = version;
    if (this.#gone.has(version) && !this.#committed.has(version)) return false;
    return lastModified >= this.since && (kind === 'change' || this.currentLoad.has(name));
  }

  #commit(version: RawVersion | undefined): void {
    if (!version) return;
    if (!this.#committed.has(version)) {
      this.#doubtfulBefore = [];
      this.isLakeOld = false;
    }
    this.#committed.add(version);
    this.#doubtful.delete(version);
  }

  #lastGood(name: string): RawVersion | undefined {
    return this.history.findLast((version) => version.name === name && !version.isBad);
  }

  #version(name: string, eTag: string): RawVersion {
    const version = this.history.findLast((candidate) => candidate.name === name && candidate.eTag === eTag);
    if (!version) throw new Error(`the row names ${name} of ${eTag}, which never was`);
    return version;
  }
}

function differenceOf(expected: readonly string[], found: readonly string[]): string | undefined {
  if (expected.length === found.length && expected.every((text, i) => text === found[i])) return undefined;
  return `holds [${found.join('; ')}] instead of [${expected.join('; ')}]`;
}
