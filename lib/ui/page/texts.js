/** Numbers and times as people read them. */

/** @import { MergeView } from '../view.ts' */

const TIME = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});

/** `10:15:02`, local. @param {number} ms since the epoch */
export function timeText(ms) {
  return TIME.format(ms);
}

/** `0.21 s`. @param {number} seconds */
export function secondsText(seconds) {
  return seconds < 10 ? `${seconds.toFixed(2)} s` : `${Math.round(seconds).toLocaleString('en')} s`;
}

/** @param {number} bytes */
export function bytesText(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['KB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** `1 file`, `1,200 files`. @param {number} count @param {string} noun */
export function counted(count, noun) {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** `12 inserted, 3 updated`. @param {MergeView} merge */
export function mergeText({ inserted, updated, deleted, ignored, files }) {
  const parts = [
    { count: inserted, what: 'inserted' },
    { count: updated, what: 'updated' },
    { count: deleted, what: 'deleted' },
    { count: ignored, what: 'ignored' },
  ].filter(({ count }) => count > 0);
  const rows = parts.map(({ count, what }) => `${count.toLocaleString('en')} ${what}`).join(', ') || 'no rows changed';
  return files > 1 ? `${rows} (${files.toLocaleString('en')} files together)` : rows;
}
