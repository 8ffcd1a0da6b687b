import type { SeededRandom } from '../../lib/sample/seeded-random.ts';

/** How the DMS task of one table names its files. */
export interface FileNames {
  /** Name of load file `index` of one load, below the table's folder. */
  load(index: number): string;
  /** Name of the next change file: later than all before it. */
  nextChange(): string;
}

type Parts = Record<'year' | 'month' | 'day' | 'hour', string>;

const DATE_SEQUENCES: readonly (readonly (keyof Parts)[])[] = [
  ['year', 'month', 'day'],
  ['year', 'month', 'day', 'hour'],
  ['year', 'month'],
  ['month', 'year', 'day'],
  ['day', 'month', 'year'],
];

const MS_PER_HOUR = 3_600_000;

export function randomFileNames(random: SeededRandom): FileNames & { segmented: boolean } {
  const firstLoad = random.pick([1, 1, 8, 9, 0xfe]);
  const segmented = random.chance(0.2);
  const segmentFolders = random.chance(0.5);
  const extraDigit = random.chance(0.5);
  const folders = random.chance(0.25)
    ? { sequence: random.pick(DATE_SEQUENCES), delimiter: random.pick(['/', '-', '_', '']) }
    : undefined;
  const step = random.pick([2_000, MS_PER_HOUR, 20 * 24 * MS_PER_HOUR]);
  let time = Date.UTC(2025, 10, 22, 9, 57, 13, 44);
  let tenth = 0;

  return {
    segmented,
    load(index) {
      const file = `LOAD${(firstLoad + index).toString(16).toUpperCase().padStart(8, '0')}.parquet`;
      if (!segmented) return file;
      return segmentFolders ? `part_${index % 2}/${file}` : `SEGMENT${index % 2}_${file}`;
    },
    nextChange() {
      // Within one millisecond only the tenth digit tells files apart.
      if (extraDigit && tenth < 9 && random.chance(0.1)) tenth++;
      else {
        time += random.integer(1, step);
        tenth = 0;
      }
      const [day, clock] = new Date(time)
        .toISOString()
        .replace(/[-:.Z]/g, '')
        .split('T') as [string, string];
      const file = `${day}-${clock}${extraDigit ? tenth : ''}.parquet`;
      if (!folders) return file;
      const parts = { year: day.slice(0, 4), month: day.slice(4, 6), day: day.slice(6), hour: clock.slice(0, 2) };
      return `${folders.sequence.map((part) => parts[part]).join(folders.delimiter)}/${file}`;
    },
  };
}
