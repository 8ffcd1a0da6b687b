import type { ColumnType } from './column-type.ts';
import { decodeChunk, decodeDictionary, decodePage, isDictionaryEncoded } from './decode-chunk.ts';
import type { EditedChunk } from './edit-chunk.ts';
import type { RowEdits } from './edit-vector.ts';
import { editVector } from './edit-vector.ts';
import { PAGE_ROWS, plainPageEnd } from './encode-chunk.ts';
import type { EncodedPage } from './encode-page.ts';
import { encodeDictionaryPage, encodeIndexPage, encodePlainPage } from './encode-page.ts';
import type { EncodedChunk } from './encoded-chunk.ts';
import type { Chunk, FooterColumn } from './footer.ts';
import { GrowingDictionary } from './growing-dictionary.ts';
import type { ChunkPages, DataPage, DictionaryPage } from './page.ts';
import { ENCODING } from './page.ts';
import { bitWidthFor } from './rle-encode.ts';
import { chunkStatistics, statisticsAfter } from './statistics.ts';
import type { Vector } from './vector.ts';
import { isSameValue } from './vector.ts';
import type { Segment } from './vector-rows.ts';
import { flatVector, joinFlat, joinSegments } from './vector-rows.ts';

/**
 * Edits one chunk page by page, from the first to the last. Its pages must be such as own code decodes and encodes.
 */
