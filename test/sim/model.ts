/**
 * What a table's lake must hold, by a fold over a map: it keeps its own list of what was put, and nothing of Tidemark
 * takes part.
 */
import type { TableItem } from '../../lib/ports/table-store.ts';
import type { KeyKind } from './scenario.ts';

/** A row as a reader of the lake sees it; of a load file as `I`. */
export interface Row {
  op: 'I' | 'U' | 'D';
  id: number;
  item: string;
  day: string | null;
  extra: string | null;
}

/** One content of a raw file. */
export interface RawVersion {
  /** Relative to the table's folder. */
  name: string;
  kind: 'load' | 'change';
  eTag: string;
  rows: readonly Row[];
  /** Nothing can be made of it: the table must stop before it. */
  isBad: boolean;
  /** Milliseconds since the epoch, whole seconds. */
  lastModified: number;
  /** In steps of the schedule. */
  putAt: number;
}

/** A raw file, and how many of its rows count. */
interface Part {
  version: RawVersion;
  rows: number;
}

export function rowText({ op, id, item, day, extra }: Row): string {
  return `${op} ${id} ${item} ${day} ${extra}`;
}

/** What the primary key says of a row; without one a row is its own key. */
export function keyText(row: Row, key: KeyKind): string {
  if (key === 'none') return rowText(row);
  return key === 'id' ? String(row.id) : `${row.id} ${row.day}`;
}

export function keyKindOf(primaryKey: string): KeyKind {
  return primaryKey === 'null' ? 'none' : (primaryKey as KeyKind);
}

export class TableModel {
  /** All contents there ever were, oldest first. */
  readonly history: RawVersion[] = [];
  readonly present = new Map<string, RawVersion>();
  /** Names of the load files of the newest full load. */
  currentLoad = new Set<string>();
  /** Change files last modified before this are part of that load, in ms since the epoch. */
  since = 0;
  /** Names of files that people asked to be skipped. */
  readonly askedToSkip = new Set<string>();
  /** All rows that any file ever gave, as text. */
  readonly given = new Set<string>();

  put(version: RawVersion): void {
    this.history.push(version);
    this.present.set(version.name, version);
    for (const row of version.rows) if (row.op !== 'D') this.given.add(rowText(row));
  }

  remove(name: string): void {
    this.present.delete(name);
  }

  badFiles(): RawVersion[] {
    return [...this.present.values()].filter(({ isBad }) => isBad);
  }

  /** Whether any file ever deletes this key. */
  isEverDeleted(text: string, key: KeyKind): boolean {
    return this.history.some(({ rows }) => rows.some((row) => row.op === 'D' && keyText(row, key) === text));
  }

  /** The files that make up the table, in the order in which they apply; but those that a person had skipped. */
  current(item: TableItem | undefined): RawVersion[] {
    const files = [...this.present.values()].filter((version) => {
      const { kind, name, lastModified } = version;
      if (item && isSkipped(version, item)) return false;
      return kind === 'load' ? this.currentLoad.has(name) : lastModified >= this.since;
    });
    return files.sort(inOrder);
  }

  /** What the lake must hold once all files are merged; up to the first bad one. */
  expected(key: KeyKind, item: TableItem): string[] {
    const files = this.current(item);
    const bad = files.findIndex(({ isBad }) => isBad);
    return fold((bad < 0 ? files : files.slice(0, bad)).map(whole), key);
  }

  /** What the lake must hold if just those files are merged that the table's item says. */
  expectedBy(item: TableItem, key: KeyKind): string[] {
    const loads = Object.entries((item.LoadFiles ?? {}) as Record<string, string>);
    const parts = loads.map(([name, eTag]) => whole(this.#version(name, eTag)));
    parts.push(...this.merged(item).map(whole));
    const partial = item.Partial as { file: string; eTag: string; rows: number } | undefined;
    if (partial) parts.push({ version: this.#version(partial.file, partial.eTag), rows: partial.rows });
    return fold(
      parts.sort((a, b) => inOrder(a.version, b.version)),
      key,
    );
  }

  /** Names of change files, present or not. */
  changeNames(): string[] {
    return [...new Set(this.history.filter(({ kind }) => kind === 'change').map(({ name }) => name))];
  }

  /** The change files that a table's item says are merged. */
  merged(item: TableItem): RawVersion[] {
    const last = (name: string) => this.history.findLast((version) => version.name === name && !version.isBad);
    return this.changeNames()
      .map(last)
      .filter((version) => version !== undefined)
      .filter((version) => isMerged(version, item));
  }

  #version(name: string, eTag: string): RawVersion {
    const version = this.history.find((candidate) => candidate.name === name && candidate.eTag === eTag);
    if (!version) throw new Error(`the row names ${name} of ${eTag}, which never was`);
    return version;
  }
}

/** Whether a table's item says that this content counts for nothing. */
export function isSkipped({ name, eTag }: RawVersion, item: TableItem): boolean {
  return ((item.SkippedFiles ?? {}) as Record<string, string>)[name] === eTag;
}

/** Whether a table's item says that a change file is merged in this generation. */
export function isMerged(version: RawVersion, item: TableItem): boolean {
  const { name, lastModified } = version;
  if (isSkipped(version, item) || lastModified < Number(item.Since ?? 0)) return false;
  const mark = item.LowWaterMark as string | undefined;
  const isBelow = mark !== undefined && name <= mark && lastModified < Number(item.SweptAt ?? 0);
  return isBelow || ((item.MergedFiles ?? []) as string[]).includes(name);
}

/** Load files first; the names of both sort as they apply. */
function inOrder(a: RawVersion, b: RawVersion): number {
  if (a.kind !== b.kind) return a.kind === 'load' ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}

function whole(version: RawVersion): Part {
  return { version, rows: version.rows.length };
}

function fold(parts: readonly Part[], key: KeyKind): string[] {
  const rows = new Map<string, string>();
  for (const { version, rows: count } of parts) {
    for (const row of version.rows.slice(0, count)) {
      // Without a key there is nothing that an update or a delete could be of.
      if (key === 'none' && row.op !== 'I') continue;
      if (row.op === 'D') rows.delete(keyText(row, key));
      else rows.set(keyText(row, key), rowText(row));
    }
  }
  return [...rows.values()].sort();
}
