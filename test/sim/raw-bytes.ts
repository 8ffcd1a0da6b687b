/** Raw files as DMS writes them, each content made once however many schedules have it. */
import type { DmsColumn, DmsValue } from '../../lib/sample/dms-column.ts';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import type { Row } from './model.ts';
import type { Damage } from './scenario.ts';

const TEXT = { kind: 'string' } as const;
const COLUMNS: readonly DmsColumn[] = [
  { name: 'id', type: { kind: 'int32' } },
  { name: 'item', type: TEXT },
  { name: 'day', type: TEXT },
];
const EXTRA: DmsColumn = { name: 'extra', type: TEXT };

export interface RawContent {
  kind: 'load' | 'change';
  rows: readonly Row[];
  hasExtra: boolean;
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

function written({ kind, rows, hasExtra, damage, isCompressed }: RawContent): Uint8Array {
  const columns = [...(kind === 'change' ? [OP_COLUMN] : []), ...COLUMNS, ...(hasExtra ? [EXTRA] : [])];
  const values = rows.map(({ op, id, item, day, extra }): DmsValue[] => [
    ...(kind === 'change' ? [damage === 'odd operation' ? 'X' : op] : []),
    id,
    item,
    day,
    ...(hasExtra ? [extra] : []),
  ]);
  return writeDmsFile({ columns, rows: values, codec: isCompressed ? 'GZIP' : 'UNCOMPRESSED' });
}

function damaged(bytes: Uint8Array, damage: Damage | undefined): Uint8Array {
  switch (damage) {
    case 'truncated':
      return bytes.slice(0, -7);
    case 'garbage':
      return bytes.map((byte, i) => (i % 3 === 0 ? byte ^ 0x5a : byte));
    case 'empty':
      return new Uint8Array();
    case 'odd operation':
    case undefined:
      return bytes;
  }
}
