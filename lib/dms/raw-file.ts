import { commandText, TABLE } from '../command-text.ts';

/**
 * What a file of a raw table folder is, told by its name, and the order of change files.
 *
 * Load files: `LOAD0000000A.parquet` (the counter is hexadecimal, of any width), `SEGMENT1_LOAD….parquet`, or in a
 * folder per source partition. Change files: `20141029-1134010000.parquet` (date, dash, nine or more digits of time),
 * possibly in date folders, whose order need not be that of time (`DDMMYYYY`), so a change file's order is its name's.
 */
export type RawFile =
  | { kind: 'load'; name: string }
  | ChangeFileName
  /** Written by an endpoint whose settings must change. */
  | { kind: 'unsupported'; name: string; why: string; next: string }
  | { kind: 'ignored'; name: string };

export interface ChangeFileName {
  kind: 'change';
  /** Key relative to the table's folder. */
  name: string;
  /** Sorts as text in the order of time: yyyyMMdd, then the digits of the time. */
  order: string;
}

const LOAD = /^(?:SEGMENT\d+_)?LOAD[0-9A-F]+\.parquet$/i;
/** A time of a calendar: what sorts after all of them would make every file after it a late one. */
const CHANGE = /^(\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))-((?:[01]\d|2[0-3])[0-5]\d[0-5]\d\d{3,})\.parquet$/i;
const TEXT_FORMAT = /\.(?:csv|json|txt)(?:\.gz)?$/i;
/** By suffix; other ones are a copy under way (`.part`, `.tmp`), which will have its name in a moment. */
const PACKED = /\.parquet\.(?:gz|gzip|bz2|zst|zip|snappy|lz4|br|xz)$/i;
/** Longer fractions of a second than any seen; shorter ones are filled up with zeros, so that text order is time order. */
const TIME_DIGITS = 20;

/** @param name key relative to the table's folder */
export function parseRawFile(name: string): RawFile {
  const base = name.slice(name.lastIndexOf('/') + 1);
  if (LOAD.test(base)) return { kind: 'load', name };
  const change = CHANGE.exec(base);
  if (change) return { kind: 'change', name, order: `${change[1] ?? ''}${(change[2] ?? '').padEnd(TIME_DIGITS, '0')}` };
  if (TEXT_FORMAT.test(base)) {
    return {
      kind: 'unsupported',
      name,
      why: `${name} is not Parquet: the DMS endpoint writes text.`,
      next: "Set DataFormat=parquet in the S3 target endpoint's settings, remove the text files and reload the table.",
    };
  }
  if (PACKED.test(base)) {
    return {
      kind: 'unsupported',
      name,
      why: `${name} is a compressed file around a Parquet file, which no reader of Parquet takes.`,
      next: 'Let DMS compress inside the file (CompressionType=GZIP with DataFormat=parquet), and put the unpacked file in its place.',
    };
  }
  if (/\.parquet$/i.test(base) && !base.startsWith('.') && !base.startsWith('_')) {
    return {
      kind: 'unsupported',
      name,
      why: `${name} has neither the name of a DMS load file (LOAD00000001.parquet) nor of a change file (20141029-1134010000.parquet).`,
      next: `Move the file out of the table's raw folder, or have it count for nothing: ${commandText('skip', TABLE, name)}.`,
    };
  }
  return { kind: 'ignored', name };
}

/** Orders change files by the time in their names; the same time by whole name. */
export function compareChangeFiles(a: ChangeFileName, b: ChangeFileName): number {
  return compareText(a.order, b.order) || compareText(a.name, b.name);
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
