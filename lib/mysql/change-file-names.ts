import { changeFileName } from '../sample/sample-files.ts';

/**
 * Names of change files: the time of writing, `YYYYMMDD-HHMMSSmmm.parquet`. Every name is greater than all before it,
 * also where files are written within one millisecond or the clock was set back: their order is the changes' order.
 */
export class ChangeFileNames {
  #last: number;

  /** @param last ms since the epoch of the newest name given so far */
  constructor(last = 0) {
    this.#last = last;
  }

  /** ms since the epoch of the newest name */
  get last(): number {
    return this.#last;
  }

  /** Counts a name that a process before gave. */
  saw(name: string): void {
    const [, date = '', time = '', ms = ''] = /^(\d{8})-(\d{6})(\d{3})\.parquet$/.exec(name) ?? [];
    if (date === '') return;
    const given = Date.parse(`${dashed(date, '-')}T${dashed(time, ':')}.${ms}Z`);
    this.#last = Math.max(this.#last, given);
  }

  /** @param now ms since the epoch */
  next(now: number): string {
    this.#last = Math.max(now, this.#last + 1);
    return changeFileName(new Date(this.#last));
  }
}

/** `20260301` as `2026-03-01`, `101500` as `10:15:00`. */
function dashed(digits: string, separator: string): string {
  return digits.replace(/^(\d+)(\d\d)(\d\d)$/, `$1${separator}$2${separator}$3`);
}
