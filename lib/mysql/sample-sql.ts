import type { Connection } from 'mysql2/promise';
import type { DmsColumn, DmsValue } from '../sample/dms-column.ts';
import { FIRST_ORDERS } from '../sample/sample-database.ts';
import { PRODUCT_COLUMNS, PRODUCTS, type SampleRow, STORE_COLUMNS, STORES } from '../sample/sample-tables.ts';
import { quotedName } from './mysql-server.ts';

/** As in the hourly solution, no table declares a primary key. */
const CREATE_TABLES = [
  `CREATE TABLE store (id int, address1 varchar(1024), city varchar(255), state varchar(2), countrycode varchar(2),
     postcode varchar(10))`,
  `CREATE TABLE product (id int, name varchar(255), dept varchar(100), category varchar(100), price decimal(10,2))`,
  `CREATE TABLE productorder (id int, productid int, storeid int, qty int, soldprice decimal(10,2), create_dt date)`,
];

const CREATE_LOADORDERS = `
CREATE PROCEDURE loadorders(IN OrderCnt int, IN create_dt date)
BEGIN
  DECLARE highest, made int DEFAULT 0;
  START TRANSACTION;
  SELECT coalesce(max(id), 0) INTO highest FROM productorder;
  WHILE made < OrderCnt DO
    SET made = made + 1;
    INSERT INTO productorder VALUES (highest + made, floor(1001 + rand() * 25), floor(1001 + rand() * 8),
      floor(1 + rand() * 10), round(rand() * 100, 2), create_dt);
  END WHILE;
  COMMIT;
END`;

/**
 * Makes the sample database on a server: 8 stores, 25 products, and 8,425 orders, which the procedure `loadorders`
 * makes. It becomes the session's database.
 * @throws Error if there is a database of that name
 */
export async function createSampleSchema(connection: Connection, schema: string): Promise<void> {
  await connection.query(`CREATE DATABASE ${quotedName(schema)} CHARACTER SET utf8mb4`);
  await connection.query(`USE ${quotedName(schema)}`);
  for (const statement of [...CREATE_TABLES, CREATE_LOADORDERS]) await connection.query(statement);
  await insert(connection, 'store', STORE_COLUMNS, STORES);
  await insert(connection, 'product', PRODUCT_COLUMNS, PRODUCTS);
  for (const { day, orders } of FIRST_ORDERS) await connection.query('CALL loadorders(?, ?)', [orders, day]);
}

async function insert(
  connection: Connection,
  table: string,
  columns: readonly DmsColumn[],
  rows: readonly SampleRow[],
): Promise<void> {
  const values = rows.map((row) => row.map((value, i) => sqlValue(columns[i], value)));
  await connection.query(`INSERT INTO ${quotedName(table)} VALUES ?`, [values]);
}

/** Of decimals the sample tables hold the unscaled value. */
function sqlValue(column: DmsColumn | undefined, value: DmsValue): DmsValue {
  if (column?.type.kind !== 'decimal') return value;
  const digits = String(value).padStart(column.type.scale + 1, '0');
  return `${digits.slice(0, -column.type.scale)}.${digits.slice(-column.type.scale)}`;
}
