/** The columns of a source table, which come, go and change their types between files. */
import type { DmsColumn, DmsType, DmsValue } from '../../lib/sample/dms-column.ts';
import type { ColumnChange } from './scenario.ts';
import type { Row } from './row.ts';

/** What a source table's files hold at the time, beside `item` and `day`. */
export interface Columns {
  id: 'int32' | 'int64';
  text: 'none' | 'extra' | 'other';
  /** Place of its type among those that it has one after the other; undefined if there is no such column. */
  amount: number | undefined;
  at: 'timestampMillis' | 'timestampMicros' | undefined;
}

export const FIRST_COLUMNS: Columns = { id: 'int32', text: 'none', amount: undefined, at: undefined };
export const TYPED_COLUMNS: Columns = { ...FIRST_COLUMNS, amount: 0, at: 'timestampMillis' };

export const AMOUNT_SCALE_MAX = 4;

/** Each holds all that those before it do, or comes together with them. */
const AMOUNTS: readonly DmsType[] = [
  { kind: 'int32' },
  { kind: 'int64' },
  { kind: 'decimal', precision: 12, scale: 2 },
  { kind: 'decimal', precision: 14, scale: AMOUNT_SCALE_MAX },
];

/** @returns the columns from now on; the same object if that is no change */
export function changed(columns: Columns, change: ColumnChange): Columns {
  const { amount = -1, at, text } = columns;
  switch (change) {
    case 'added':
      return text === 'extra' ? columns : { ...columns, text: 'extra' };
    case 'dropped':
      return text === 'none' ? columns : { ...columns, text: 'none' };
    case 'renamed':
      return text === 'none' ? columns : { ...columns, text: text === 'extra' ? 'other' : 'extra' };
    case 'wider id':
      return columns.id === 'int64' ? columns : { ...columns, id: 'int64' };
    case 'wider amount':
      return amount === AMOUNTS.length - 1 ? columns : { ...columns, amount: amount + 1 };
    case 'wider time':
      return at === 'timestampMicros'
        ? columns
        : { ...columns, at: at === undefined ? 'timestampMillis' : 'timestampMicros' };
  }
}

/** A row of these columns. @param number differs from row to row, from 1 */
export function rowOf(columns: Columns, { op, id, day }: Pick<Row, 'op' | 'id' | 'day'>, number: number): Row {
  const item = `i${number}`;
  const { text, amount, at } = columns;
  return {
    op,
    id,
    item,
    day,
    extra: text === 'extra' ? `x${number}` : null,
    other: text === 'other' ? `x${number}` : null,
    amount: amount === undefined ? null : String(amount < 2 ? number : number + 0.25),
    at: (at && new Date(timeOf(number)).toISOString()) || null,
  };
}

/** @param day the type of the column `day` */
export function dmsColumns({ id, text, amount, at }: Columns, day: DmsType): DmsColumn[] {
  return [
    { name: 'id', type: { kind: id } },
    { name: 'item', type: TEXT },
    { name: 'day', type: day },
    ...(text === 'none' ? [] : [{ name: text, type: TEXT }]),
    ...(amount === undefined ? [] : [{ name: 'amount', type: AMOUNTS[amount]! }]),
    ...(at === undefined ? [] : [{ name: 'at', type: { kind: at } }]),
  ];
}

export function dmsValue(row: Row, { name, type }: DmsColumn): DmsValue {
  const value = row[name as keyof Row];
  if (value === null) return null;
  switch (type.kind) {
    case 'int32':
      return Number(value);
    case 'int64':
      return BigInt(value);
    case 'decimal':
      return BigInt(Math.round(Number(value) * 10 ** type.scale));
    case 'timestampMillis':
      return BigInt(Date.parse(String(value)));
    case 'timestampMicros':
      return BigInt(Date.parse(String(value))) * 1000n;
    case 'bytes':
      return Buffer.from(String(value));
    default:
      return String(value);
  }
}

const TEXT = { kind: 'string' } as const;

function timeOf(number: number): number {
  return Date.UTC(2026, 2, 1) + number * 1000;
}
