import { isOrdered } from './bound.ts';
import type { ColumnType } from './column-type.ts';
import type { Bound, ChunkStatistics } from './statistics.ts';
import type { ThriftReader } from './thrift-reader.ts';

/** Which bounds that a file states for a column are believed; it follows from the column's type. */
export interface BoundsRule {
  /** Those in the order of the type. */
  ordered: boolean;
  /** The deprecated ones as well, which are in the order of signed numbers (of bytes: as the writer liked). */
  signed: boolean;
}

export function boundsRule(type: ColumnType): BoundsRule {
  const { physical, logical } = type;
  const number = physical === 'INT32' || physical === 'INT64' || physical === 'FLOAT' || physical === 'DOUBLE';
  return { ordered: isOrdered(type), signed: number && !(logical.kind === 'integer' && !logical.signed) };
}

/**
 * Reads a Statistics struct (parquet.thrift), from its begin to its end, without the bounds that are not believed.
 * Whether their bytes are values of the type is left to `boundValue`.
 */
export function readStatistics(reader: ThriftReader, { ordered, signed }: BoundsRule): ChunkStatistics {
  let nulls: number | undefined;
  let max: Uint8Array | undefined;
  let min: Uint8Array | undefined;
  let deprecatedMax: Uint8Array | undefined;
  let deprecatedMin: Uint8Array | undefined;
  let maxExact = false;
  let minExact = false;
  const outer = reader.enter();
  for (let field = reader.next(); field > 0; field = reader.next()) {
    if (field === 1 && signed) deprecatedMax = reader.binary();
    else if (field === 2 && signed) deprecatedMin = reader.binary();
    else if (field === 3) nulls = reader.integer();
    else if (field === 5 && ordered) max = reader.binary();
    else if (field === 6 && ordered) min = reader.binary();
    else if (field === 7) maxExact = reader.boolean();
    else if (field === 8) minExact = reader.boolean();
    else reader.skip();
  }
  reader.leave(outer);
  return { nulls, min: bound(min, minExact, deprecatedMin), max: bound(max, maxExact, deprecatedMax) };
}

/** @param exact is said of the first, not of the deprecated one. */
function bound(bytes: Uint8Array | undefined, exact: boolean, deprecated: Uint8Array | undefined): Bound | undefined {
  if (bytes) return { bytes, exact };
  return deprecated && { bytes: deprecated, exact: false };
}
