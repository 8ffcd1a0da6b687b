import type { Config } from '../config.ts';
import type { Catalog } from './catalog.ts';
import type { Clock, RandomSource } from './clock.ts';
import type { HistoryStore } from './history-store.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { ObjectStore } from './object-store.ts';
import type { Threads } from './threads.ts';
import type { TableStore } from './table-store.ts';
import type { WakeUpQueue } from './wake-up-queue.ts';

/** Everything outside that Tidemark works with. `lib/aws/connect.ts` and `lib/local/connect.ts` make one. */
export interface Ports {
  raw: ObjectStore;
  lake: ObjectStore;
  tables: TableStore;
  history: HistoryStore;
  queue: WakeUpQueue;
  clock: Clock;
  random: RandomSource;
  log: Log;
  metrics: Metrics;
  threads: Threads;
  /** Absent where tables are registered nowhere. */
  catalog?: Catalog | undefined;
  config: Config;
}
