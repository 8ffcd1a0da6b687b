import type { KeysFound } from './key-range.ts';

/** How a table's lake differs from what its raw files come to. */
export interface RowDifferences {
  /** Rows that the lake should hold. */
  expected: number;
  /** Rows that it holds. */
  inLake: number;
  /** Rows that are there once, as they should be, where they should be. */
  equal: number;
  /** Keys (rows, of a table without a key) that should be in the lake and are not. */
  missing: KeysFound;
  /** Rows in the lake that should not be there. */
  unexpected: KeysFound;
  /** Keys whose row has other values than it should. */
  different: KeysFound & {
    /** Columns that differ in some of the first thousand of these keys. */
    columns: string[];
  };
  /** Keys that are in the lake more than once. */
  twice: KeysFound;
  /** Keys that are not in the folder of their partition. */
  misplaced: KeysFound;
  /** How often all rows were read: once, unless they have more keys than there is room for. */
  passes: number;
}

export function differs({ missing, unexpected, different, twice, misplaced }: RowDifferences): boolean {
  return [missing, unexpected, different, twice, misplaced].some(({ count }) => count > 0);
}
