import type { Column, ColumnType, LogicalType, PhysicalValue, TimeUnit, Zone } from './column-type.ts';
import { physicalName, sameType } from './column-type.ts';
import { decimalStorage, storeUnscaled, unscaled } from './decimal.ts';
import { integerValue, PER_SECOND, textForm } from './text-form.ts';
import type { FlatVector, Vector } from './vector.ts';
import { valuesOf, vectorOf } from './vector.ts';

/**
 * How types of one column in several files come together: a value may be converted only if nothing of it is lost.
 *
 * `commonType` finds the type of the lake's column, `convertVector` changes values to it. A column of the lake gets a
 * wider type only within its family (integers, floats, decimals, times); anything exact may be converted to what the
 * lake already has.
 */
export function commonType(lake: ColumnType, incoming: ColumnType): ColumnType | undefined {
  if (conversion(incoming, lake)) return lake;
  const [a, b] = [lake.logical, incoming.logical];
  if (a.kind === b.kind && conversion(lake, incoming)) return incoming;
  if (a.kind === 'integer' && b.kind === 'integer') return integerHolding(a, b);
  if (isExactNumber(a) && isExactNumber(b)) return decimalHolding(lake, incoming, asDecimal(a), asDecimal(b));
  return undefined;
}

/** The type that a lake column gets from a file's column: INT96, and text of a fixed length, are read, but never written. */
export function lakeType(type: ColumnType): ColumnType {
  const { physical, logical } = type;
  if (physical === 'INT96')
    return { physical: 'INT64', logical: { kind: 'timestamp', unit: 'MICROS', zone: 'unsaid' } };
  return logical.kind === 'text' && physical !== 'BYTE_ARRAY' ? { physical: 'BYTE_ARRAY', logical } : type;
}

/**
 * The values of a column of one type as another type stores them; the same object if nothing changes.
 * @throws RangeError if a value is beyond what its own type allows. @throws TypeError if the types have nothing in common.
 */
export function convertVector(vector: Vector, from: ColumnType, to: ColumnType): Vector {
  const convert = conversion(from, to);
  if (!convert) throw new TypeError(`no exact conversion from ${physicalName(from)} to ${physicalName(to)}`);
  if (convert === UNCHANGED && isStoredAlike(from, to)) return vector;
  if (vector.kind === 'DICTIONARY') return { ...vector, dictionary: converted(vector.dictionary, convert, to) };
  return converted(vector, convert, to);
}

function converted(vector: FlatVector, convert: Convert, to: ColumnType): FlatVector {
  const values = valuesOf(vector).map((value) => (value === null ? null : convert(value)));
  return vectorOf(to, values);
}

/** Bytes are bytes, of a fixed length or not. */
function isStoredAlike({ physical: a }: ColumnType, { physical: b }: ColumnType): boolean {
  return a === b || (a.endsWith('BYTE_ARRAY') && b.endsWith('BYTE_ARRAY'));
}

/** Whether every value of one type is one of another, and how it is stored there. */
function conversion(from: ColumnType, to: ColumnType): Convert | undefined {
  if (sameType(from, to)) return UNCHANGED;
  const source = from.logical;
  const target = to.logical;
  switch (target.kind) {
    case 'integer':
      return source.kind === 'integer' && integerFits(source, target) ? toInteger(from, to, source) : undefined;
    case 'decimal':
      return isExactNumber(source) ? toDecimal(source, target, to) : undefined;
    case 'float':
      if (source.kind === 'float') return to.physical === 'DOUBLE' ? UNCHANGED : undefined;
      if (source.kind !== 'integer' || source.bits > (to.physical === 'DOUBLE' ? 32 : 16)) return undefined;
      return (value) => Number(integerValue(value, source.bits, source.signed));
    case 'timestamp':
      if (source.kind === 'date')
        return (value) => within64Bits(BigInt(Number(value)) * 86_400n * PER_SECOND[target.unit]);
      if (source.kind !== 'timestamp' || !sameZone(source.zone, target.zone)) return undefined;
      if (from.physical === 'INT96' && target.unit === 'MICROS') return (value) => wholeMicros(value as bigint);
      return finer(source.unit, target.unit, from, to);
    case 'time':
      return source.kind === 'time' && sameZone(source.zone, target.zone)
        ? finer(source.unit, target.unit, from, to)
        : undefined;
    case 'text':
      if (to.physical !== 'BYTE_ARRAY') return undefined;
      if (source.kind === 'text' && (target.use === 'UTF8' || target.use === source.use)) return UNCHANGED;
      if (target.use !== 'UTF8') return undefined;
      // A float's digits, or bytes, as text would no longer be the value.
      if (source.kind === 'float' || source.kind === 'bytes') return undefined;
      return (value) => utf8.encode(textForm(value, from));
    case 'bytes':
      if (target.annotation || to.physical !== 'BYTE_ARRAY') return undefined;
      return source.kind === 'text' || source.kind === 'bytes' ? UNCHANGED : undefined;
    default:
      return undefined;
  }
}

