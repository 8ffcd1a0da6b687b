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

/** Reasons quote names out of files: the table's row has room for a page of text, and a terminal obeys control characters. */
export function legible(reason: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what this is about
  const visible = reason.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
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
