import type { Connection } from 'mysql2/promise';
import type { MysqlColumn, MysqlType } from './column-type.ts';
import { floatText } from './float-text.ts';
import { columnsOf } from './full-load.ts';
import type { TextRow } from './lake-texts.ts';
import { queryTexts, quotedName } from './mysql-server.ts';

/**
 * A table's rows, each value as the text that `lakeTexts` has for it; it is the server that makes the text. Dates that
 * no calendar has are null, as DMS records them.
 * @param connection of a session in UTC
 */
export async function databaseTexts(connection: Connection, schema: string, table: string): Promise<TextRow[]> {
  const columns = await columnsOf(connection, schema, table);
  const selected = columns.map(expression).join(', ');
  const rows = await queryTexts(connection, `SELECT ${selected} FROM ${quotedName(schema, table)}`);
  return rows.map((row) => new Map(columns.map(({ name, type }, i) => [name, lakeForm(type, row[i] ?? null)])));
}

function expression({ name, type: { base, sizes } }: MysqlColumn): string {
  const column = quotedName(name);
  switch (base) {
    case 'float':
      return `CAST(${column} AS DOUBLE)`;
    case 'bit':
      return isBoolean(sizes) ? `${column} + 0` : `LPAD(HEX(${column}), ${2 * Math.ceil((sizes[0] ?? 1) / 8)}, '0')`;
    case 'year':
      return `${column} + 0`;
    case 'date':
    case 'datetime':
    case 'timestamp':
      return `IF(MONTH(${column}) = 0 OR DAYOFMONTH(${column}) = 0, NULL, ${column})`;
    case 'binary':
    case 'varbinary':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
      return `HEX(${column})`;
    default:
      return column;
  }
}

function lakeForm({ base, sizes }: MysqlType, text: string | null): string | null {
  if (text === null) return null;
  if (base === 'float' || base === 'double') return floatText(Number(text));
  if (base === 'bit' && isBoolean(sizes)) return String(text !== '0');
  if (base === 'datetime' || base === 'timestamp') return text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
  return text;
}

function isBoolean(sizes: readonly number[]): boolean {
  return (sizes[0] ?? 1) === 1;
}
