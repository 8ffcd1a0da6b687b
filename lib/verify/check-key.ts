import { isNull } from '../parquet/vector.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { holds } from './expected-rows.ts';
import type { Share } from './hash-index.ts';
import { HashIndex, HASHES, shareWidth } from './hash-index.ts';
import type { MergedFile } from './merged-files.ts';
import type { GroupRows } from './read-rows.ts';
import { readRawRows } from './read-rows.ts';
import { RowIdentities } from './row-identity.ts';
import type { TableShape } from './table-shape.ts';
import { readShape } from './table-shape.ts';

/** A key that is to be looked for in load files. */
export interface KeyToCheck {
  files: readonly MergedFile[];
  /** Of the key's columns alone. */
  shape: TableShape;
  rows: number;
  bytes: number;
}

/** How far columns are a key of the rows looked at. */
export interface KeyFindings {
  rows: number;
  /** Rows whose key an earlier row has, too. */
  repeated: number;
  /** Rows with a null in their key. */
  empty: number;
  /** How often the key's columns were read. */
  passes: number;
}

/**
 * Reads the footers of load files.
 * @throws TableBlocked if one cannot be read, or has not all columns of the key; ObjectChanged
 */
export async function keyToCheck(
  files: readonly MergedFile[],
  primaryKey: readonly string[],
  raw: ObjectStore,
): Promise<KeyToCheck> {
  const { shape, loadRows } = await readShape(files, [], { primaryKey, partitionKey: [] }, { raw, lake: raw });
  const bytes = files.reduce((sum, { object }) => sum + object.size, 0);
  return { files, shape: { ...shape, stored: shape.key.stored }, rows: loadRows, bytes };
}

/** How often the key's columns are read to be sure. */
export function passesFor({ rows }: Pick<KeyToCheck, 'rows'>, keysAtOnce: number): number {
  return Math.ceil(HASHES / shareWidth(rows, keysAtOnce));
}

/**
 * Counts the rows of load files that repeat a key, and those without one. Keys are told apart as merges tell them apart, by
 * hashes of 128 bits; of a table with more keys than there is room for, those of a share of all hashes at a time.
 * @param keysAtOnce how many keys there is room for, 32 bytes each
 * @param onProgress is told how many rows were read, of about how many
 * @throws TableBlocked if a file cannot be read; ObjectChanged if one was replaced
 */
export async function checkKey(
  key: KeyToCheck,
  raw: ObjectStore,
  keysAtOnce: number,
  onProgress: (read: number, of: number) => void = () => undefined,
): Promise<KeyFindings> {
  const { files, shape, rows } = key;
  const room = Math.max(1, Math.min(keysAtOnce, rows));
  const found: KeyFindings = { rows: 0, repeated: 0, empty: 0, passes: 0 };
  let width = shareWidth(rows, keysAtOnce);
  for (let from = 0; from < HASHES;) {
    const share = { from, to: Math.min(from + width, HASHES) };
    const before = found.passes * rows;
    const of = before + rows * Math.ceil((HASHES - from) / width);
    const groups = readRawRows(files, shape, raw);
    const count = await countIn(share, groups, shape, room, (read) => onProgress(before + read, of));
    found.passes++;
    if (count === 'no room') {
      width = Math.ceil(width / 2);
      continue;
    }
    found.repeated += count.repeated;
    if (from === 0) [found.rows, found.empty] = [count.rows, count.empty];
    from = share.to;
  }
  return found;
}

/** Hashes are spread evenly, though not quite: a share may hold more keys than there should be in it. */
async function countIn(
  share: Share,
  groups: AsyncGenerator<GroupRows>,
  shape: TableShape,
  room: number,
  onRows: (read: number) => void,
): Promise<Pick<KeyFindings, 'rows' | 'repeated' | 'empty'> | 'no room'> {
  const identities = new RowIdentities(shape);
  const index = new HashIndex(room);
  const count = { rows: 0, repeated: 0, empty: 0 };
  for await (const group of groups) {
    const { key } = identities.of(group);
    for (let row = 0; row < group.rows; row++) {
      if (group.values.some((values) => isNull(values, row))) {
        count.empty++;
        continue;
      }
      const hash = key(row);
      if (!holds(share, hash)) continue;
      if (index.find(hash) >= 0) count.repeated++;
      else if (index.add(hash) < 0) return 'no room';
    }
    count.rows += group.rows;
    onRows(count.rows);
  }
  return count;
}
