import type { Coverage } from './coverage.ts';
import type { NameDigest } from './name-digest.ts';
import { NO_NAMES } from './name-digest.ts';

/**
 * A table's row: what people set, and how far the lake is. `item.ts` says how it is stored.
 */
export interface TableRow {
  /** `<bucket>/<prefix><schema>/<table>/` */
  readonly path: string;
  readonly settings: TableSettingsOfRow;
  readonly progress: Progress;
}

/** What people edit; every update is made on the condition that these are still as they were read. */
export interface TableSettingsOfRow {
  primaryKey: readonly string[];
  partitionKey: readonly string[];
  active: boolean;
  /** Folder of the lake bucket where the table's files are; undefined: the usual place. */
  outPath: string | undefined;
  /** What becomes of the lake when all raw files of the table were removed, as DMS does for a TRUNCATE at the source. */
  onTruncate: 'keep' | 'empty';
  /** Attributes with keys or folders that are of no type which could be read as text: the table is not merged so. */
  illegible: readonly ('PrimaryKey' | 'PartitionKey' | 'out_path')[];
}

/** What only Tidemark writes. */
export interface Progress {
  /** Raised by every update; undefined in a row that Tidemark has never written. */
  version: number | undefined;
  /** The load that the lake holds; 0 in a row whose table was never merged, or by the hourly solution only. */
  generation: number;
  /** `yyyy-MM-dd HH:mm:ss` of the newest load file merged. */
  lastFullLoadDate: string;
  /** The newest change file merged, relative to the table's folder; undefined if there is none. */
  lastChangeFile: string | undefined;
  /** When that generation's newest change file was last modified, in ms since the epoch. */
  lastChangeAt: number | undefined;
  /** Change files last modified before this are part of the full load already, in ms since the epoch. */
  since: number;
  /** Load files merged: name → eTag. */
  loadFiles: ReadonlyMap<string, string>;
  /** Load files of the generation before: not loaded again though they are still there. */
  supersededLoadFiles: ReadonlyMap<string, string>;
  /** When the newest of them was last modified, in ms since the epoch: what was written since is of the new load; undefined: not known. */
  supersededUntil: number | undefined;
  /** A load built anew is complete with the files last modified up to this, in ms since the epoch; undefined: not known. */
  loadedUntil: number | undefined;
  /** Raw files that count for nothing, since a person said so: name → eTag. */
  skipped: ReadonlyMap<string, string>;
  /** Which change files are merged. */
  coverage: Coverage;
  /** Whether the lake held the table already when its first change file came, without a full load. */
  adopted: boolean;
  /** Whether the hourly solution merged a part of it: which raw files there were before is not known. */
  takenOver: boolean;
  /** How many change files are merged. */
  changeFiles: number;
  /** Their names; undefined if not all of them are known. */
  nameDigest: NameDigest | undefined;
  /** A raw file of which only the first rows are merged. */
  partial: PartialFile | undefined;
  /** Set while files that were merged already are merged again on a person's demand. */
  replay: Replay | undefined;
  /** Set once it was found that no raw file is left. */
  rawGone: RawGone | undefined;
  /** How values of the partition columns are written in folders' names; undefined before the first merge. */
  partitionForms: readonly string[] | undefined;
  /** The settings that the lake was built with; undefined before the first merge. */
  builtWith: BuiltWith | undefined;
  /** Lake objects that a merge under way may write. */
  intent: readonly IntendedWrite[];
  /** Raw files last modified before this did not wait for a merge, in ms since the epoch (`freshness.ts`). */
  freshSince: number;
  /**
   * When the newest raw file was last modified of those that were there at the generation's first merge, or when files were set
   * back, in ms since the epoch; undefined: not known.
   */
  begunWith: number | undefined;
  /** Rows merged on a day, `yyyy-MM-dd` UTC: the last one on which any were. */
  today: { day: string; rows: number } | undefined;
  /** Merges in a row that did not come to their commit: the next one takes less. */
  attempts: number;
  /** When files of earlier loads, or without rows, may be removed, in ms since the epoch; undefined: none was seen. */
  cleanUpAt: number | undefined;
  blocked: Blocked | undefined;
  /** How the table stands in the catalog; undefined: it was never registered. */
  catalog: CatalogState | undefined;
}

