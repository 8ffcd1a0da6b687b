import type { PhysicalType, PhysicalValue } from './column-type.ts';

/**
 * Decimals as Parquet stores them: the unscaled integer in INT32, INT64, or big-endian two's complement bytes
 * (Parquet format, LogicalTypes.md, "DECIMAL").
 */
export function unscaled(value: NonNullable<PhysicalValue>): bigint {
  if (value instanceof Uint8Array) return bigEndianInteger(value);
  if (typeof value === 'boolean') throw new TypeError('a boolean is no decimal');
  return BigInt(value);
}

/** @throws RangeError if `value` does not fit. */
export function storeUnscaled(value: bigint, type: PhysicalType): PhysicalValue {
  switch (type.physical) {
    case 'INT32':
      return Number(requireBits(value, 32));
    case 'INT64':
      return requireBits(value, 64);
    case 'FIXED_LEN_BYTE_ARRAY':
      return bigEndianBytes(requireBits(value, type.length * 8), type.length);
    case 'BYTE_ARRAY':
      return bigEndianBytes(value, byteLength(value));
    default:
      throw new TypeError(`${type.physical} stores no decimals`);
  }
}

/** How a decimal of this precision is stored, as `like` does if that is wide enough. */
export function decimalStorage(precision: number, like: PhysicalType): PhysicalType {
  const bytes = minBytes(precision);
  switch (like.physical) {
    case 'INT32':
      if (precision <= 9) return like;
      if (precision <= 18) return { physical: 'INT64' };
      break;
    case 'INT64':
      if (precision <= 18) return like;
      break;
    case 'BYTE_ARRAY':
      return like;
    case 'FIXED_LEN_BYTE_ARRAY':
      if (like.length >= bytes) return like;
      break;
    default:
  }
  return { physical: 'FIXED_LEN_BYTE_ARRAY', length: bytes };
}

/** Plain notation with all digits of the scale: `-12.50`. */
export function decimalText(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const sign = value < 0n ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function minBytes(precision: number): number {
  return byteLength(10n ** BigInt(precision));
}

/** Bytes that a signed integer needs. */
function byteLength(value: bigint): number {
  const magnitude = value < 0n ? -value - 1n : value;
  return Math.floor(magnitude.toString(2).length / 8) + 1;
}

function requireBits(value: bigint, bits: number): bigint {
  if (BigInt.asIntN(bits, value) !== value) throw new RangeError(`a value does not fit its ${bits} bits`);
  return value;
}

function bigEndianInteger(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(bytes.length * 8, value);
}

function bigEndianBytes(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}
