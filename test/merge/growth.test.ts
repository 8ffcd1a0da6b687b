import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parquetMetadata, readOffsetIndex } from 'hyparquet';
import type { Limits } from '../../lib/config.ts';
import { ObjectChanged } from '../../lib/ports/object-store.ts';
import { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { DuckDb } from '../parquet/duckdb.ts';
import type { Snapshot } from '../table/table-lab.ts';
import { TableLab } from '../table/table-lab.ts';
import type { FileWriter } from './file-writers.ts';
import { FILE_WRITERS, writeChanges } from './file-writers.ts';
import type { Folded } from './folded-table.ts';
import { FoldedTable } from './folded-table.ts';
import type { KeyKind } from './random-changes.ts';
import { ChangingTable, KEYS } from './random-changes.ts';

const MERGES = 8;
/** Files are never laid out anew. */
const ONLY_GROW: Partial<Limits> = { deadBytesShare: 1, smallRowGroups: 100_000, rowsPerRowGroup: 600 };
/** Files are laid out anew whenever they change. */
const ALWAYS_ANEW: Partial<Limits> = { deadBytesShare: 0, rowsPerRowGroup: 600 };

let duckdb: DuckDb;
beforeAll(async () => {
  duckdb = await DuckDb.open();
});
afterAll(() => duckdb.close());

/** The lake after a merge, its objects' eTags, and what it should hold. */
interface State {
  view: Snapshot;
  eTags: ReadonlyMap<string, string>;
  folded: Folded;
}

/** What a table begins with: files in its lake that are another's, or the files of a full load. */
type Place = 'lake' | 'load';

/** A chain of merges into a table that begins with a file of each of some writers. */
class Chain {
  readonly states: State[] = [];
  /** What is wrong after one of the merges, in words. */
  readonly wrong: string[] = [];
  private readonly source: ChangingTable;
  private readonly lab: TableLab;

  constructor(
    private readonly writers: readonly FileWriter[],
    key: KeyKind,
    private readonly place: Place,
    limits: Partial<Limits>,
    private readonly seed: number,
  ) {
    this.source = new ChangingTable(new SeededRandom(seed), key);
    this.lab = new TableLab(limits);
  }

  /** @param newest how many of the newest rows may change in each merge; else there is also one that deletes a third */
  async run(merges: number, newest?: number): Promise<this> {
    const { lab, source, writers, place } = this;
    const { primaryKey } = source;
    const table = await lab.activeTable({ primaryKey });
    const fold = new FoldedTable(duckdb, primaryKey);
    const inputs: string[] = [];
    for (const [i, writer] of writers.entries()) {
      const bytes = await writer.write(
        source.load(place === 'load' ? Math.min(writer.rows, 1300) : writer.rows),
        duckdb,
      );
      inputs.push(await duckdb.save(bytes));
      if (place === 'load') table.put(`LOAD0000000${i + 1}.parquet`, bytes);
      else lab.lake.put(`${table.name}/part-${i}.parquet`, bytes);
    }
    if (place === 'load') await this.settle();
    await this.look(await fold.fold(inputs, place === 'load'));
    for (let merge = 1; merge <= merges; merge++) {
      if (merge === 3) source.addColumn({ name: 'added', type: { kind: 'int32' } });
      const removesMany = merge === 5 && newest === undefined;
      const file = removesMany ? source.removeRange(writers[0]!.rows / 3) : source.change(newest ?? Infinity);
      const bytes = await writeChanges(writers[0]!.family, file, duckdb);
      inputs.push(await duckdb.save(bytes));
      table.put(`20260301-10000000${merge}.parquet`, bytes);
      await this.settle();
      await this.look(await fold.fold(inputs, place === 'load'));
    }
    return this;
  }

  /** Versions of files that a merge replaced, and what it replaced them by. */
  replaced(): { key: string; eTag: string; before: Uint8Array; after: Uint8Array }[] {
    return this.states.slice(0, -1).flatMap(({ view, eTags }, i) => {
      const next = this.states[i + 1]!;
      return [...view].flatMap(([key, before]) => {
        const [eTag, after] = [eTags.get(key)!, next.view.get(key)];
        return after && next.eTags.get(key) !== eTag ? [{ key, eTag, before, after }] : [];
      });
    });
  }

  /** How states before the last differ, read through their own lengths from the objects that are there at the end. */
  async readThroughOldLengths(): Promise<string[]> {
    const last = this.states.at(-1)!.view;
    const differences: string[] = [];
    for (const { view, folded } of this.states.slice(0, -1)) {
      const paths: string[] = [];
      for (const [key, { length }] of view) paths.push(await duckdb.save(last.get(key)!.subarray(0, length)));
      differences.push(...(await folded.differences(paths)));
    }
    return differences;
  }

  /** A read of the first bytes by a reader who opened this version. */
  readPinned({ key, eTag }: { key: string; eTag: string }): Promise<Uint8Array> {
    return this.lab.lake.read(key, eTag, 0, 4);
  }

  /** Lake files as they are in the end. */
  files(): Uint8Array[] {
    return [...this.states.at(-1)!.view.values()];
  }

  private async settle(): Promise<void> {
    const outcomes = await this.lab.settle();
    for (const { blocked } of outcomes) if (blocked) this.wrong.push(blocked.reason);
  }

  /** Compares the lake with what SQL makes of the files so far. */
  private async look(folded: Folded): Promise<void> {
    const merge = this.states.length;
    const view = new Map([...this.lab.snapshot()].filter(([key]) => key.endsWith('.parquet')));
    const eTags = new Map<string, string>();
    for await (const { key, eTag } of this.lab.lake.list('')) eTags.set(key, eTag);
    this.states.push({ view, eTags, folded });
    const paths: string[] = [];
    for (const bytes of view.values()) paths.push(await duckdb.save(bytes));
    const { primaryKey } = this.source;
    const seed = this.seed + merge;
    const except = this.place === 'load' ? /^$/ : this.writers[0]!.misleads;
    // Every key column, and a quarter of the others; the next quarter after the next merge.
    const values = (name: string, i: number): number => (primaryKey.includes(name) ? 8 : (i + merge) % 4 === 0 ? 3 : 0);
    const differences = [
      ...(await folded.differences(paths)),
      ...(await folded.wrongFilters(paths, { values, seed, except })),
    ];
    this.wrong.push(...differences.map((difference) => `after merge ${merge}: ${difference}`));
  }
}

const keyKinds = Object.keys(KEYS) as KeyKind[];
const cases = FILE_WRITERS.map((writer, i) => ({ ...writer, key: keyKinds[i % keyKinds.length]!, seed: 100 + i }));

const beginsWith = ({ before, after }: { before: Uint8Array; after: Uint8Array }): boolean =>
  after.length > before.length && Buffer.compare(after.subarray(0, before.length), before) === 0;

describe.each(cases)('a lake file of $label, keyed by $key', (writer) => {
  it('grown by merges holds what SQL makes of the same files, filters find it, and old lengths give the old rows', async () => {
    const chain = await new Chain([writer], writer.key, 'lake', ONLY_GROW, writer.seed).run(MERGES);
    expect(chain.wrong).toEqual([]);
    const replaced = chain.replaced();
    expect(replaced.length).toBeGreaterThanOrEqual(MERGES);
    expect(replaced.filter((versions) => !beginsWith(versions))).toEqual([]);
    expect(await chain.readThroughOldLengths()).toEqual([]);
  });

  it('laid out anew by each merge holds the same, and a reader of the old version gets an error, not a mixture', async () => {
    const chain = await new Chain([writer], writer.key, 'lake', ALWAYS_ANEW, writer.seed).run(2);
    expect(chain.wrong).toEqual([]);
    const replaced = chain.replaced();
    expect(replaced.length).toBeGreaterThanOrEqual(2);
    expect(replaced.filter(beginsWith)).toEqual([]);
    for (const version of replaced) await expect(chain.readPinned(version)).rejects.toThrow(ObjectChanged);
  });
});

describe.each([
  // Files come in slices; larger than a slice, they are streamed.
  { family: 'DuckDB', key: 'text', limits: { valuesPerMerge: 30_000, targetFileBytes: 250_000, rowsPerRowGroup: 300 } },
  { family: 'DMS', key: 'bigint', limits: { targetFileBytes: 250_000, rowsPerRowGroup: 1200 } },
] as const)('a full load of files of every kind ($family types), keyed by $key', ({ family, key, limits }) => {
  it('holds what SQL makes of them and of later changes, whether files grow or are laid out anew as they need', async () => {
    const writers = FILE_WRITERS.filter((writer) => writer.family === family);
    const chain = await new Chain(writers, key, 'load', limits, 7).run(6, 300);
    expect(chain.wrong).toEqual([]);
    expect(chain.files().length).toBeGreaterThan(1);
    const replaced = chain.replaced();
    expect(replaced.filter(beginsWith).length).toBeGreaterThan(2);
    expect(replaced.filter((versions) => !beginsWith(versions)).length).toBeGreaterThan(0);
    for (const version of replaced) await expect(chain.readPinned(version)).rejects.toThrow(ObjectChanged);
  });
});

describe('page indexes of another writer', () => {
  it.each([
    ['grown', ONLY_GROW],
    ['laid out anew', ALWAYS_ANEW],
  ])('tell the truth of the chunks that still have them once the file is %s', async (layout, limits) => {
    const writer = FILE_WRITERS.find(({ label }) => label.endsWith('page indexes'))!;
    const chain = await new Chain([writer], 'bigint', 'lake', limits, 3).run(2, 100);
    const [file] = chain.files();
    const chunks = parquetMetadata(Uint8Array.from(file!).buffer).row_groups.flatMap(({ columns }) => columns);
    const indexed = chunks.filter(({ offset_index_offset }) => offset_index_offset !== undefined);
    for (const { offset_index_offset, offset_index_length, meta_data } of indexed) {
      const start = Number(offset_index_offset);
      const view = new DataView(Uint8Array.from(file!.subarray(start, start + offset_index_length!)).buffer);
      const { page_locations } = readOffsetIndex({ view, offset: 0 });
      expect(page_locations[0]!.offset).toBe(meta_data!.data_page_offset);
      const bytes = page_locations.reduce((sum, { compressed_page_size }) => sum + compressed_page_size, 0);
      const first = meta_data!.dictionary_page_offset ?? meta_data!.data_page_offset;
      expect(bytes).toBe(Number(meta_data!.total_compressed_size - (meta_data!.data_page_offset - first)));
    }
    expect(indexed.length > 0).toBe(layout === 'grown');
  });
});