export type BuiltWith = Omit<TableSettingsOfRow, 'active' | 'onTruncate' | 'illegible'>;

export interface PartialFile {
  file: string;
  eTag: string;
  /** How many of its rows are merged. */
  rows: number;
  /** Set once the next one turned out to be bad. */
  isBad?: true;
}

/** How many raw files were merged before they were set back. */
export interface Replay {
  loadFiles: number;
  changeFiles: number;
  /** Change files up to this name may be in the lake, though the row does not say so; undefined: it was begun anew. */
  until: string | undefined;
}

export interface RawGone {
  /** ISO 8601 */
  since: string;
  /** What became of the lake's rows. */
  lake: 'kept' | 'emptying' | 'emptied';
}

/** A lake key that may be written, and the version that would be replaced. */
export interface IntendedWrite {
  key: string;
  replaces: { eTag: string } | 'absent';
}

export interface Blocked {
  /** Raw file in the way, relative to the table's folder; empty if it is the settings or the lake. */
  file: string;
  /** Version of that file. */
  eTag: string;
  reason: string;
  next: string;
  /** ISO 8601 */
  since: string;
  /** The settings then: other settings may be what was wrong. */
  settings: string;
}

/** What the row remembers of a table's entry in the catalog. */
export interface CatalogState {
  /** `<database>.<table>` */
  table: string;
  /** Digest of the definition that is registered; undefined: none was yet. */
  definition: string | undefined;
  /** Hive types of the partition columns, in the order of PartitionKey. */
  partitionTypes: readonly string[];
  /** Whether the definition or partitions are still to be registered. */
  due: boolean;
  /** How often in a row there was not time enough to register it. */
  tries: number;
  /** Why it could not be registered. */
  failed: CatalogFailure | undefined;
}

export interface CatalogFailure {
  reason: string;
  /** What to do; empty: nothing but wait. */
  next: string;
  /** ISO 8601: of the first attempt that failed. */
  since: string;
  /** The last attempt, in ms since the epoch. */
  triedAt: number;
}

export const NEVER_LOADED = '1900-01-01 00:00:00';

/** `yyyy-MM-dd HH:mm:ss`, UTC, whole seconds: as the hourly solution writes when a load file was last modified. */
export function loadDate(date: Date): string {
  return date.toISOString().slice(0, 19).replace('T', ' ');
}

/** What begins anew with a full load, or when the table is built anew. */
export function newGeneration(generation: number) {
  return {
    generation,
    lastChangeFile: undefined,
    lastChangeAt: undefined,
    since: 0,
    loadFiles: new Map<string, string>(),
    supersededLoadFiles: new Map<string, string>(),
    supersededUntil: undefined,
    loadedUntil: undefined,
    coverage: { mark: undefined, sweptAt: 0, names: new Set<string>() },
    adopted: false,
    takenOver: false,
    changeFiles: 0,
    nameDigest: NO_NAMES,
    partial: undefined,
    replay: undefined,
    rawGone: undefined,
    partitionForms: undefined,
  } satisfies Partial<Progress>;
}

/** Whether nothing of the generation is merged, nor was before it was set back. */
export function isNotBegun({ loadFiles, changeFiles, partial, replay }: Progress): boolean {
  return loadFiles.size === 0 && changeFiles === 0 && partial === undefined && replay === undefined;
}

export function builtWithSettings({ primaryKey, partitionKey, outPath }: BuiltWith): BuiltWith {
  return { primaryKey, partitionKey, outPath };
}

/** Settings as one text, to see whether they changed. */
export function settingsText({ primaryKey, partitionKey, outPath }: BuiltWith): string {
  return JSON.stringify([primaryKey, partitionKey, outPath ?? null]);
}

/** Whether the lake was built with other settings than the row has now. */
export function wasEdited({ settings, progress: { builtWith } }: TableRow): boolean {
  return builtWith !== undefined && settingsText(settings) !== settingsText(builtWith);
}