export class PageEdits {
  private readonly pageParts: Uint8Array[] = [];
  private pageBytes = 0;
  private uncompressedBytes = 0;
  private values = 0;
  private readonly encodings = new Set<number>([ENCODING.RLE]);
  private readonly dictionary: GrowingDictionary | undefined;
  /** Values that are no longer there, and those that are new. */
  private readonly gone: Segment[] = [];
  private readonly added: Segment[] = [];
  /** Positions in the edits up to which they are done. */
  private removedDone = 0;
  private replacedDone = 0;
  private appendedDone = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly chunk: Pick<Chunk, 'codec' | 'values' | 'statistics'>,
    private readonly column: FooterColumn,
    private readonly edits: RowEdits,
    private readonly newValues: Vector,
    private readonly pages: ChunkPages,
  ) {
    if (pages.dictionary)
      this.dictionary = new GrowingDictionary(
        column.type,
        decodeDictionary(bytes, pages.dictionary, chunk.codec, column),
      );
  }

  run(): EditedChunk | 'unchanged' {
    let row = 0;
    const last = this.pages.data.at(-1);
    for (const page of this.pages.data) {
      this.passPage(page, row, page === last);
      row += page.values;
    }
    this.appendPages();
    if (this.gone.length === 0 && this.added.length === 0) return 'unchanged';
    return this.finish();
  }

  private passPage(page: DataPage, firstRow: number, isLast: boolean): void {
    const end = firstRow + page.values;
    const removed = this.takeUpTo(this.edits.removed, this.removedDone, end);
    const replaced = this.takeUpTo(this.edits.replaced, this.replacedDone, end);
    const firstReplaced = this.replacedDone;
    this.removedDone += removed.length;
    this.replacedDone += replaced.length;
    const room = isLast ? Math.max(0, PAGE_ROWS - page.values + removed.length) : 0;
    const appended = Math.min(room, this.edits.appended);
    if (removed.length + replaced.length + appended === 0) {
      this.keepPage(page);
      return;
    }
    const old = decodePage(this.bytes, page, this.dictionary?.original, this.chunk.codec, this.column);
    const changes = this.changesOf(old, firstRow, replaced, firstReplaced);
    this.noteGone(old, firstRow, removed);
    this.appendedDone = appended;
    if (changes.rows.length + removed.length + appended === 0) {
      this.keepPage(page);
      return;
    }
    const inPage: RowEdits = { removed: relativeTo(firstRow, removed), replaced: changes.rows, appended };
    this.encodeRows(old, inPage, changes.segments.concat(this.appendedSegment(0, appended)));
  }

  /** The replaced rows whose value really differs, and the new values. */
  private changesOf(old: Vector, firstRow: number, replaced: Uint32Array, firstReplaced: number) {
    const rows: number[] = [];
    const segments: Segment[] = [];
    replaced.forEach((row, i) => {
      const at = row - firstRow;
      const by = firstReplaced + i;
      if (isSameValue(old, at, this.newValues, by)) return;
      rows.push(at);
      segments.push({ vector: this.newValues, start: by, end: by + 1 });
      this.gone.push({ vector: old, start: at, end: at + 1 });
    });
    this.added.push(...segments);
    return { rows: Uint32Array.from(rows), segments };
  }

  private noteGone(old: Vector, firstRow: number, removed: Uint32Array): void {
    for (const row of removed) this.gone.push({ vector: old, start: row - firstRow, end: row - firstRow + 1 });
  }

  private appendedSegment(from: number, to: number): Segment[] {
    if (from === to) return [];
    const start = this.edits.replaced.length;
    const segment = { vector: this.newValues, start: start + from, end: start + to };
    this.added.push(segment);
    return [segment];
  }

  /** In the encoding of the page before them. */
  private appendPages(): void {
    const { appended } = this.edits;
    const dictionary = isDictionaryEncoded(this.pages.data.at(-1)?.encoding) ? this.dictionary : undefined;
    while (this.appendedDone < appended) {
      const end = Math.min(appended, this.appendedDone + PAGE_ROWS);
      const rows = joinSegments(this.column.type, this.appendedSegment(this.appendedDone, end));
      if (dictionary && dictionary.length < DICTIONARY_VALUES_MAX)
        this.putIndices(dictionary, dictionary.indicesOf(rows));
      else this.putPlain(rows);
      this.appendedDone = end;
    }
  }

  /** Encodes the rows of a page anew, in its encoding. */
  private encodeRows(old: Vector, edits: RowEdits, segments: readonly Segment[]): void {
    const { type } = this.column;
    const added = joinSegments(type, segments);
    if (old.kind !== 'DICTIONARY' || !this.dictionary) {
      this.putPlain(editVector(type, old, edits, added));
      return;
    }
    const indices = editVector(INDEX, indexVector(old.indices), edits, indexVector(this.dictionary.indicesOf(added)));
    this.putIndices(this.dictionary, (indices as ReturnType<typeof indexVector>).data);
  }

  /** As several pages if there are many rows. */
  private putPlain(rows: Vector): void {
    const flat = flatVector(this.column.type, rows);
    this.encodings.add(ENCODING.PLAIN);
    for (let start = 0, end: number; start < rows.length; start = end) {
      end = plainPageEnd(flat, start);
      this.put(encodePlainPage(flat, start, end, this.column, this.chunk.codec), end - start);
    }
  }

  private putIndices(dictionary: GrowingDictionary, indices: Int32Array): void {
    this.encodings.add(ENCODING.RLE_DICTIONARY);
    const bitWidth = bitWidthFor(dictionary.length);
    for (let start = 0; start < indices.length; start += PAGE_ROWS) {
      const end = Math.min(indices.length, start + PAGE_ROWS);
      this.put(encodeIndexPage(indices, start, end, bitWidth, this.chunk.codec), end - start);
    }
  }

  private keepPage(page: DataPage): void {
    this.encodings.add(page.encoding);
    this.put(this.asItIs(page), page.values);
  }

  private put({ parts, byteLength, uncompressedBytes }: EncodedPage, values: number): void {
    this.pageParts.push(...parts);
    this.pageBytes += byteLength;
    this.uncompressedBytes += uncompressedBytes;
    this.values += values;
  }

  private finish(): EditedChunk {
    const dictionary = this.dictionaryPage();
    if (dictionary) this.encodings.add(ENCODING.PLAIN);
    const dictionaryBytes = dictionary?.byteLength ?? 0;
    const chunk: EncodedChunk = {
      parts: [...(dictionary?.parts ?? []), ...this.pageParts],
      byteLength: dictionaryBytes + this.pageBytes,
      column: this.column.name,
      physical: this.column.type.physical,
      codec: this.chunk.codec,
      encodings: [...this.encodings],
      values: this.values,
      uncompressedBytes: (dictionary?.uncompressedBytes ?? 0) + this.uncompressedBytes,
      dataPageOffset: dictionaryBytes,
      dictionaryPageOffset: dictionary && 0,
      statistics: { nulls: undefined, min: undefined, max: undefined },
      bloomFilter: undefined,
    };
    return { ...chunk, statistics: this.statisticsOf(chunk), addsValues: this.added.length > 0 };
  }

  /** As it was, unless it has grown. */
  private dictionaryPage(): EncodedPage | undefined {
    const { dictionary: page } = this.pages;
    if (!page || !this.dictionary) return undefined;
    if (this.dictionary.hasGrown) return encodeDictionaryPage(this.dictionary.values(), this.column, this.chunk.codec);
    return this.asItIs(page);
  }

  private asItIs({ start, bodyStart, end, uncompressedBytes }: DataPage | DictionaryPage): EncodedPage {
    const parts = [this.bytes.subarray(start, end)];
    return { parts, byteLength: end - start, uncompressedBytes: bodyStart - start + uncompressedBytes };
  }

  /** By difference, where that is exact; else from all values. */
  private statisticsOf(chunk: EncodedChunk) {
    const { type } = this.column;
    const byDifference = statisticsAfter(
      this.chunk.statistics,
      joinFlat(type, this.gone),
      joinFlat(type, this.added),
      type,
    );
    return byDifference ?? chunkStatistics(decodeChunk(Buffer.concat(chunk.parts), chunk, this.column), type);
  }

  private takeUpTo(rows: Uint32Array, from: number, end: number): Uint32Array {
    let to = from;
    while (to < rows.length && (rows[to] as number) < end) to++;
    return rows.subarray(from, to);
  }
}

/** A larger dictionary is no gain. */
export const DICTIONARY_VALUES_MAX = 1 << 16;

/** Indices are edited as a column of their own. */
const INDEX: ColumnType = { physical: 'INT32', logical: { kind: 'integer', bits: 32, signed: true } };

function indexVector(data: Int32Array) {
  return { kind: 'INT32' as const, length: data.length, data, valid: undefined };
}

function relativeTo(first: number, rows: Uint32Array): Uint32Array {
  return rows.map((row) => row - first);
}
