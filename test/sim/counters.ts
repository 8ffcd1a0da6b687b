/** How often the paths were taken that a simulation exists for. */
export class Counters {
  readonly counts = new Map<string, number>();

  add(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }

  merge(other: Iterable<[string, number]>): void {
    for (const [what, times] of other) this.add(what, times);
  }
}

/**
 * What must have happened at least so often in 1,000 schedules, or they prove less than they seem to. A tenth of what is
 * seen, so that chance alone fails no run.
 */
export const SOMETIMES: Readonly<Record<string, number>> = {
  'late calls refused': 2,
  'lost answers recognised': 2,
  'late files merged': 2,
  'tables taken over': 10,
  'tables blocked': 5,
  'tables released': 5,
  'tables built anew': 10,
  'two merges of one table at a time': 5,
  'merges out of time': 1,
  'notices lost': 5,
  'wake-ups dead': 1,
  'dead letters moved back': 1,
  'rows twice while they move': 1,
  'files half merged': 5,
  'half merged files cut': 0.5,
  'pieces loaded again as they were': 0.3,
  'marks raised': 1,
  'tables compacted': 2,
  'files removed for good': 0.5,
  replays: 10,
  'files skipped': 2,
  'skips taken back': 1,
  'load files skipped': 1,
  'skips of load files taken back late': 1,
  'notices dead': 1,
  'dead notices moved back': 1,
  'batches that failed in part': 1,
  'merged files removed': 5,
  'files removed unmerged': 5,
  'tables whose raw files vanished': 1,
  'tables without raw files': 2,
  'raw files restored': 2,
  'merged files copied': 1,
  'lakes emptied': 1,
  'lakes emptied of tables that are filled again': 0.2,
  'tables blocked since raw files are gone': 1,
  'columns changed': 1,
  'columns widened': 2,
  'hourly lakes taken over': 2,
  'tables registered': 20,
  'tables refused by the catalog': 1,
  'merges killed at their deadline': 5,
  'faults in a half merged file': 5,
  'faults in a take-over': 4,
  'faults in a rebuild': 5,
  'faults in a replay': 3,
  'faults in a blocked table': 0.5,
  'faults in a lake that is emptied': 2,
  'faults in compacting': 3,
  'faults in a command': 1,
  'faults in the notices': 5,
  'faults in the stream of rows': 3,
  'faults in the catalog': 2,
};

/** Which of them did not happen often enough in so many schedules. */
export function tooRare({ counts }: Counters, schedules: number): string[] {
  return Object.entries(SOMETIMES)
    .filter(([what, often]) => (counts.get(what) ?? 0) < Math.floor((often * schedules) / 1000))
    .map(
      ([what, often]) => `${what}: ${counts.get(what) ?? 0} times, expected ${Math.floor((often * schedules) / 1000)}`,
    );
}
