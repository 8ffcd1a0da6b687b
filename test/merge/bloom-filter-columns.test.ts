import { describe, expect, it } from '@jest/globals';
import { bloomFilterColumns } from '../../lib/merge/bloom-filter-columns.ts';
import type { Column, ColumnType } from '../../lib/parquet/column-type.ts';
import { BIGINT, BYTES, DATE, decimal, DOUBLE, INT, TEXT } from '../parquet/sample-types.ts';

const UUID: ColumnType = {
  physical: 'FIXED_LEN_BYTE_ARRAY',
  length: 16,
  logical: { kind: 'bytes', annotation: 'UUID' },
};
const JSON_TEXT: ColumnType = { physical: 'BYTE_ARRAY', logical: { kind: 'text', use: 'JSON' } };
const columnsOf = (types: Record<string, ColumnType>): Column[] =>
  Object.entries(types).map(([name, type]) => ({ name, type }));

describe('columns with bloom filters', () => {
  it('are those of the key whose values come in any order: texts and UUIDs', () => {
    const key = columnsOf({
      text: TEXT,
      json: JSON_TEXT,
      uuid: UUID,
      int: INT,
      bigint: BIGINT,
      date: DATE,
      double: DOUBLE,
      price: decimal(20, 2),
      bytes: BYTES,
    });
    expect([...bloomFilterColumns(key, key)]).toEqual(['text', 'json', 'uuid']);
  });

  it('are none outside the key, and none that are in the names of folders alone', () => {
    const [key, day, other] = columnsOf({ key: TEXT, day: TEXT, other: TEXT }) as [Column, Column, Column];
    expect([...bloomFilterColumns([key, day], [key, other])]).toEqual(['key']);
    expect([...bloomFilterColumns([], [key, other])]).toEqual([]);
  });
});
