import { describe, expect, it } from '@jest/globals';
import type { ConvertedType, LogicalType, SchemaElement } from 'hyparquet';
import { messageOf } from '../../lib/errors.ts';
import { columnType, typeName } from '../../lib/parquet/column-type.ts';

type Said = Partial<Pick<SchemaElement, 'converted_type' | 'logical_type' | 'precision' | 'scale'>>;
/** A number is the length of a FIXED_LEN_BYTE_ARRAY. */
type Physical = 'BOOLEAN' | 'INT32' | 'INT64' | 'INT96' | 'FLOAT' | 'DOUBLE' | 'BYTE_ARRAY' | number;

const element = (physical: Physical, said: Said): SchemaElement => ({
  name: 'price',
  ...(typeof physical === 'number' ? { type: 'FIXED_LEN_BYTE_ARRAY', type_length: physical } : { type: physical }),
  ...said,
});

/** The name of the column's type, or why it has none. */
function outcome(physical: Physical, said: Said): string {
  try {
    return typeName(columnType(element(physical, said)));
  } catch (error) {
    return messageOf(error);
  }
}

const old = (type: string): Said => ({ converted_type: type as ConvertedType });
/** Numbers that damage makes may be any, or none. */
const decimal = (precision?: number, scale?: number): Said[] => [
  { ...old('DECIMAL'), precision, scale } as Said,
  { logical_type: { type: 'DECIMAL', precision, scale } as LogicalType },
];
const integer = (bitWidth: number, isSigned: boolean): Said[] => [
  old(`${isSigned ? 'INT' : 'UINT'}_${bitWidth}`),
  { logical_type: { type: 'INTEGER', bitWidth, isSigned } },
];
const timed = (type: 'TIME' | 'TIMESTAMP', unit: 'MILLIS' | 'MICROS' | 'NANOS'): Said[] => [
  { logical_type: { type, unit, isAdjustedToUTC: true } },
  ...(unit === 'NANOS' ? [] : [old(`${type}_${unit}`)]),
];
const both = (type: 'DATE' | 'ENUM' | 'JSON' | 'BSON'): Said[] => [old(type), { logical_type: { type } }];
const TEXT: Said[] = [old('UTF8'), { logical_type: { type: 'STRING' } }];
const UUID: Said[] = [{ logical_type: { type: 'UUID' } }];
const FLOAT16: Said[] = [{ logical_type: { type: 'FLOAT16' } }];
const INTERVAL: Said[] = [old('INTERVAL')];

const all: readonly Physical[] = ['BOOLEAN', 'INT32', 'INT64', 'INT96', 'FLOAT', 'DOUBLE', 'BYTE_ARRAY', 2, 12, 16];

