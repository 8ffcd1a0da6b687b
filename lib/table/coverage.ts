import type { ChangeFileName } from '../dms/raw-file.ts';
import { compareChangeFiles, parseRawFile } from '../dms/raw-file.ts';

/**
 * Which change files are merged, in bounded space.
 *
 * A name alone does not say it: files come late, with names older than what is merged already. So files are accounted
 * for by a mark and a time (everything up to that name that was last modified by that time, when a listing of the whole
 * table was gone through), and by name above the one or after the other.
 */
export interface Coverage {
  /** Name of a change file; undefined before the first whole listing. */
  mark: string | undefined;
  /** Milliseconds since the epoch. */
  sweptAt: number;
  names: ReadonlySet<string>;
}

export interface DatedChangeFile extends ChangeFileName {
  lastModified: Date;
}

export function isAccountedFor(file: DatedChangeFile, { mark, sweptAt, names }: Coverage): boolean {
  if (names.has(file.name)) return true;
  const marked = mark === undefined ? undefined : parseRawFile(mark);
  return marked?.kind === 'change' && compareChangeFiles(file, marked) <= 0 && file.lastModified.getTime() < sweptAt;
}

export function withFiles(coverage: Coverage, names: Iterable<string>): Coverage {
  return { ...coverage, names: new Set([...coverage.names, ...names]) };
}

/** Past this many names, the whole table is listed and the mark raised. */
export const NAMES_MAX = 1_000;
/** The same of their bytes: a name may have almost a kilobyte, and the table's row must stay within 400. */
const NAMES_BYTES_MAX = 48 * 1024;

/** Whether the names are so many that the mark is to be raised. */
export function isFull({ names }: Coverage): boolean {
  return names.size > NAMES_MAX || bytesOf(names) > NAMES_BYTES_MAX;
}

/** Whether they are more than any mark leaves: files keep coming late, below which it cannot be raised. */
export function isOverfull({ names }: Coverage): boolean {
  return bytesOf(names) > OVERFULL_BYTES;
}

function bytesOf(names: Iterable<string>): number {
  let bytes = 0;
  for (const name of names) bytes += Buffer.byteLength(name);
  return bytes;
}

/**
 * Raises the mark to the newest file merged, so that few names need be kept.
 *
 * @param files the table's change files up to some name, each of them accounted for
 * @param listedAt when the listing began, in ms since the epoch. A file that is uploaded in parts is dated by the upload's
 * beginning, so files as young as `UPLOAD_MS_MAX` then stay accounted for by name.
 */
export function compacted(coverage: Coverage, files: readonly DatedChangeFile[], listedAt: number): Coverage {
  const newest = files.toSorted(compareChangeFiles).at(-1);
  if (!newest) return coverage;
  const byDate = files.toSorted((a, b) => a.lastModified.getTime() - b.lastModified.getTime());
  // However busy the table, its item has an end. Files of the same time are kept together, or not: S3 tells whole seconds.
  const newestLeft = byDate.at(-keptMax(byDate) - 1)?.lastModified.getTime() ?? -1;
  const sweptAt = Math.max(coverage.sweptAt, listedAt - UPLOAD_MS_MAX, newestLeft + 1);
  const names = byDate.filter((file) => file.lastModified.getTime() >= sweptAt).map((file) => file.name);
  return { mark: newest.name, sweptAt, names: new Set(names) };
}

/**
 * The coverage of files that others merged, up to a name.
 * @param merged those of them that are there
 */
export function takenOver(mark: string, merged: readonly DatedChangeFile[], listedAt: number): Coverage {
  const swept = { mark, sweptAt: listedAt - UPLOAD_MS_MAX, names: new Set<string>() };
  return { ...compacted(swept, merged, listedAt), mark };
}

/** Names of files younger than that which are kept, in number and bytes. */
const NAMES_KEPT_MAX = 2 * NAMES_MAX;
const KEPT_BYTES_MAX = 2 * NAMES_BYTES_MAX;
/** What is kept, and what one merge adds, is less. */
const OVERFULL_BYTES = 4 * NAMES_BYTES_MAX;

/** How many of the youngest files may be kept by name. */
function keptMax(byDate: readonly DatedChangeFile[]): number {
  let bytes = 0;
  const young = byDate.slice(-NAMES_KEPT_MAX).reverse();
  const at = young.findIndex(({ name }) => (bytes += Buffer.byteLength(name)) > KEPT_BYTES_MAX);
  return at < 0 ? NAMES_KEPT_MAX : at;
}
const UPLOAD_MS_MAX = 15 * 60 * 1000;
