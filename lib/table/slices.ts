import type { Limits } from '../config.ts';
import type { Hold } from '../lake/file-metadata.ts';
import type { RawObject, RawSlice } from '../merge/raw-slice.ts';
import { openRawFile } from '../merge/raw-slice.ts';
import { TableBlocked } from '../errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Progress } from './row.ts';

/**
 * What one merge takes of the files that wait: as many as fit into memory, in their order; of a larger file, a slice.
 *
 * A slice that an earlier merge wrote to some partitions before it died must come with the same bounds again, or the
 * notes about it in the lake's footers would not tell what is there.
 * @param attempts merges before this one that did not come to an end; each halves what is taken
 * @throws TableBlocked if the first file is not readable. A later one only ends what is taken.
 */
export async function chooseSlices(
  files: readonly RawObject[],
  { partial, attempts }: Pick<Progress, 'partial' | 'attempts'>,
  holds: readonly Hold[],
  limits: Limits,
  raw: ObjectStore,
): Promise<RawSlice[]> {
  const valuesMax = Math.max(VALUES_MIN, limits.valuesPerMerge / 2 ** attempts);
  const filesMax = Math.max(1, Math.floor(limits.filesPerMerge / 2 ** attempts));
  const slices: RawSlice[] = [];
  let values = 0;
  for (let i = 0; i < Math.min(files.length, filesMax); i += OPENED_AT_ONCE) {
    const together = files.slice(i, Math.min(i + OPENED_AT_ONCE, filesMax));
    for (const opened of await Promise.allSettled(together.map((file) => openRawFile(raw, file)))) {
      if (opened.status === 'rejected') {
        if (slices.length > 0 && opened.reason instanceof TableBlocked) return slices;
        throw opened.reason;
      }
      const file = opened.value;
      const from = partial?.file === file.name && partial.eTag === file.eTag ? partial.rows : 0;
      const columns = file.footer.columns.length;
      const room = Math.floor((valuesMax - values) / columns);
      const held = holds.find((hold) => hold.file === file.name && hold.eTag === file.eTag && hold.from === from)?.to;
      const to = Math.min(
        file.rows,
        held ?? (file.rows - from <= room ? file.rows : from + Math.floor(valuesMax / columns)),
      );
      if (slices.length > 0 && to - from > room) return slices;
      slices.push({ file, from, to });
      values += (to - from) * columns;
      if (to < file.rows) return slices;
    }
  }
  return slices;
}

/** Files not yet begun come after the one of which rows are merged already. */
export function begunFirst<T extends RawObject>(files: readonly T[], { partial }: Pick<Progress, 'partial'>): T[] {
  const begun = files.filter(({ name }) => name === partial?.file);
  return [...begun, ...files.filter(({ name }) => name !== partial?.file)];
}

const OPENED_AT_ONCE = 16;
/** Enough for progress, however often a merge did not come to its end. */
const VALUES_MIN = 1_000;
