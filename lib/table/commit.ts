import { compareChangeFiles, parseRawFile } from '../dms/raw-file.ts';
import type { RowCounts } from '../merge/plan.ts';
import type { RawSlice } from '../merge/raw-slice.ts';
import { withFiles } from './coverage.ts';
import { plusNames } from './name-digest.ts';
import { partitionForms } from './partition-forms.ts';
import { versionsOf } from './raw-listing.ts';
import type { BuiltWith, Progress } from './row.ts';
import { loadDate } from './row.ts';

/**
 * The progress once these slices are in the lake: what a merge's commit writes.
 * @param counts of the rows that it changed
 * @param now in ms since the epoch
 */
export function committed(
  progress: Progress,
  slices: readonly RawSlice[],
  counts: RowCounts,
  now: number,
): Partial<Progress> {
  const whole = slices.filter(({ file, to }) => to === file.rows).map(({ file }) => file);
  const loads = whole.filter(({ kind }) => kind === 'load');
  const changes = whole.filter(({ kind }) => kind === 'change');
  const names = changes.map(({ name }) => name);
  return {
    loadFiles: new Map([...progress.loadFiles, ...versionsOf(loads)]),
    // DMS wrote one of them once more, the same byte for byte: it is of this load now.
    supersededLoadFiles: without(progress.supersededLoadFiles, versionsOf(loads)),
    lastFullLoadDate: newestDate(progress.lastFullLoadDate, loads),
    coverage: withFiles(progress.coverage, names),
    lastChangeFile: newestName(progress.lastChangeFile, changes),
    lastChangeAt: newestTime(progress.lastChangeAt, changes),
    changeFiles: progress.changeFiles + changes.length,
    nameDigest: progress.nameDigest === undefined ? undefined : plusNames(progress.nameDigest, names),
    partial: partialAfter(progress.partial, slices),
    partitionForms: progress.partitionForms ?? formsOf(slices, progress.builtWith),
    today: rowsOfDay(progress.today, counts, now),
    intent: [],
    attempts: 0,
    blocked: undefined,
  };
}

function without(files: ReadonlyMap<string, string>, merged: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...files].filter(([name, eTag]) => merged.get(name) !== eTag));
}

function rowsOfDay(before: Progress['today'], { inserted, updated, deleted }: RowCounts, now: number) {
  const day = new Date(now).toISOString().slice(0, 10);
  return { day, rows: (before?.day === day ? before.rows : 0) + inserted + updated + deleted };
}

function formsOf([first]: readonly RawSlice[], builtWith: BuiltWith | undefined): string[] | undefined {
  return first && builtWith && partitionForms(first.file, builtWith.partitionKey);
}

function partialAfter(before: Progress['partial'], slices: readonly RawSlice[]): Progress['partial'] {
  const unfinished = slices.find(({ file, to }) => to < file.rows);
  if (unfinished) return { file: unfinished.file.name, eTag: unfinished.file.eTag, rows: unfinished.to };
  return slices.some(({ file }) => file.name === before?.file) ? undefined : before;
}

function newestDate(before: string, loads: readonly { lastModified: Date }[]): string {
  return [before, ...loads.map(({ lastModified }) => loadDate(lastModified))].sort().at(-1) ?? before;
}

function newestName(before: string | undefined, changes: readonly { name: string }[]): string | undefined {
  const names = [...changes.map(({ name }) => name), ...(before === undefined ? [] : [before])];
  return names
    .map(parseRawFile)
    .filter((file) => file.kind === 'change')
    .sort(compareChangeFiles)
    .at(-1)?.name;
}

function newestTime(before: number | undefined, changes: readonly { lastModified: Date }[]): number | undefined {
  const times = changes.map(({ lastModified }) => lastModified.getTime());
  return times.length === 0 ? before : Math.max(before ?? -Infinity, ...times);
}
