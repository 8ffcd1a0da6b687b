import type { LakeFile } from '../lake/lake-file.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { ExpectedCopies } from './expected-copies.ts';
import { DIFFERENT, ExpectedRows, holds, MISPLACED, TWICE } from './expected-rows.ts';
import type { Share } from './hash-index.ts';
import { HASHES, shareWidth } from './hash-index.ts';
import { KeyRange } from './key-range.ts';
import type { MergedFile } from './merged-files.ts';
import type { GroupRows } from './read-rows.ts';
import { DELETE, INSERT, readLakeRows, readRawRows } from './read-rows.ts';
import type { RowDifferences } from './row-differences.ts';
import { RowIdentities } from './row-identity.ts';
import { WORDS } from './row-words.ts';
import type { TableShape, TableSize } from './table-shape.ts';

export interface RowSources {
  merged: readonly MergedFile[];
  lakeFiles: readonly LakeFile[];
  raw: ObjectStore;
  lake: ObjectStore;
}

/**
 * Holds the lake against a fold of the raw files, made without what merges are planned with: load rows, then change rows
 * in order; of a key the last operation counts, of a table without a key each insert.
 *
 * Of each key only hashes are kept, in tables whose size is fixed: those of a share of all hashes at a time, chosen so
 * that there is room for them.
 * @param keysAtOnce how many keys there is room for
 * @param onProgress is told how many rows were read, of about how many
 * @throws TableBlocked if a file cannot be read; ObjectChanged if one was replaced
 */
export async function compareRows(
  sources: RowSources,
  size: TableSize,
  keysAtOnce: number,
  onProgress: (read: number, of: number) => void,
): Promise<RowDifferences> {
  return new Comparison(sources, size, keysAtOnce, onProgress).run();
}

/** Differing keys of which it is looked up in what they differ. */
const SAMPLES_MAX = 1000;

class Comparison {
  private readonly shape: TableShape;
  private readonly identities: RowIdentities;
  private readonly counts = { expected: 0, missing: 0, equal: 0 };
  private readonly missing: KeyRange;
  private readonly unexpected: KeyRange;
  private readonly different: KeyRange;
  private readonly twice: KeyRange;
  private readonly misplaced: KeyRange;
  private readonly columns = new Set<string>();
  private samplesLeft = SAMPLES_MAX;
  private rowsRead = 0;
  private rowsToRead = 0;

  constructor(
    private readonly sources: RowSources,
    private readonly size: TableSize,
    private readonly keysAtOnce: number,
    private readonly onProgress: (read: number, of: number) => void,
  ) {
    const { shape } = size;
    this.shape = shape;
    this.identities = new RowIdentities(shape);
    const range = (): KeyRange => new KeyRange(shape);
    this.missing = range();
    this.unexpected = range();
    this.different = range();
    this.twice = range();
    this.misplaced = range();
  }

  async run(): Promise<RowDifferences> {
    const { rawRows, loadRows, lakeRows } = this.size;
    const widthMax = shareWidth(Math.max(loadRows, lakeRows), this.keysAtOnce);
    let width = widthMax;
    // No more than there can be keys.
    const capacity = Math.max(1, Math.min(this.keysAtOnce, rawRows));
    let passes = 0;
    for (let from = 0; from < HASHES; passes++) {
      const share = { from, to: Math.min(from + width, HASHES) };
      this.rowsToRead = this.rowsRead + (rawRows + lakeRows) * Math.ceil((HASHES - from) / width);
      await (this.shape.isKeyed ? this.compareKeys(share, capacity) : this.compareCopies(share, capacity));
      // A share that had to shrink says little of the next one, which shrinks by itself if need be.
      width = Math.min(widthMax, 2 * (share.to - from));
      from = share.to;
    }
    return {
      expected: this.counts.expected,
      inLake: lakeRows,
      equal: this.counts.equal,
      missing: { ...this.missing.result(), count: this.counts.missing },
      unexpected: this.unexpected.result(),
      different: {
        ...this.different.result(),
        columns: this.shape.stored.map(({ name }) => name).filter((name) => this.columns.has(name)),
      },
      twice: this.twice.result(),
      misplaced: this.misplaced.result(),
      passes,
    };
  }

