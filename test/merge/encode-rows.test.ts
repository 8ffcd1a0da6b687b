import { expect, it } from '@jest/globals';
import type { RowSource } from '../../lib/merge/encode-rows.ts';
import { encodeRows } from '../../lib/merge/encode-rows.ts';
import { TooManyBytes } from '../../lib/parquet/chunk-rows.ts';
import { nullVector } from '../../lib/parquet/vector.ts';
import { INT } from '../parquet/sample-types.ts';

it('rows that take too much are refused before more of them are decoded', () => {
  const sources: RowSource[] = [
    { vector: nullVector(INT, 1_000) },
    {
      get vector(): never {
        throw new Error('it was decoded');
      },
    },
  ];
  const columns = [{ column: { name: 'id', type: INT }, sources, bloomFilter: false, isLoadOperation: false }];
  expect(() => encodeRows({ columns, rowsPerRowGroup: 10, bytesMax: 100 })).toThrow(TooManyBytes);
});
