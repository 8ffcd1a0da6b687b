import { readFile } from 'node:fs/promises';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { literal, quoted } from '../parquet/sql-text.ts';

/** A column as DuckDB names its type. */
export interface CanonicalColumn {
  name: string;
  type: string;
}

/**
 * Reads Parquet files with DuckDB and writes their rows as text that tells any two values apart, so that engines can be
 * compared: a line of JSON a row, by `serial`.
 *
 * | type | text |
 * |---|---|
 * | integers, booleans | as SQL writes them |
 * | decimals | plain, with all digits of the scale |
 * | floats | their bits, the highest first; `NaN` for all of those |
 * | dates | days since 1970-01-01 |
 * | times, timestamps | microseconds since midnight or 1970-01-01 |
 * | text | as it is |
 * | bytes | hexadecimal, capitals |
 */
export class CanonicalRows {
  private constructor(private readonly connection: DuckDBConnection) {}

  static async open(): Promise<CanonicalRows> {
    // Its cache of files' bytes takes a file changed within the second, of the same size, for the one it knows.
    const instance = await DuckDBInstance.create(':memory:', { threads: '1', enable_external_file_cache: 'false' });
    return new CanonicalRows(await instance.connect());
  }

  close(): void {
    this.connection.closeSync();
  }

  /**
   * @param files paths
   * @param output path of the file of lines
   */
  async write(files: readonly string[], orderBy: string, output: string): Promise<CanonicalColumn[]> {
    const table = `read_parquet([${files.map(literal).join(', ')}], union_by_name = true, hive_partitioning = true,
      hive_types_autocast = false)`;
    const described = await this.connection.runAndReadAll(
      `SELECT column_name, column_type FROM (DESCRIBE FROM ${table})`,
    );
    const columns = (described.getRowsJson() as [string, string][]).map(([name, type]) => ({ name, type }));
    const forms = columns.map(({ name, type }) => `${canonicalForm(quoted(name), type)} AS ${quoted(name)}`);
    await this.connection.run(
      `COPY (SELECT ${forms.join(', ')} FROM ${table} AS t ORDER BY t.${quoted(orderBy)}) TO ${literal(output)} (FORMAT json)`,
    );
    return columns;
  }
}

/** Whether both files of lines are the same. */
export async function sameLines(left: string, right: string): Promise<boolean> {
  return (await readFile(left)).equals(await readFile(right));
}

function canonicalForm(column: string, type: string): string {
  const value = `t.${column}`;
  if (type === 'FLOAT' || type === 'DOUBLE')
    return `CASE WHEN isnan(${value}) THEN 'NaN' ELSE ${value}::BIT::VARCHAR END`;
  if (type === 'BLOB') return `hex(${value})`;
  if (type === 'DATE') return `(${value} - DATE '1970-01-01')::VARCHAR`;
  if (type.startsWith('TIME')) return `epoch_us(${value})::VARCHAR`;
  return `${value}::VARCHAR`;
}
