import type { ColumnType, PhysicalValue } from './column-type.ts';
import type { FlatVector, Vector } from './vector.ts';
import { isSameValue, valueAt, vectorOf } from './vector.ts';
import { joinFlat } from './vector-rows.ts';

/**
 * The dictionary of a chunk that gets new values: they go to its end, so that pages which are kept need no change.
 */
export class GrowingDictionary {
  private readonly added: PhysicalValue[] = [];
  private index: Map<unknown, number> | undefined;
  private lookups = 0;

  /** @param original without nulls; its values need not differ */
  constructor(
    private readonly type: ColumnType,
    readonly original: FlatVector,
  ) {}

  get length(): number {
    return this.original.length + this.added.length;
  }

  get hasGrown(): boolean {
    return this.added.length > 0;
  }

  /** Where each row's value is in the dictionary, which grows by what it does not have; -1 for null. */
  indicesOf(rows: Vector): Int32Array {
    const indices = new Int32Array(rows.length);
    for (let row = 0; row < rows.length; row++) indices[row] = this.indexOf(rows, row);
    return indices;
  }

  values(): FlatVector {
    const added = vectorOf(this.type, this.added);
    return joinFlat(this.type, [
      { vector: this.original, start: 0, end: this.original.length },
      { vector: added, start: 0, end: added.length },
    ]);
  }

  private indexOf(rows: Vector, row: number): number {
    const value = valueAt(rows, row);
    if (value === null) return -1;
    // A few values are looked for, many are looked up.
    if (!this.index && ++this.lookups <= LOOKUPS_BY_SCAN) {
      for (let i = 0; i < this.original.length; i++) if (isSameValue(this.original, i, rows, row)) return i;
    }
    const index = (this.index ??= this.indexed());
    const key = identity(value);
    const known = index.get(key);
    if (known !== undefined) return known;
    index.set(key, this.length);
    return this.added.push(value) + this.original.length - 1;
  }

  private indexed(): Map<unknown, number> {
    const index = new Map<unknown, number>();
    for (let i = 0; i < this.original.length; i++) index.set(identity(valueAt(this.original, i)), i);
    return index;
  }
}

const LOOKUPS_BY_SCAN = 8;

/** What a Map can tell apart as the format does: by bits. */
function identity(value: PhysicalValue): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1');
  return Object.is(value, -0) ? '-0' : value;
}
