import type { Connection } from 'mysql2/promise';
import { queryTexts } from './mysql-server.ts';

/** A place in the binlog between two transactions. */
export interface BinlogPosition {
  /** Name of the binlog file: numbered, so that names of one server sort as the files follow each other. */
  file: string;
  position: number;
}

/** Where the next transaction will be written. Needs the privilege to see the binlogs. */
export async function endOfBinlog(connection: Connection): Promise<BinlogPosition> {
  const logs = await queryTexts(connection, 'SHOW BINARY LOGS');
  const [file, size] = logs.at(-1) ?? [];
  if (file == null || size == null) throw new Error('the server has no binlog: start it with --log-bin');
  return { file, position: Number(size) };
}

/** Whether all up to `wanted` was read by who stands at `reached`. */
export function isReached(reached: BinlogPosition, wanted: BinlogPosition): boolean {
  const [at, end] = [number(reached.file), number(wanted.file)];
  return at > end || (at === end && reached.position >= wanted.position);
}

/** `binlog.000012` is the twelfth; there may be more than a million. */
function number(file: string): number {
  return Number(file.slice(file.lastIndexOf('.') + 1));
}
