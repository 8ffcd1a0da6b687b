import assert from 'node:assert';
import { DEFAULT_LIMITS } from '../../lib/config.ts';
import type { Limits } from '../../lib/config.ts';
import { FooterCache } from '../../lib/lake/footer-cache.ts';
import { openedFile } from '../../lib/lake/known-lake-file.ts';
import type { OpenLakeFile } from '../../lib/lake/lake-file.ts';
import { lakeFileName, listLakeFiles, openLakeFiles } from '../../lib/lake/lake-file.ts';
import { bloomFilterColumns } from '../../lib/merge/bloom-filter-columns.ts';
import { keyColumns } from '../../lib/merge/key.ts';
import type { FileWrite, MergePlan } from '../../lib/merge/plan.ts';
import { isNewFile } from '../../lib/merge/plan.ts';
import type { LakeTable } from '../../lib/merge/plan-merge.ts';
import { planMerge } from '../../lib/merge/plan-merge.ts';
import type { FileContent } from '../../lib/merge/prepare-group.ts';
import type { RawSlice } from '../../lib/merge/raw-slice.ts';
import { openRawFile } from '../../lib/merge/raw-slice.ts';
import type { RowBatch } from '../../lib/merge/row-batch.ts';
import { readRowBatch, resolveColumns } from '../../lib/merge/row-batch.ts';
import { writeLakeFile } from '../../lib/merge/write-lake-file.ts';
import type { Column, PhysicalValue } from '../../lib/parquet/column-type.ts';
import type { Footer } from '../../lib/parquet/footer.ts';
import { parseFooter } from '../../lib/parquet/footer.ts';
import { mergeColumns } from '../../lib/parquet/widening.ts';
import type { DmsColumn, DmsValue } from '../../lib/sample/dms-column.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { OWN_THREAD } from '../../lib/threads/own-thread.ts';
import { MemoryObjectStore } from '../cloud/memory-object-store.ts';
import { readGroups } from '../parquet/lake-bytes.ts';

export const OP: DmsColumn = { name: 'Op', type: { kind: 'string' } };
export const ID: DmsColumn = { name: 'id', type: { kind: 'int32' } };
export const NAME: DmsColumn = { name: 'name', type: { kind: 'string' } };
export const DAY: DmsColumn = { name: 'day', type: { kind: 'string' } };

/** A row of the lake: its folder, then the values of its file's columns; text as text. */
export type LakeRow = [folder: string, ...values: unknown[]];

/** One table on memory stores: raw files in, plans out, and the plans carried out. */
export class MergeBench {
  readonly raw = new MemoryObjectStore();
  readonly lake = new MemoryObjectStore();
  readonly limits: Limits;
  #version = 0;

  constructor(limits: Partial<Limits> = {}) {
    this.limits = { ...DEFAULT_LIMITS, rowsPerRowGroup: 4, ...limits };
  }

  /** A raw file, written as DMS does. */
  async slice(
    name: string,
    columns: readonly DmsColumn[],
    rows: readonly (readonly DmsValue[])[],
    part: { from?: number; to?: number } = {},
    rowsPerRowGroup = 3,
  ): Promise<RawSlice> {
    const object = this.raw.put(name, writeDmsFile({ columns, rows, rowsPerRowGroup }));
    const kind = name.includes('LOAD') ? 'load' : 'change';
    const file = await openRawFile(this.raw, { ...object, name, kind });
    return { file, from: part.from ?? 0, to: part.to ?? rows.length };
  }

  files(): Promise<OpenLakeFile[]> {
    return listLakeFiles(this.lake, '').then((files) => openLakeFiles(this.lake, files, new FooterCache()));
  }

  /** What the lake's files hold, and the rows of the slices. */
  async batch(...slices: RawSlice[]): Promise<RowBatch> {
    let columns: Column[] = [];
    for (const { footer } of await this.files()) columns = mergeColumns(columns, footer.columns);
    return readRowBatch(slices, columns);
  }

