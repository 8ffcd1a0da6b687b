import type { ColumnType, PhysicalValue } from '../../lib/parquet/column-type.ts';
import type { SampleType, Stored } from './sample-types.ts';

/** A column in DuckDB as text that tells any two values apart: floats by their bits, text by its bytes. */
export function exactSql({ type: { logical } }: SampleType, column: string): string {
  switch (logical.kind) {
    case 'float':
      return `${column}::BIT::VARCHAR`;
    case 'text':
      return `hex(encode(${column}))`;
    case 'bytes':
      return logical.annotation === 'UUID' ? `${column}::VARCHAR` : `hex(${column})`;
    case 'time':
    case 'timestamp':
      return `epoch_us(${column})::VARCHAR`;
    case 'date':
      return `(${column} - DATE '1970-01-01')::VARCHAR`;
    default:
      return `${column}::VARCHAR`;
  }
}

/** What `exactSql` gives for a stored value. */
export function exactText({ type }: SampleType, value: PhysicalValue): string | null {
  if (value === null) return null;
  const { logical } = type;
  switch (logical.kind) {
    case 'float':
      return bits(value as number, type.physical === 'FLOAT' ? 4 : 8);
    case 'text':
    case 'bytes': {
      const hex = Buffer.from(value as Uint8Array).toString('hex');
      if (logical.kind === 'text' || logical.annotation !== 'UUID') return hex.toUpperCase();
      return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
    }
    case 'time':
    case 'timestamp':
      return (BigInt(value as number | bigint) * (logical.unit === 'MILLIS' ? 1_000n : 1n)).toString();
    case 'integer':
      if (logical.signed) return String(value);
      return BigInt.asUintN(logical.bits, BigInt(value as number | bigint)).toString();
    case 'decimal':
      return decimalText(value, logical.precision, logical.scale);
    default:
      return String(value);
  }
}

/** The stored value as a constant of the column's type. */
export function literalSql(sample: SampleType, value: Stored): string {
  const { type, duckdb } = sample;
  const text = exactText(sample, value) ?? '';
  switch (type.logical.kind) {
    case 'float':
      return `'${Object.is(value, -0) ? '-0' : String(value)}'::${duckdb}`;
    case 'text':
      return `decode(unhex('${text}'))`;
    case 'bytes':
      return duckdb === 'UUID' ? `'${text}'::UUID` : `unhex('${text}')`;
    case 'time':
      return `(TIME '00:00:00' + INTERVAL (${text}) MICROSECONDS)`;
    case 'timestamp':
      return duckdb === 'TIMESTAMP' ? `make_timestamp(${text}::BIGINT)` : `make_timestamptz(${text}::BIGINT)`;
    case 'date':
      return `(DATE '1970-01-01' + (${text}))`;
    default:
      return `'${text}'::${duckdb}`;
  }
}

function bits(value: number, bytes: 4 | 8): string {
  const buffer = Buffer.alloc(bytes);
  if (bytes === 4) buffer.writeFloatBE(value);
  else buffer.writeDoubleBE(value);
  return [...buffer].map((byte) => byte.toString(2).padStart(8, '0')).join('');
}

/** As DuckDB prints it: without a zero before the point where the type has room for none. */
function decimalText(value: Stored, precision: number, scale: number): string {
  const unscaled =
    value instanceof Uint8Array
      ? BigInt.asIntN(value.length * 8, BigInt(`0x${Buffer.from(value).toString('hex')}`))
      : BigInt(value);
  const digits = String(unscaled)
    .replace('-', '')
    .padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const text = scale === 0 ? digits : `${precision === scale ? '' : whole}.${digits.slice(-scale)}`;
  return unscaled < 0n ? `-${text}` : text;
}

/** A value by its bits, for comparing what was stored with what was read. */
export function storedText(value: PhysicalValue | undefined, { physical }: ColumnType): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (typeof value === 'number' && (physical === 'FLOAT' || physical === 'DOUBLE')) return bits(value, 8);
  return `${typeof value} ${String(value)}`;
}
