import { isNull } from '../parquet/vector.ts';
import type { FlatKeyForm, KeyForm } from './key-form.ts';
import { halves } from './key-hash.ts';

/** Whether a key is that of a row: all values are equal, and null equals null. */
export type KeyEquality = (key: number, row: number) => boolean;

/** @throws RangeError if the columns are fewer than those of the keys. @throws TypeError if they are of other types. */
export function keyEquality(keys: readonly FlatKeyForm[], columns: readonly KeyForm[]): KeyEquality {
  const parts = keys.map((wanted, i) => {
    const column = columns[i];
    if (!column) throw new RangeError(`a key of ${keys.length} columns is looked up in ${columns.length}`);
    return equality(wanted, column);
  });
  const [only] = parts;
  if (only && parts.length === 1) return only;
  return (key, row) => parts.every((isSame) => isSame(key, row));
}

function equality(keys: FlatKeyForm, column: KeyForm): KeyEquality {
  if (column.kind === 'DICTIONARY') {
    const { dictionary, indices } = column;
    const isSame = equality(keys, dictionary);
    return (key, row) => {
      const index = indices[row] as number;
      return index < 0 ? isNull(keys, key) : isSame(key, index);
    };
  }
  const isSame = valueEquality(keys, column);
  if (!keys.valid && !column.valid) return isSame;
  return (key, row) => (isNull(keys, key) ? isNull(column, row) : !isNull(column, row) && isSame(key, row));
}

function valueEquality(keys: FlatKeyForm, column: FlatKeyForm): KeyEquality {
  if (keys.kind === 'INT32' && column.kind === 'INT32') {
    const [a, b] = [keys.data, column.data];
    return (key, row) => a[key] === b[row];
  }
  if (keys.kind === 'INT64' && column.kind === 'INT64') {
    const [a, b] = [halves(keys.data), halves(column.data)];
    return (key, row) => a[2 * key] === b[2 * row] && a[2 * key + 1] === b[2 * row + 1];
  }
  if (keys.kind === 'BYTES' && column.kind === 'BYTES') {
    const { bytes: a, offsets: startsA } = keys;
    const { bytes: b, offsets: startsB } = column;
    return (key, row) => {
      let at = startsA[key] as number;
      const end = startsA[key + 1] as number;
      let other = startsB[row] as number;
      if (end - at !== (startsB[row + 1] as number) - other) return false;
      while (at < end) if (a[at++] !== b[other++]) return false;
      return true;
    };
  }
  throw new TypeError(`keys of ${keys.kind} are looked up in a column of ${column.kind}`);
}
