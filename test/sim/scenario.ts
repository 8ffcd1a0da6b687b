/**
 * What happens to a simulated account, as plain data. Whatever is not said here (who goes first, how long a call takes)
 * follows from `schedule`.
 */

export interface Scenario {
  /** Seed of the scheduler's choices. */
  schedule: number;
  tables: readonly TableSpec[];
  /** What DMS and people do, in order. */
  events: readonly Event[];
  faults: readonly FaultSpec[];
  /** How S3 tells of new objects. */
  notices: 'prompt' | 'doubled' | 'late' | 'lossy';
  limits: 'usual' | 'growing' | 'sliced' | 'streamed' | 'single' | 'small files';
  /** Seconds that an invocation of merge has. */
  timeout: 900 | 30;
  /** What becomes of an invocation of merge that comes to its end: it stops by itself, or is killed at what it does. */
  atDeadline: 'stops' | 'is killed';
  /** Keys of raw files in a page of a listing; each page is listed by itself. */
  pageKeys: 1000 | 2 | 1;
  /** How often a message is received before it is a dead letter. */
  receives: 5 | 1;
  /** Whether tables are registered in a catalog. */
  catalog: boolean;
}

export type KeyKind = 'id' | 'id,day' | 'none';

export interface TableSpec {
  key: KeyKind;
  partitioned: boolean;
  /** Whether a person has set its keys before the first file comes. */
  registered: boolean;
  /** Whether its rows have a number and a time. */
  typed: boolean;
  /** Pieces of the first full load: ids of their rows. */
  load: readonly (readonly number[])[];
  /** Changes of a file that comes between the first two of them, which come at the same moment; none: there is no such file. */
  between: readonly RowChange[];
  /** If the hourly solution has kept it so far: then it has no other load. */
  hourly: HourlySpec | null;
}

export interface HourlySpec {
  /** Ids of the rows of its load. */
  load: readonly number[];
  /** Whether that file is still there. */
  isLoadThere: boolean;
  /** Files of changes that were merged after it. */
  changes: readonly (readonly RowChange[])[];
  /** Whether its lake holds a row twice, as after a run that died. */
  doubled: boolean;
}

/** `other type`: what was text is bytes. `bad end`: all but the last row can be read, and each is a row group of its own. */
export type Damage = 'truncated' | 'garbage' | 'empty' | 'odd operation' | 'other type' | 'bad end';

export type ColumnChange = 'added' | 'dropped' | 'renamed' | 'wider id' | 'wider amount' | 'wider time';

/** After the next file, or only when that is asked for. */
export type Lateness = 'late' | 'very late';

export interface RowChange {
  op: 'I' | 'U' | 'D';
  id: number;
  /** Index into DAYS. */
  day: number;
}

export type Event = { table: number } & (
  | { kind: 'change'; rows: readonly RowChange[]; how: 'good' | Lateness | Damage }
  /** `between`: as of the first load. `at once`: whatever the table is at, if it is told from the load before all the same. */
  | { kind: 'load'; pieces: readonly (readonly number[])[]; between: readonly RowChange[]; when: 'settled' | 'at once' }
  /** What is very late arrives. */
  | { kind: 'release' }
  /** One more piece of a load after which there is no change yet, or its first, and it is bad. */
  | { kind: 'bad piece'; how: 'truncated' | 'bad end' }
  | { kind: 'mend'; by: 'replacing' | 'removing' }
  | { kind: 'put again' }
  | { kind: 'key'; key: KeyKind }
  | { kind: 'partition' }
  | { kind: 'inactive' }
  | { kind: 'active' }
  | { kind: 'column'; change: ColumnChange }
  /** What becomes of the lake when all raw files are gone. */
  | { kind: 'on truncate'; then: 'empty' | 'keep' }
  /** The oldest raw files are removed, or one that is not merged, or a merged one that the row names, or all. */
  | { kind: 'expire'; count: number }
  | { kind: 'vanish'; when: 'now' | 'merging' | 'merged' }
  | { kind: 'truncate' }
  /** Those that were removed come back as they were. */
  | { kind: 'restore' }
  /** Merged raw files are copied onto themselves: all of them, or one. */
  | { kind: 'copy'; what: 'all' | 'one' }
  | { kind: 'compact'; join: boolean; purge: boolean }
  /** All of it, or from one of its change files on, or from the time that this one has in its name. */
  | { kind: 'replay'; what: 'all' | 'from file' | 'from time'; nth: number }
  | { kind: 'skip'; what: 'change' | 'load' }
  | { kind: 'take a skip back' }
  | { kind: 'sweep' }
  | { kind: 'redrive' }
  | { kind: 'foreign message' }
  | { kind: 'pause'; until: 'idle' | 'settled' | 'an hour later' | 'a day later' }
);

export type FaultKind =
  | 'rejected'
  /** It takes effect, and the caller is told that it failed. */
  | 'answer lost'
  /** It takes effect, the answer is lost, and the client's own retry meets what it did itself. */
  | 'answer lost, retried'
  /** The caller is told that it failed; it takes effect much later. */
  | 'applied later'
  | 'dies before'
  | 'dies after'
  /** Nothing of this process goes on until visibility timeouts have passed. */
  | 'slow'
  /** The same, until the day after. */
  | 'frozen';

export interface FaultSpec {
  /** Calls are counted once so many events have taken place; 0: from the beginning. */
  after: number;
  /** Counted are those that change the lake, or a row, send wake-ups, go to the catalog, change anything, or all. */
  among: 'lake writes' | 'updates' | 'sends' | 'catalog' | 'writes' | 'calls';
  /** How many of them come before the one that it befalls. */
  at: number;
  kind: FaultKind;
}

export const DAYS = ['mon', 'tue', null] as const;
