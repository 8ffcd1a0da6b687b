import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { DuckDBInstance } from '@duckdb/node-api';

/** DuckDB as the independent reader and writer of Parquet files, with a folder of its own. */
export class DuckDb {
  #files = 0;

  private constructor(
    readonly folder: string,
    private readonly connection: DuckDBConnection,
  ) {}

  static async open(): Promise<DuckDb> {
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-parquet-'));
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    return new DuckDb(folder, await instance.connect());
  }

  async close(): Promise<void> {
    this.connection.closeSync();
    await rm(this.folder, { recursive: true });
  }

  /** A path that no file has yet. */
  path(): string {
    return join(this.folder, `${++this.#files}.parquet`);
  }

  async save(bytes: Uint8Array): Promise<string> {
    const path = this.path();
    await writeFile(path, bytes);
    return path;
  }

  /** Rows, their values as text. */
  async query(sql: string): Promise<(string | null)[][]> {
    const rows = (await this.connection.runAndReadAll(sql)).getRowsJson();
    return rows.map((row) =>
      row.map((value) => (value === null || typeof value === 'string' ? value : JSON.stringify(value))),
    );
  }

  /** The types of a file's columns. */
  async types(path: string): Promise<(string | null)[]> {
    return (await this.query(`DESCRIBE FROM '${path}'`)).map(([, type]) => type ?? null);
  }
}
