import type { Connection } from 'mysql2/promise';
import { quotedName } from './mysql-server.ts';

/** A column of the table of all types, and literals of SQL that are its edges. */
export interface TypedColumn {
  name: string;
  type: string;
  literals: readonly string[];
}

/** A table with a column of each type that DMS replicates from MySQL, but spatial ones, beside its key `id`. */
export const ALL_TYPES: readonly TypedColumn[] = [
  column('c_tinyint', 'tinyint', '-128', '127', '0'),
  column('c_utinyint', 'tinyint unsigned', '0', '255', '128'),
  column('c_boolean', 'boolean', 'true', 'false'),
  column('c_smallint', 'smallint', '-32768', '32767'),
  column('c_usmallint', 'smallint unsigned', '65535', '0', '32768'),
  column('c_mediumint', 'mediumint', '-8388608', '8388607', '-1'),
  column('c_umediumint', 'mediumint unsigned', '16777215', '0'),
  column('c_int', 'int', '-2147483648', '2147483647'),
  column('c_uint', 'int unsigned', '4294967295', '2147483648', '0'),
  column('c_bigint', 'bigint', '-9223372036854775808', '9223372036854775807', '-9007199254740993', '-1'),
  column('c_ubigint', 'bigint unsigned', '18446744073709551615', '9223372036854775808', '9007199254740993', '1'),
  column('c_decimal', 'decimal(10,2)', '-99999999.99', '0.01', '-0.5', '12345678'),
  column(
    'c_decimal38',
    'decimal(38,10)',
    '-9999999999999999999999999999.9999999999',
    '1234567890123456789012345678.0123456789',
    '0.0000000001',
  ),
  column('c_decimal18', 'decimal(18,0)', '999999999999999999', '-1', '0'),
  column('c_float', 'float', '3.4028234e38', '-1.17549435e-38', '0.1', '16777215'),
  column('c_double', 'double', '1.7976931348623157e308', '-2.2250738585072014e-308', '0.1', '9007199254740993'),
  column('c_bit', 'bit(1)', "b'1'", "b'0'"),
  column('c_bit20', 'bit(20)', "b'11111111111111111111'", "b'0'", "b'1000000000'"),
  column('c_bit64', 'bit(64)', 'x' + "'ffffffffffffffff'", "b'1'"),
  column('c_date', 'date', "'1000-01-01'", "'9999-12-31'", "'2024-02-29'", "'1969-12-31'", "'0000-00-00'"),
  column(
    'c_datetime',
    'datetime',
    "'1000-01-01 00:00:00'",
    "'9999-12-31 23:59:59'",
    "'1969-12-31 23:59:59'",
    "'2024-00-10 00:00:00'",
  ),
  column(
    'c_datetime6',
    'datetime(6)',
    "'9999-12-31 23:59:59.999999'",
    "'1582-10-10 12:00:00.000001'",
    "'1969-12-31 23:59:59.500000'",
    "'0000-00-00 00:00:00.000000'",
  ),
  column('c_datetime3', 'datetime(3)', "'2026-03-29 02:30:00.123'", "'1900-01-01 00:00:00.999'"),
  column('c_timestamp', 'timestamp NULL', "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'0000-00-00 00:00:00'"),
  column('c_timestamp6', 'timestamp(6) NULL', "'2026-10-25 01:30:00.000001'", "'2038-01-19 03:14:07.999999'"),
  column('c_time', 'time', "'-838:59:59'", "'838:59:59'", "'-01:00:00'", "'-00:00:01'", "'00:00:00'", "'-24:00:00'"),
  column('c_time6', 'time(6)', "'-838:59:58.999999'", "'-00:00:00.000001'", "'23:59:59.900000'", "'-02:00:00.000000'"),
  column('c_year', 'year', "'1901'", "'2155'", "'0000'", "'2026'"),
  column('c_char', 'char(10)', "'a'", "''", "'ÄÖÜßéñ漢字'", "'it''s \\\"x\\\"'"),
  column('c_varchar', 'varchar(255)', "'55” 4K, (new) \\\\ \\n'", "'😀🏳️‍🌈'", "''", "'NULL'", "' trailing  '"),
  column('c_latin1', 'varchar(50) CHARACTER SET latin1', "'Crêpe €'", "''"),
  column('c_text', 'text', `repeat('τεῖχος ', 3000)`, "''"),
  column('c_tinytext', 'tinytext', "'tiny'", "''"),
  column('c_mediumtext', 'mediumtext', "'medium'", "'ø'"),
  column('c_longtext', 'longtext', `repeat('x', 70000)`, "'\\0'"),
  column('c_binary', 'binary(4)', "x'00'", "x'ff00ff00'", "x'61'", "''"),
  column('c_varbinary', 'varbinary(300)', "x'00ff'", "''", `repeat(x'0100', 150)`),
  column('c_blob', 'blob', "x'c328'", "''", `repeat(x'00', 20000)`),
  column('c_tinyblob', 'tinyblob', "x'ff'", "''"),
  column('c_mediumblob', 'mediumblob', "x'00ff00'", "''"),
  column('c_longblob', 'longblob', `repeat(x'ff00', 40000)`, "''"),
  column('c_enum', "enum('small','it''s, \"big\"','ü')", "'small'", "'it''s, \\\"big\\\"'", "'ü'", "'none of them'"),
  column('c_set', "set('a','b''c','ç d')", "'a,ç d'", "''", "'a,b''c,ç d'"),
  column('c_json', 'json', `'{"a": [1, 2.5, null, "ü\\\\"q"], "b": {}}'`, "'[]'", `'"text"'`),
];

/** How many rows it takes to have every literal in one of them. */
export const EDGE_ROWS = Math.max(...ALL_TYPES.map(({ literals }) => literals.length));

/** The session accepts dates that no calendar has from then on, as servers of long ago did. */
export async function createAllTypes(connection: Connection, table: string): Promise<void> {
  await connection.query(`SET SESSION sql_mode = ''`);
  const columns = ALL_TYPES.map(({ name, type }) => `${quotedName(name)} ${type}`);
  await connection.query(`CREATE TABLE ${quotedName(table)} (id int PRIMARY KEY, ${columns.join(', ')})`);
}

/** @param literal of SQL, or NULL, for each column */
export function insertTyped(table: string, id: number, literal: (column: TypedColumn) => string): string {
  const names = ALL_TYPES.map(({ name }) => quotedName(name));
  return `INSERT INTO ${quotedName(table)} (id, ${names.join(', ')}) VALUES (${[id, ...ALL_TYPES.map(literal)].join(', ')})`;
}

/** @param literal as for `insertTyped`; undefined where the column stays as it is */
export function updateTyped(
  table: string,
  id: number,
  literal: (column: TypedColumn) => string | undefined,
): string | undefined {
  const changes = ALL_TYPES.flatMap((typed) => {
    const value = literal(typed);
    return value === undefined ? [] : [`${quotedName(typed.name)} = ${value}`];
  });
  return changes.length === 0 ? undefined : `UPDATE ${quotedName(table)} SET ${changes.join(', ')} WHERE id = ${id}`;
}

/** The nth of its edges, over and over. */
export function edge({ literals }: TypedColumn, n: number): string {
  return literals[n % literals.length] ?? 'NULL';
}

function column(name: string, type: string, ...literals: string[]): TypedColumn {
  return { name, type, literals };
}