describe('what a column says of its values is believed where the format allows it, and refused elsewhere:', () => {
  it.each<[string, readonly Said[], readonly Physical[]]>([
    ['int8', integer(8, true), ['INT32']],
    ['uint16', integer(16, false), ['INT32']],
    ['int32', integer(32, true), ['INT32']],
    ['uint32', integer(32, false), ['INT32']],
    ['int64', integer(64, true), ['INT64']],
    ['uint64', integer(64, false), ['INT64']],
    ['decimal(1,0)', decimal(1, 0), ['INT32', 'INT64', 'BYTE_ARRAY', 2, 12, 16]],
    ['decimal(4,4)', decimal(4, 4), ['INT32', 'INT64', 'BYTE_ARRAY', 2, 12, 16]],
    ['decimal(5,2)', decimal(5, 2), ['INT32', 'INT64', 'BYTE_ARRAY', 12, 16]],
    ['decimal(9,2)', decimal(9, 2), ['INT32', 'INT64', 'BYTE_ARRAY', 12, 16]],
    ['decimal(10,2)', decimal(10, 2), ['INT64', 'BYTE_ARRAY', 12, 16]],
    ['decimal(18,2)', decimal(18, 2), ['INT64', 'BYTE_ARRAY', 12, 16]],
    ['decimal(19,2)', decimal(19, 2), ['BYTE_ARRAY', 12, 16]],
    ['decimal(38,2)', decimal(38, 2), ['BYTE_ARRAY', 16]],
    ['decimal(76,2)', decimal(76, 2), ['BYTE_ARRAY']],
    ['date', both('DATE'), ['INT32']],
    ['time(MILLIS', timed('TIME', 'MILLIS'), ['INT32']],
    ['time(MICROS', timed('TIME', 'MICROS'), ['INT64']],
    ['time(NANOS', timed('TIME', 'NANOS'), ['INT64']],
    ['timestamp(MILLIS', timed('TIMESTAMP', 'MILLIS'), ['INT64']],
    ['timestamp(MICROS', timed('TIMESTAMP', 'MICROS'), ['INT64']],
    ['timestamp(NANOS', timed('TIMESTAMP', 'NANOS'), ['INT64']],
    ['text', TEXT, ['BYTE_ARRAY', 2, 12, 16]],
    ['enum', both('ENUM'), ['BYTE_ARRAY', 2, 12, 16]],
    ['json', both('JSON'), ['BYTE_ARRAY', 2, 12, 16]],
    ['bson', both('BSON'), ['BYTE_ARRAY']],
    ['uuid', UUID, [16]],
    ['interval', INTERVAL, [12]],
    ['float16', FLOAT16, [2]],
  ])('%s', (name, ways, allowed) => {
    for (const said of ways) {
      expect(all.filter((physical) => outcome(physical, said).startsWith(name))).toEqual(allowed);
      expect(all.filter((physical) => outcome(physical, said).includes(`says it is ${name}`))).toEqual(
        all.filter((physical) => !allowed.includes(physical)),
      );
    }
  });

  it.each<[string, readonly Said[]]>([
    ['decimal(0,0)', [old('DECIMAL'), ...decimal(0, 0)]],
    ['decimal(-1,0)', decimal(-1, 0)],
    ['decimal(5,6)', decimal(5, 6)],
    ['decimal(5,-1)', decimal(5, -1)],
    ['decimal(undefined,2)', [decimal(undefined, 2)[1]!]],
  ])('no decimal is %s', (name, ways) => {
    for (const said of ways)
      for (const physical of all) expect(outcome(physical, said)).toContain(`says it is ${name}`);
  });
});

describe('a column', () => {
  it('that is refused is named, with what it is and what it says it is', () => {
    expect(outcome('DOUBLE', decimal(10, 2)[0]!)).toBe(
      'column price is DOUBLE and says it is decimal(10,2), which Parquet does not allow',
    );
    expect(outcome(4, UUID[0]!)).toContain('column price is FIXED_LEN_BYTE_ARRAY(4) and says it is uuid');
    expect(outcome('INT32', integer(24, true)[1]!)).toContain('column price is an integer of 24 bits');
  });

  it('is what it says in the newer way, whatever the older one was made to say', () => {
    expect(outcome('INT32', { ...old('INT_8'), logical_type: { type: 'DATE' } })).toBe('date');
  });

  it('is what its values are where it says nothing that is known of single values', () => {
    const unknown: Said[] = [
      {},
      { logical_type: { type: 'NULL' } },
      { logical_type: { type: 'VARIANT' } },
      { logical_type: { type: 'GEOMETRY' } },
      old('LIST'),
      old('MAP'),
    ];
    const names = all.map((physical) => outcome(physical, {}));
    expect(names).toEqual('boolean int32 int64 timestamp(NANOS) float double bytes bytes bytes bytes'.split(' '));
    for (const said of unknown) expect(all.map((physical) => outcome(physical, said))).toEqual(names);
  });

  it('of bytes may have a length that counts for nothing, as some writers give it', () => {
    expect(columnType({ ...element('BYTE_ARRAY', TEXT[0]!), type_length: 10 })).toEqual({
      physical: 'BYTE_ARRAY',
      logical: { kind: 'text', use: 'UTF8' },
    });
  });
});
