import { availableParallelism, cpus, freemem, loadavg, totalmem } from 'node:os';
import { DuckDBInstance } from '@duckdb/node-api';

/** What figures depend on. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryMiB: number;
  freeMiB: number;
  /** Processes that wanted to run, on average over the last minute. */
  load: number;
  node: string;
  duckdb: string;
}

export async function machine(): Promise<Machine> {
  const duckdb = await (await DuckDBInstance.create(':memory:')).connect();
  const version = (await duckdb.runAndReadAll('SELECT version()')).getRows()[0]?.[0];
  duckdb.closeSync();
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryMiB: Math.round(totalmem() / 1024 ** 2),
    freeMiB: Math.round(freemem() / 1024 ** 2),
    load: loadavg()[0] ?? 0,
    node: process.version,
    duckdb: String(version),
  };
}

export function machineText({ cpu, cores, memoryMiB, freeMiB, load, node, duckdb }: Machine): string {
  const memory = `${freeMiB.toLocaleString('en')} of ${memoryMiB.toLocaleString('en')} MiB free`;
  return `${cpu}, ${cores} cores, load ${load.toFixed(2)}, ${memory}, Node ${node}, DuckDB ${duckdb}`;
}