function sameZone(a: Zone, b: Zone): boolean {
  return (a === 'local') === (b === 'local');
}

type Convert = (value: NonNullable<PhysicalValue>) => PhysicalValue;
const UNCHANGED: Convert = (value) => value;
const utf8 = new TextEncoder();

type IntegerType = LogicalType & { kind: 'integer' };
type DecimalType = LogicalType & { kind: 'decimal' };

function integerFits(from: IntegerType, to: IntegerType): boolean {
  return from.signed === to.signed ? from.bits <= to.bits : !from.signed && from.bits < to.bits;
}

function toInteger(from: ColumnType, to: ColumnType, source: IntegerType): Convert {
  if (from.physical === to.physical) return UNCHANGED;
  return (value) => integerValue(value, source.bits, source.signed);
}

function integerHolding(a: IntegerType, b: IntegerType): ColumnType | undefined {
  const unsigned = a.signed ? b : a;
  const signed = a.signed ? a : b;
  const bits = Math.max(signed.bits, unsigned.bits * 2);
  if (bits > 64) return undefined;
  const logical: IntegerType = { kind: 'integer', bits: bits as IntegerType['bits'], signed: true };
  return { physical: bits === 64 ? 'INT64' : 'INT32', logical };
}

function isExactNumber(logical: LogicalType): logical is IntegerType | DecimalType {
  return logical.kind === 'integer' || logical.kind === 'decimal';
}

/** The decimal that holds all of an integer type: 3, 5, 10 and 19 digits (20 for unsigned 64 bits). */
function asDecimal(number: IntegerType | DecimalType): DecimalType {
  if (number.kind === 'decimal') return number;
  const largest = 2n ** BigInt(number.bits - (number.signed ? 1 : 0));
  return { kind: 'decimal', precision: largest.toString().length, scale: 0 };
}

function toDecimal(source: IntegerType | DecimalType, target: DecimalType, to: ColumnType): Convert | undefined {
  const { precision, scale } = asDecimal(source);
  if (target.scale < scale || target.precision - target.scale < precision - scale) return undefined;
  const factor = 10n ** BigInt(target.scale - scale);
  return (value) => {
    const number = source.kind === 'integer' ? integerValue(value, source.bits, source.signed) : unscaled(value);
    return storeUnscaled(number * factor, to);
  };
}

function decimalHolding(like: ColumnType, other: ColumnType, a: DecimalType, b: DecimalType): ColumnType | undefined {
  const scale = Math.max(a.scale, b.scale);
  const precision = Math.max(a.precision - a.scale, b.precision - b.scale) + scale;
  if (precision > 38) return undefined;
  const storage = decimalStorage(precision, like.logical.kind === 'decimal' ? like : other);
  return { ...storage, logical: { kind: 'decimal', precision, scale } };
}

function finer(unit: TimeUnit, finerUnit: TimeUnit, from: ColumnType, to: ColumnType): Convert | undefined {
  const factor = PER_SECOND[finerUnit] / PER_SECOND[unit];
  if (factor === 0n) return undefined;
  if (factor === 1n && from.physical === to.physical) return UNCHANGED;
  return (value) => {
    const scaled = within64Bits(BigInt(value as number | bigint) * factor);
    return to.physical === 'INT32' ? Number(scaled) : scaled;
  };
}

/** INT96 nanoseconds are what Spark made of microseconds. Those of others may be all that tells two keys apart. */
function wholeMicros(nanos: bigint): bigint {
  if (nanos % 1_000n !== 0n) throw new RangeError('a time has nanoseconds, which a column of microseconds cannot hold');
  return within64Bits(nanos / 1_000n);
}

function within64Bits(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw new RangeError("a time does not fit its 64 bits in the column's unit");
  return value;
}

/**
 * The lake's columns with those of one more file: types widened where needed, new columns at the end.
 * @throws IncompatibleColumn naming the column whose types have nothing in common.
 */
export function mergeColumns(lake: readonly Column[], incoming: readonly Column[]): Column[] {
  const merged = new Map(lake.map((column) => [column.name, column]));
  for (const column of incoming) {
    const known = merged.get(column.name);
    const type = known ? commonType(known.type, lakeType(column.type)) : lakeType(column.type);
    if (!type) throw new IncompatibleColumn(column.name, known?.type ?? column.type, column.type);
    merged.set(column.name, { name: column.name, type });
  }
  return [...merged.values()];
}

export class IncompatibleColumn extends Error {
  override readonly name = 'IncompatibleColumn';
  constructor(
    readonly column: string,
    readonly lake: ColumnType,
    readonly incoming: ColumnType,
  ) {
    super(`column ${column} cannot hold both types`);
  }
}
