import { hash } from 'node:crypto';

/**
 * A wake-up says "look at this table". It carries no truth: the consumer reads the table's row and the bucket. `key` is
 * a hint which object was written; wake-ups that come from elsewhere have none.
 */
export interface WakeUp {
  /** The table's path: `<bucket>/<prefix>/<schema>/<table>/`. */
  table: string;
  /** Decoded key of the object that was created, if that is why. */
  key?: string;
  /**
   * Tells this wake-up from all others: two wake-ups of one table with the same cause are one. Any text; it is hashed.
   */
  cause: string;
  /** To lay the table's files out anew once it is up to its raw files. */
  compact?: CompactRequest;
}

/** What `tidemark compact` asks for, beside the usual: files with many bytes no longer in use or many small row groups. */
export interface CompactRequest {
  /** Every value that was changed or deleted is to be gone from the files. */
  purge: boolean;
  /** Small files of a partition are to become one; readers may miss rows, or find them twice, meanwhile. */
  join: boolean;
}

/** MessageGroupId: a path may be too long or hold characters that a group id may not, hence its SHA-256. */
export function groupId(table: string): string {
  return sha256(table);
}

/** MessageDeduplicationId, from the table and the cause. */
export function deduplicationId(wakeUp: WakeUp): string {
  return sha256(`${wakeUp.table}\n${wakeUp.cause}`);
}

function sha256(text: string): string {
  return hash('sha256', text);
}
