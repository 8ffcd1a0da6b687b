import { canCompress } from './compression.ts';
import { canDecodePage, decodeChunk } from './decode-chunk.ts';
import { DICTIONARY_VALUES_MAX, PageEdits } from './page-edits.ts';
import { encodeChunk } from './encode-chunk.ts';
import type { EncodedChunk } from './encoded-chunk.ts';
import type { RowEdits } from './edit-vector.ts';
import { editVector } from './edit-vector.ts';
import type { Chunk, FooterColumn } from './footer.ts';
import { readPages } from './page.ts';
import type { Vector } from './vector.ts';
import { isSameValue } from './vector.ts';

export interface EditedChunk extends EncodedChunk {
  /** Whether it may hold values that were not there before; else a bloom filter of the old chunk is true of it, too. */
  addsValues: boolean;
}

/**
 * A column chunk with some rows changed. Only the pages that hold a changed row are decoded and encoded again, in the
 * encoding and codec that they have; all others stay the bytes they are. A chunk that holds what own code does not know
 * is decoded and encoded as a whole.
 *
 * @param bytes of the chunk
 * @param values in the type of `column`: for each replaced row, then for each appended one
 * @returns `'unchanged'` if no value differs: then the chunk can stay where it is.
 * @throws Error if the chunk cannot be decoded.
 */
export function editChunk(
  bytes: Uint8Array,
  chunk: Pick<Chunk, 'codec' | 'values' | 'statistics'>,
  column: FooterColumn,
  edits: RowEdits,
  values: Vector,
): EditedChunk | 'unchanged' {
  const pages = readPages(bytes, chunk.values);
  const isKnown =
    !column.required && canCompress(chunk.codec) && pages.data.every((page) => canDecodePage(page, column));
  if (!isKnown || (pages.dictionary?.values ?? 0) > DICTIONARY_VALUES_MAX)
    return editWholeChunk(bytes, chunk, column, edits, values);
  return new PageEdits(bytes, chunk, column, edits, values, pages).run();
}

function editWholeChunk(
  bytes: Uint8Array,
  chunk: Pick<Chunk, 'codec' | 'values'>,
  column: FooterColumn,
  edits: RowEdits,
  values: Vector,
): EditedChunk | 'unchanged' {
  const old = decodeChunk(bytes, chunk, column);
  const differs = edits.replaced.some((row, i) => !isSameValue(old, row, values, i));
  if (!differs && edits.removed.length === 0 && edits.appended === 0) return 'unchanged';
  return { ...encodeChunk(column, editVector(column.type, old, edits, values)), addsValues: true };
}
