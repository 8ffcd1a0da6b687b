import { readFile } from 'node:fs/promises';
import { DuckDb } from '../parquet/duckdb.ts';

/** Codecs and page encodings, in turn: version 2 has delta and byte-split encodings. */
const COPY_OPTIONS: readonly { codec: string; version: 'V1' | 'V2' }[] = [
  { codec: 'zstd', version: 'V2' },
  { codec: 'snappy', version: 'V1' },
  { codec: 'lz4_raw', version: 'V2' },
  { codec: 'gzip', version: 'V2' },
];

/** Writes Parquet files over again with DuckDB: as a writer other than DMS has them. */
export class ForeignWriter {
  #turn = 0;

  private constructor(private readonly duckDb: DuckDb) {}

  static async open(): Promise<ForeignWriter> {
    return new ForeignWriter(await DuckDb.open());
  }

  close(): Promise<void> {
    return this.duckDb.close();
  }

  async rewrite(bytes: Uint8Array): Promise<Uint8Array> {
    const [from, to] = [await this.duckDb.save(bytes), this.duckDb.path()];
    const { codec, version } = COPY_OPTIONS[this.#turn++ % COPY_OPTIONS.length]!;
    // DuckDB 1.5 writes deltas of UINT_32 beyond 32 bits, which the format has not: PyArrow refuses such a file.
    const safeVersion = (await this.duckDb.types(from)).includes('UINTEGER') ? 'V1' : version;
    await this.duckDb.query(
      `COPY (FROM '${from}') TO '${to}' (FORMAT parquet, COMPRESSION ${codec}, PARQUET_VERSION '${safeVersion}')`,
    );
    return readFile(to);
  }
}
