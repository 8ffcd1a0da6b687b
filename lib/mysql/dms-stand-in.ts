import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, RandomSource } from '../ports/clock.ts';
import { type BinlogPosition, endOfBinlog, isReached } from './binlog-position.ts';
import { ChangeFileNames } from './change-file-names.ts';
import { ChangeFiles } from './change-files.ts';
import { ChangeLog, type TableChanges } from './change-log.ts';
import type { TimestampUnit } from './column-type.ts';
import { fullLoad } from './full-load.ts';
import { connectTo, type MysqlServer } from './mysql-server.ts';
import { readPosition, writePosition } from './position-file.ts';
import { RawTarget } from './raw-target.ts';

export interface StandInOptions {
  server: MysqlServer;
  schema: string;
  /** All of the schema's unless given. */
  tables?: readonly string[];
  /** Folder that stands for the raw bucket. */
  raw: string;
  /** File that says how far the changes are in the raw folder; where there is one, there is no full load. */
  positionFile: string;
  /** DMS's CdcMaxBatchInterval. */
  intervalMs: number;
  /** About DMS's MaxFileSize and CdcMinFileSize: a file's values take so many bytes, and a row, at most. */
  fileBytesMax?: number;
  /** DMS's ParquetTimestampInMillisecond; micros unless given. */
  timestamps?: TimestampUnit;
  clock: Clock;
  random: RandomSource;
  /** Is told the key of each file once it is in place. */
  onFile?: (key: string) => void;
}

/**
 * What AWS DMS does with a task "full load and CDC" from MySQL to S3 as Parquet, on a folder: for demonstrations and
 * tests, where there is no AWS.
 *
 * It may be killed at any moment and started again. An unfinished full load is begun anew; changes go on from the last
 * position written, which is never past what is in place: files can come twice, none is missing.
 */
export class DmsStandIn {
  /** Rejects when it cannot go on. */
  readonly failed: Promise<never>;
  readonly #options: StandInOptions;
  readonly #target: RawTarget;
  readonly #names: ChangeFileNames;
  readonly #waiting: ChangeFiles;
  readonly #log: ChangeLog;
  readonly #timer: NodeJS.Timeout;
  #written: BinlogPosition;
  #stopped = false;
  /** What is done to the raw folder, one after the other. */
  #work: Promise<void> = Promise.resolve();
  #fail: (error: unknown) => void = () => undefined;

  private constructor(options: StandInOptions, target: RawTarget, names: ChangeFileNames, from: BinlogPosition) {
    this.#options = options;
    this.#target = target;
    this.#names = names;
    this.#written = from;
    this.#waiting = new ChangeFiles(options.fileBytesMax ?? FILE_BYTES_MAX);
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // Who does not listen is told by the calls that follow: they reject, too.
    this.failed.catch(() => undefined);
    const { server, schema, tables, random, timestamps = 'micros' } = options;
    this.#log = new ChangeLog(
      server,
      from,
      { schema, ...(tables && { tables }), timestamps, serverId: serverId(random) },
      {
        changed: (changes) => this.#gather(changes),
        cleared: (of, table) => {
          this.#waiting.clear(of, table);
          void this.#then(() => target.removeTable(of, table));
        },
        failed: (error) => this.#fail(error),
      },
    );
    this.#timer = setInterval(() => void this.flush().catch(this.#fail), options.intervalMs);
  }

  /** Full load, unless it was done before, and then the changes, until `stop`. */
  static async start(options: StandInOptions): Promise<DmsStandIn> {
    const { server, schema, tables, positionFile, fileBytesMax = FILE_BYTES_MAX, timestamps = 'micros' } = options;
    const target = new RawTarget(options.raw, options.onFile);
    const before = await readPosition(positionFile);
    if (before && before.schema !== schema) throw new Error(`${positionFile} is of another schema, ${before.schema}`);
    const load = { schema, ...(tables && { tables }), maxFileBytes: fileBytesMax, timestamps };
    const names = new ChangeFileNames(before?.lastFileAt);
    const from = before ?? (await fullLoad(server, load, target));
    // Files that were in place before a kill, but not yet in the position file.
    for (const name of await target.fileNames()) names.saw(name);
    if (!before) await writePosition(positionFile, { schema, ...from, lastFileAt: names.last });
    return new DmsStandIn(options, target, names, { file: from.file, position: from.position });
  }

  /** Writes what was read so far, and then how far that is. */
  flush(): Promise<void> {
    const { clock, positionFile, schema } = this.#options;
    const position = this.#log.position;
    const files = this.#waiting.cut(() => this.#names.next(clock.now()));
    const lastFileAt = this.#names.last;
    return this.#then(async () => {
      for (const file of files) await this.#target.place(file);
      if (position.file === this.#written.file && position.position === this.#written.position) return;
      await writePosition(positionFile, { schema, ...position, lastFileAt });
      this.#written = position;
    });
  }

  /** Resolves once every change that was committed before the call is in the raw folder, or it was stopped. */
  async caughtUp(): Promise<void> {
    const connection = await connectTo(this.#options.server);
    const end = await endOfBinlog(connection).finally(() => connection.destroy());
    const read = async (): Promise<void> => {
      while (!this.#stopped && !isReached(this.#log.position, end)) await sleep(READ_POLL_MS);
    };
    await Promise.race([read(), this.failed]);
    await this.flush();
  }

  /** Writes what was read so far and ends. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#log.close();
    await this.flush();
  }

  #gather(changes: TableChanges): void {
    this.#waiting.add(changes);
    if (this.#waiting.bytes <= (this.#options.fileBytesMax ?? FILE_BYTES_MAX)) return;
    // What is read meanwhile would be held in memory.
    this.#log.pause();
    this.flush().then(() => this.#log.resume(), this.#fail);
  }

  #then(next: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(next);
    this.#work.catch(this.#fail);
    return this.#work;
  }
}

const FILE_BYTES_MAX = 32 * 1024 * 1024;
const READ_POLL_MS = 10;

/** Such that no other replica has it, most likely. */
function serverId(random: RandomSource): number {
  return 1 + (parseInt(random.id().slice(0, 8), 16) % 0xffff_fffe);
}
