import type { DmsColumn, DmsValue } from '../../lib/sample/dms-column.ts';
import { scatteredBytes } from './spread-value.ts';

/** A primary key and its values: others for each ordinal, which is an integer from 0. */
export interface KeyForm {
  columns: readonly DmsColumn[];
  values(ordinal: number, seed: number): DmsValue[];
}

const DAY_MICROS = 86_400_000_000n;

/** Keys in the order of their rows and keys without any, of one column and of several. */
export const KEY_FORMS: readonly KeyForm[] = [
  {
    columns: [{ name: 'id', type: { kind: 'int64' } }],
    values: (ordinal) => [BigInt(ordinal) * 1_000n - 1_000_000n],
  },
  {
    columns: [{ name: 'uuid', type: { kind: 'string' } }],
    values: (ordinal, seed) => [uuidText(scatteredBytes(seed, ordinal))],
  },
  {
    columns: [
      { name: 'order', type: { kind: 'int32' } },
      { name: 'line', type: { kind: 'string' } },
    ],
    values: (ordinal) => [Math.floor(ordinal / 24), `line ${ordinal % 24}`],
  },
  {
    columns: [{ name: 'uuid', type: { kind: 'bytes' } }],
    values: (ordinal, seed) => [scatteredBytes(seed, ordinal)],
  },
  {
    columns: [{ name: 'number', type: { kind: 'decimal', precision: 20, scale: 2 } }],
    values: (ordinal) => [BigInt(ordinal) * 7n - 50_000n],
  },
  {
    // Beyond the sign bit from the middle on.
    columns: [{ name: 'number', type: { kind: 'uint32' } }],
    values: (ordinal) => [2 ** 31 - 8_000 + ordinal],
  },
  {
    columns: [
      { name: 'at', type: { kind: 'timestampMicros' } },
      { name: 'sensor', type: { kind: 'bytes' } },
    ],
    values: (ordinal, seed) => [BigInt(ordinal >> 2) * DAY_MICROS, scatteredBytes(seed, ordinal)],
  },
  {
    // Told apart only behind the place where bounds are cut.
    columns: [{ name: 'path', type: { kind: 'string' } }],
    values: (ordinal) => [`${'ordner/größe/'.repeat(5)}${String(ordinal).padStart(8, '0')}`],
  },
];

function uuidText(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
