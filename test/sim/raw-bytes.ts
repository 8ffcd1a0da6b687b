/** Raw files as DMS writes them, each content made once however many schedules have it. */
import type { DmsValue } from '../../lib/sample/dms-column.ts';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { badEnd } from '../bad-files/bad-end.ts';
import type { Columns } from './columns.ts';
import { dmsColumns, dmsValue } from './columns.ts';
import type { Row } from './row.ts';
import type { Damage } from './scenario.ts';

export interface RawContent {
  kind: 'load' | 'change';
  rows: readonly Row[];
  columns: Columns;
  damage: Damage | undefined;
  /** Another form of the same rows. */
  isCompressed: boolean;
}

export function rawBytes(content: RawContent): Uint8Array {
  const text = JSON.stringify(content);
  const known = made.get(text);
  if (known) return known;
  if (made.size >= KEPT_MAX) made.clear();
  const bytes = damaged(written(content), content.damage);
  made.set(text, bytes);
  return bytes;
}

const made = new Map<string, Uint8Array>();
const KEPT_MAX = 20_000;

function written({ kind, rows, columns, damage, isCompressed }: RawContent): Uint8Array {
  const own = dmsColumns(columns, { kind: damage === 'other type' ? 'bytes' : 'string' });
  const values = rows.map((row): DmsValue[] => [
    ...(kind === 'change' ? [damage === 'odd operation' ? 'X' : row.op] : []),
    ...own.map((column) => dmsValue(row, column)),
  ]);
  const all = [...(kind === 'change' ? [OP_COLUMN] : []), ...own];
  const hasBadEnd = damage === 'bad end';
  const codec = isCompressed || hasBadEnd ? 'GZIP' : 'UNCOMPRESSED';
  return writeDmsFile({ columns: all, rows: values, codec, ...(hasBadEnd && { rowsPerRowGroup: 1 }) });
}

function damaged(bytes: Uint8Array, damage: Damage | undefined): Uint8Array {
  switch (damage) {
    case 'truncated':
      return bytes.slice(0, -7);
    case 'garbage':
      return bytes.map((byte, i) => (i % 3 === 0 ? byte ^ 0x5a : byte));
    case 'empty':
      return new Uint8Array();
    case 'bad end':
      return badEnd(bytes);
    case 'odd operation':
    case 'other type':
    case undefined:
      return bytes;
  }
}
