import { boundValue, lowerBound, upperBound } from '../parquet/bound.ts';
import type { ColumnType, PhysicalValue } from '../parquet/column-type.ts';
import type { Bound, ChunkStatistics } from '../parquet/statistics.ts';
import { comparison } from '../parquet/statistics.ts';

/** What a footer says of one chunk of a column. */
export interface DescribedChunk {
  /** Nulls included. */
  values: number;
  statistics: ChunkStatistics;
}

/**
 * Nulls and bounds of a column over a whole file, from those of its chunks. What one chunk with values does not say, or
 * says in a way that cannot be true, is unknown of the file. A file without values has no bounds either.
 */
export function fileStatistics(chunks: readonly DescribedChunk[], type: ColumnType): ChunkStatistics {
  let nulls: number | undefined = 0;
  let bounds: FileBounds | undefined;
  let contradictory = false;
  for (const { values, statistics } of chunks) {
    if (values === 0) continue;
    nulls = nulls === undefined || statistics.nulls === undefined ? undefined : nulls + statistics.nulls;
    if (statistics.nulls === values) continue;
    const min = extreme(statistics.min, type);
    const max = extreme(statistics.max, type);
    contradictory ||= min !== undefined && max !== undefined && comparison(type)(min.value, max.value) > 0;
    bounds = bounds
      ? { min: outermost(bounds.min, min, type, -1), max: outermost(bounds.max, max, type, 1) }
      : { min, max };
  }
  if (!bounds || contradictory) return { nulls, min: undefined, max: undefined };
  return {
    nulls,
    min: bounds.min && kept(bounds.min.bound, lowerBound(bounds.min.value, type)),
    max: bounds.max && kept(bounds.max.bound, upperBound(bounds.max.value, type)),
  };
}

/** Text is cut to far less; what cannot be cut is unknown if it is longer. */
const BOUND_BYTES_MAX = 256;

interface FileBounds {
  min: Extreme | undefined;
  max: Extreme | undefined;
}

interface Extreme {
  bound: Bound;
  value: NonNullable<PhysicalValue>;
}

function extreme(bound: Bound | undefined, type: ColumnType): Extreme | undefined {
  const value = bound && boundValue(bound, type);
  return bound === undefined || value === undefined ? undefined : { bound, value };
}

/** The lower (`sign` -1) or the higher (1) of two; of equal ones one that is exact. */
function outermost(
  a: Extreme | undefined,
  b: Extreme | undefined,
  type: ColumnType,
  sign: -1 | 1,
): Extreme | undefined {
  if (!a || !b) return undefined;
  const order = sign * comparison(type)(b.value, a.value);
  return order > 0 || (order === 0 && b.bound.exact) ? b : a;
}

function kept({ exact }: Bound, cut: Bound | undefined): Bound | undefined {
  return cut && cut.bytes.length <= BOUND_BYTES_MAX ? { bytes: cut.bytes, exact: exact && cut.exact } : undefined;
}
