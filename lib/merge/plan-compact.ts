import type { Limits } from '../config.ts';
import type { KnownLakeFile } from '../lake/known-lake-file.ts';
import type { OpenLakeFile } from '../lake/lake-file.ts';
import { relativeKey } from '../lake/lake-file.ts';
import type { Column } from '../parquet/column-type.ts';
import { MAGIC } from '../parquet/footer.ts';
import { groupBytes, keepsChunks } from './file-edits.ts';
import { footerBytesWith, FULL_FOOTER_BYTES } from './footer-room.ts';
import { joinNeighbours } from './join-groups.ts';
import type { ChangeFile, GroupPlan, JoinedGroup, JoinFiles, StoredGroup } from './plan.ts';

/** Of a file: fewer bytes that are no longer in use are not worth writing it again. */
const DEAD_BYTES_SHARE_MIN = 0.05;

/**
 * Plans to lay a file out anew within its own key: without bytes that are no longer in use, small row groups joined to
 * their neighbours. What was laid out so needs nothing, so that doing it again ends.
 * @param columns that the file is to have
 * @param purge whether every value that was changed or deleted is to be gone: also those in dictionaries of row groups
 *   that were edited, which are encoded anew
 * @returns undefined if the file is in shape
 */
export function planLayout(
  file: OpenLakeFile,
  columns: readonly Column[],
  purge: boolean,
  limits: Limits,
): ChangeFile | undefined {
  const { rowGroups } = file.footer;
  const { groups, fewer } = joinNeighbours(
    rowGroups.map(() => KEEP),
    rowGroups,
    limits.rowsPerRowGroup,
  );
  const dead = deadBytes(file);
  const edited = file.metadata?.edited === true;
  const reasons = [
    ...(dead > file.size * DEAD_BYTES_SHARE_MIN || (purge && dead > 0) ? [`${dead} bytes are no longer in use`] : []),
    ...(fewer > 0 ? [`${fewer} row groups fewer will do`] : []),
    ...(purge && edited ? ['dictionaries may hold values that no row has'] : []),
  ];
  if (reasons.length === 0) return undefined;
  const encodesAll = (purge && edited) || !keepsChunks(file, columns);
  return {
    kind: 'change',
    file,
    groups: encodesAll
      ? groups.map((plan, i) => (plan.kind === 'keep' ? { kind: 'join', groups: [i] } : plan))
      : groups,
    appended: [],
    holds: file.metadata?.holds ?? [],
    joined: file.metadata?.joined ?? [],
    layout: 'anew',
    reason: reasons.join(', '),
  };
}

const KEEP: GroupPlan = { kind: 'keep' };

/** Bytes of a file that its footer does not name. */
export function deadBytes({ size, footer }: OpenLakeFile): number {
  const live = footer.rowGroups.reduce((sum, group) => sum + groupBytes(group), 0);
  return size - live - footer.byteLength - MAGIC.length;
}

/**
 * The small files of each partition, below half the size that files are to have, in lists of at least two that fit into
 * one file together, their footers included.
 * @param files in the order of their keys
 * @param columnCount of the file that takes them
 */
export function joinableFiles(
  files: readonly KnownLakeFile[],
  columnCount: number,
  { targetFileBytes }: Limits,
): KnownLakeFile[][] {
  const lists: KnownLakeFile[][] = [];
  const openLists = new Map<string, { files: KnownLakeFile[]; bytes: number; footerBytes: number }>();
  for (const file of files) {
    if (file.rows === 0 || file.size >= targetFileBytes / 2) continue;
    const footerBytes = footerBytesWith(file, columnCount);
    let list = openLists.get(file.folder);
    if (
      !list ||
      list.bytes + file.size > targetFileBytes ||
      list.footerBytes + footerBytes > FULL_FOOTER_BYTES ||
      list.files.length === JOINED_FILES_MAX
    ) {
      openLists.set(file.folder, (list = { files: [], bytes: 0, footerBytes: 0 }));
      lists.push(list.files);
    }
    list.files.push(file);
    list.bytes += file.size;
    list.footerBytes += footerBytes;
  }
  return lists.filter((list) => list.length > 1);
}

/** All are named in the note of the one that takes their rows. */
const JOINED_FILES_MAX = 100;

/**
 * Plans to write one file of all rows of several. Row groups are taken over as bytes where their types are those of the
 * table, small ones joined.
 */
export function planJoin(
  sources: readonly OpenLakeFile[],
  columns: readonly Column[],
  purge: boolean,
  limits: Limits,
): JoinFiles {
  const parts = sources.flatMap((file) => file.footer.rowGroups.map((_, group): StoredGroup => ({ file, group })));
  const rowGroups = sources.flatMap((file) => file.footer.rowGroups);
  const encoded = new Set(
    sources.filter((file) => !keepsChunks(file, columns) || (purge && file.metadata?.edited === true)),
  );
  const { groups } = joinNeighbours(
    parts.map(() => KEEP),
    rowGroups,
    limits.rowsPerRowGroup,
  );
  return {
    kind: 'join',
    folder: sources[0]?.folder ?? '',
    sources,
    groups: groups.flatMap((plan, i) => joinedGroup(plan, i, parts, encoded)),
    holds: sources.flatMap(({ metadata }) => metadata?.holds ?? []),
    joined: sources.map(relativeKey),
    reason: `${sources.length} small files become one`,
  };
}

function joinedGroup(
  plan: GroupPlan,
  i: number,
  parts: readonly StoredGroup[],
  encoded: ReadonlySet<OpenLakeFile>,
): JoinedGroup[] {
  if (plan.kind === 'join')
    return [{ kind: 'encode', parts: plan.groups.flatMap((group) => parts.slice(group, group + 1)) }];
  const part = parts[i];
  if (plan.kind !== 'keep' || !part) return [];
  return [encoded.has(part.file) ? { kind: 'encode', parts: [part] } : { kind: 'take', part }];
}
