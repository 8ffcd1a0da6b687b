/** A row as a reader of the lake sees it, and what rows make when they apply one after the other. */
import type { KeyKind } from './scenario.ts';

/** Of a load file it is an insert. Values are in one text form, whatever type they are stored as. */
export interface Row {
  op: 'I' | 'U' | 'D';
  id: number;
  item: string;
  day: string | null;
  // Columns that come, go, and change their types.
  extra: string | null;
  other: string | null;
  amount: string | null;
  at: string | null;
}

export function rowText({ op, id, item, day, extra, other, amount, at }: Row): string {
  return `${op} ${id} ${item} ${day} ${extra} ${other} ${amount} ${at}`;
}

/** What the primary key says of a row; without one a row is its own key. */
export function keyText(row: Row, key: KeyKind): string {
  if (key === 'none') return rowText(row);
  return key === 'id' ? String(row.id) : `${row.id} ${row.day}`;
}

export function keyKindOf(primaryKey: string): KeyKind {
  return primaryKey === 'null' ? 'none' : (primaryKey as KeyKind);
}

/**
 * @param base rows that are there before, some perhaps more than once
 * @param parts in the order in which they apply
 */
export function fold(base: readonly Row[], parts: readonly (readonly Row[])[], key: KeyKind): Row[] {
  const held = new Map<string, Row[]>();
  for (const row of base) held.set(keyText(row, key), [...(held.get(keyText(row, key)) ?? []), row]);
  for (const rows of parts) {
    for (const row of rows) {
      // Without a key there is nothing that an update or a delete could be of.
      if (key === 'none' && row.op !== 'I') continue;
      if (row.op === 'D') held.delete(keyText(row, key));
      else held.set(keyText(row, key), [row]);
    }
  }
  return [...held.values()].flat();
}