  private async compareKeys(share: Share, capacity: number): Promise<void> {
    const rows = new ExpectedRows(share, capacity);
    for await (const group of this.rawGroups()) {
      const { key, content, folder } = this.identities.of(group);
      for (let row = 0; row < group.rows; row++) {
        const hash = key(row);
        if (!holds(share, hash)) continue;
        if (group.operations?.[row] === DELETE) rows.remove(hash);
        else rows.put(hash, content(row), folder(row));
      }
    }
    const samples = new Map<number, Uint32Array | undefined>();
    for await (const group of this.lakeGroups()) {
      const { key, content, folder } = this.identities.of(group);
      for (let row = 0; row < group.rows; row++) {
        const hash = key(row);
        if (!holds(share, hash)) continue;
        const entry = rows.find(hash);
        if (entry < 0) {
          this.unexpected.add(group, row);
          continue;
        }
        const news = rows.note(entry, content(row), folder(row));
        if (news & TWICE) this.twice.add(group, row);
        if (news & MISPLACED) this.misplaced.add(group, row);
        if ((news & DIFFERENT) === 0) continue;
        this.different.add(group, row);
        if (this.samplesLeft-- > 0) samples.set(entry, undefined);
      }
    }
    const { missing } = this.add(rows.count());
    if (missing > 0 || samples.size > 0) await this.lookAgain(share, rows, samples);
  }

  /** Finds the range of keys that are missing, of which only hashes are known, and in what the samples differ. */
  private async lookAgain(
    share: Share,
    rows: ExpectedRows,
    samples: Map<number, Uint32Array | undefined>,
  ): Promise<void> {
    for await (const group of this.rawGroups()) {
      const { key, content } = this.identities.of(group);
      for (let row = 0; row < group.rows; row++) {
        const hash = key(row);
        const entry = holds(share, hash) ? rows.find(hash) : -1;
        if (entry < 0) continue;
        if (rows.isMissing(entry)) {
          this.missing.widen(group, row);
          rows.show(entry);
        } else if (samples.has(entry)) {
          content(row);
          samples.set(entry, this.identities.contentWords.slice());
        }
      }
    }
    if (samples.size === 0) return;
    for await (const group of this.lakeGroups()) {
      const { key, content } = this.identities.of(group);
      for (let row = 0; row < group.rows; row++) {
        const hash = key(row);
        const wanted = holds(share, hash) ? samples.get(rows.find(hash)) : undefined;
        if (!wanted) continue;
        content(row);
        this.noteColumns(wanted, this.identities.contentWords);
      }
    }
  }

  private noteColumns(wanted: Uint32Array, found: Uint32Array): void {
    this.shape.stored.forEach(({ name }, i) => {
      for (let at = WORDS * i; at < WORDS * (i + 1); at++) if (wanted[at] !== found[at]) this.columns.add(name);
    });
  }

  private async compareCopies(share: Share, capacity: number): Promise<void> {
    const copies = new ExpectedCopies(share, capacity);
    for await (const group of this.rawGroups()) {
      const { key } = this.identities.of(group);
      for (let row = 0; row < group.rows; row++) {
        if (group.operations?.[row] !== INSERT) continue;
        const hash = key(row);
        if (holds(share, hash)) copies.put(hash);
      }
    }
    for await (const group of this.lakeGroups()) {
      const { key } = this.identities.of(group);
      for (let row = 0; row < group.rows; row++) {
        const hash = key(row);
        if (holds(share, hash) && !copies.take(hash)) this.unexpected.add(group, row);
      }
    }
    this.add(copies.count());
  }

  private add(counts: Readonly<Comparison['counts']>): Readonly<Comparison['counts']> {
    this.counts.expected += counts.expected;
    this.counts.missing += counts.missing;
    this.counts.equal += counts.equal;
    return counts;
  }

  private rawGroups(): AsyncGenerator<GroupRows> {
    const { merged, raw } = this.sources;
    return this.counted(readRawRows(merged, this.shape, raw));
  }

  private lakeGroups(): AsyncGenerator<GroupRows> {
    const { lakeFiles, lake } = this.sources;
    return this.counted(readLakeRows(lakeFiles, this.shape, lake));
  }

  private async *counted(groups: AsyncGenerator<GroupRows>): AsyncGenerator<GroupRows> {
    for await (const group of groups) {
      yield group;
      this.rowsRead += group.rows;
      this.onProgress(this.rowsRead, Math.max(this.rowsRead, this.rowsToRead));
    }
  }
}
