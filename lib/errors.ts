import { printable } from './printable.ts';

/**
 * The families of errors, by what happens next.
 *
 * - `TableBlocked`: this table's files or settings are not as they must be. The table stops with the reason in its row;
 *   other tables never notice.
 * - `ObjectChanged`, `TableItemChanged` (lib/ports): someone else was faster. Read again, plan again.
 * - `OutOfTime`: the deadline is near. What is committed stays; the rest is done by the next invocation.
 * - Anything else is transient or a bug: the wake-up is handed back, tried again, and ends in the dead-letter queue.
 */
export class TableBlocked extends Error {
  override readonly name = 'TableBlocked';
  /** Key of the raw file in the way, relative to the table's folder; empty if it is the table's settings. */
  readonly file: string;
  /** What to do; commands in it are about the table (`command-text.ts`). */
  readonly next: string;
  constructor(file: string, reason: string, options: { next: string; cause?: unknown }) {
    super(legible(reason), options.cause === undefined ? undefined : { cause: options.cause });
    this.file = file;
    this.next = legible(options.next);
  }
}

/** Part of a sentence: by which file a table is blocked; nothing if it is its settings. */
export function byFile(file: string): string {
  return file === '' ? '' : ` by ${printable(file)}`;
}

/** Reasons quote names out of files, and the table's row has room for a page of text. */
export function legible(reason: string): string {
  const visible = printable(reason);
  return visible.length <= REASON_LENGTH_MAX ? visible : `${visible.slice(0, REASON_LENGTH_MAX)}…`;
}

const REASON_LENGTH_MAX = 4_000;

/** Time is up; nothing more may be written by this invocation. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
