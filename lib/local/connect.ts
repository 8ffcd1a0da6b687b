import { join } from 'node:path';
import { DEFAULT_LIMITS, type Limits } from '../config.ts';
import type { Clock, RandomSource } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import { NO_METRICS } from '../ports/metrics.ts';
import type { Threads } from '../ports/threads.ts';
import type { Ports } from '../ports/ports.ts';
import { FolderHistoryStore } from './folder-history-store.ts';
import { FolderLock } from './folder-lock.ts';
import { FolderObjectStore } from './folder-object-store.ts';
import { FolderTableStore } from './folder-table-store.ts';
import type { Folders } from './folders.ts';
import { MemoryWakeUpQueue } from './memory-wake-up-queue.ts';
import { removeLeftovers } from './temporary-file.ts';

export type LocalPorts = Ports & { queue: MemoryWakeUpQueue };

export interface LocalPortOptions {
  clock: Clock;
  random: RandomSource;
  log: Log;
  threads: Threads;
  limits?: Limits;
  /** Who is told what happens, as it happens; nobody unless given. */
  metrics?: Metrics;
}

/** The ports on folders; removes first what killed processes left there. */
export async function connectFolders(folders: Folders, options: LocalPortOptions): Promise<LocalPorts> {
  await removeLeftovers(folders.state);
  await removeLeftovers(folders.lake);
  return folderPorts(folders, options);
}

/** The ports on folders; nothing is made or removed there as long as nothing is written. */
export function folderPorts(folders: Folders, options: LocalPortOptions): LocalPorts {
  const { clock, random, log, threads, limits = DEFAULT_LIMITS, metrics = NO_METRICS } = options;
  const hidden = [folders.state];
  const lock = (name: string) => new FolderLock(join(folders.state, `${name}.lock`), random);
  const onLink = (path: string): void =>
    log.warn('a link that leads to no file is passed over; put the file or the folder itself there', { path });
  return {
    raw: new FolderObjectStore(folders.raw, { lock: lock('raw'), clock, random, onLink }),
    lake: new FolderObjectStore(folders.lake, { lock: lock('lake'), clock, random, hidden, onLink }),
    tables: new FolderTableStore(join(folders.state, 'tables'), { lock: lock('tables'), random }),
    history: new FolderHistoryStore(join(folders.state, 'history')),
    queue: new MemoryWakeUpQueue({ clock, random }),
    clock,
    random,
    log,
    metrics,
    threads,
    config: { rawBucket: 'raw', rawPrefix: '', lakeBucket: 'lake', lakePrefix: '', limits },
  };
}