  async table(
    batch: RowBatch,
    partitionKey: readonly string[],
    primaryKey: readonly string[] = [],
  ): Promise<LakeTable> {
    const columns = batch.columns.filter(({ name }) => !partitionKey.includes(name));
    return {
      files: (await this.files()).map(openedFile),
      columns,
      partitionKey: resolveColumns(partitionKey, batch.columns, '', 'PartitionKey'),
      bloomFilterColumns: bloomFilterColumns(resolveColumns(primaryKey, batch.columns, '', 'PrimaryKey'), columns),
    };
  }

  async planMerge(
    batch: RowBatch,
    primaryKey: readonly string[],
    partitionKey: readonly string[] = [],
  ): Promise<MergePlan> {
    const table = await this.table(batch, partitionKey, primaryKey);
    const keys = keyColumns(resolveColumns(primaryKey, batch.columns, '', 'PrimaryKey'), table.partitionKey);
    return planMerge(batch, table, keys, this.limits, OWN_THREAD);
  }

  /** Writes what a plan says, phase by phase. */
  async carryOut(
    { phases, columns, bloomFilterColumns: filtered }: MergePlan,
    batch: Pick<RowBatch, 'values'>,
    afterPhase?: () => void,
  ): Promise<void> {
    for (const phase of phases) {
      this.#version++;
      for (const [i, write] of phase.entries()) await this.write(write, this.content(columns, batch, { i, filtered }));
      afterPhase?.();
    }
  }

  /** Merges the rows of one change file. */
  async merge(
    slice: RawSlice,
    primaryKey: readonly string[],
    partitionKey: readonly string[] = [],
  ): Promise<MergePlan> {
    const batch = await this.batch(slice);
    const plan = await this.planMerge(batch, primaryKey, partitionKey);
    await this.carryOut(plan, batch);
    return plan;
  }

  content(
    columns: readonly Column[],
    batch: Pick<RowBatch, 'values'>,
    { i = 0, filtered = new Set() }: { i?: number; filtered?: ReadonlySet<string> } = {},
  ): FileContent {
    const id = (this.#version * 1000 + i).toString(16).padStart(32, '0');
    return {
      columns,
      bloomFilterColumns: filtered,
      batch,
      rowsPerRowGroup: this.limits.rowsPerRowGroup,
      id: id.split('').reverse().join(''),
      generation: 1,
      table: 'raw/shop/orders/',
      threads: OWN_THREAD,
    };
  }

  /** Writes one file, and sees that the footer it is said to have is the one that it has. @returns the key written */
  async write(write: FileWrite, content: FileContent, counts = { encoded: 0, kept: 0 }): Promise<string> {
    const key = isNewFile(write) ? write.folder + lakeFileName(1, this.#version, content.id) : write.file.key;
    const replaces = isNewFile(write) ? 'absent' : { eTag: write.file.eTag };
    const version = writeLakeFile(write, content, counts);
    await this.lake.write(key, version.pieces, replaces);
    const bytes = this.lake.bytes(key)!;
    assert.deepEqual(version.footer(), parseFooter(bytes, bytes.length));
    return key;
  }

  /** All rows, in the order of the files' keys and of the rows in them. */
  rows(): LakeRow[] {
    return this.lake.keys().flatMap((key) => {
      const folder = key.slice(0, key.lastIndexOf('/') + 1);
      return rowsOf(this.lake.bytes(key)!).map((row): LakeRow => [folder, ...row]);
    });
  }
}

/** The rows of a file, or those that an older footer names in it; text and other bytes as text. */
export function rowsOf(bytes: Uint8Array, footer?: Footer): unknown[][] {
  return readGroups(bytes, footer).groups.flatMap((columns) =>
    Array.from({ length: columns[0]!.length }, (_, row) =>
      columns.map((values) => plain(values[row] as PhysicalValue)),
    ),
  );
}

function plain(value: PhysicalValue): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString() : value;
}
