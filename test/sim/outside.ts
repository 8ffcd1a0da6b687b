/** DMS and people: they do what the scenario says, one thing after the other, whatever the functions are at. */
import type { Account } from './account.ts';
import { arrears } from './arrears.ts';
import { runSweep } from './commands.ts';
import { leaveHourlyTable } from './hourly-table.ts';
import type { Invariants } from './invariants.ts';
import { activate, edit, replay, setKey, setPartitioned, skip, takeSkipBack } from './people.ts';
import type { Damage, Event, Lateness, RowChange, Scenario, TableSpec } from './scenario.ts';
import type { RawVersion } from './raw-version.ts';
import type { Lull } from './scheduler.ts';
import { SourceTable } from './source-table.ts';

interface Step {
  lull: Lull;
  what: string;
  run: () => void | Promise<void>;
}

/** Ids of the rows of each piece. */
type Pieces = readonly (readonly number[])[];

export class Outside {
  readonly tables: SourceTable[];
  readonly #steps: Step[] = [];
  #files = 0;

  constructor(
    scenario: Scenario,
    private readonly account: () => Account,
    private readonly invariants: () => Invariants,
  ) {
    this.tables = scenario.tables.map((spec, i) => new SourceTable(`shop/t${i}`, spec, account));
    for (const [i, spec] of scenario.tables.entries()) this.#begin(this.tables[i]!, spec);
    for (const event of scenario.events) {
      const { run, ...rest } = this.#stepOf(event);
      const asEvent = (): void | Promise<void> => {
        this.account().surroundings.calls.faults.eventTakesPlace();
        return run();
      };
      this.#steps.push({ ...rest, run: asEvent });
    }
  }

  /** What comes next; undefined if that was all. */
  get next(): Step | undefined {
    return this.#steps[0];
  }

  async takeNext(): Promise<void> {
    await this.#steps.shift()?.run();
  }

  /** How a table differs from what all its files make; undefined if it is up to date. */
  arrears(table: SourceTable): string | undefined {
    return arrears(table, this.invariants().view);
  }

  /** DMS loads a table again, whatever it is at. */
  loadAgain(table: SourceTable, pieces: Pieces, between: readonly RowChange[]): void {
    table.model.currentLoad = new Set();
    const begun = (version: RawVersion): void => {
      table.model.since = version.lastModified;
    };
    const { random } = this.account().surroundings.scheduler;
    const put = (piece: number, ids: readonly number[]): RawVersion =>
      (piece > 0 && random.chance(SAME_ROWS) && table.repeatPiece(piece)) || this.#putPiece(table, piece, ids);
    const [first, ...others] = this.#load(table, pieces, between, begun, put);
    // They may be merged one by one.
    const later = others.map((one) => ({ ...one, lull: random.pick(['none', 'idle'] as const) }));
    this.#steps.unshift(...(first ? [first] : []), ...later);
  }

  /** @param begun told of the first piece */
  #load(
    table: SourceTable,
    pieces: Pieces,
    between: readonly RowChange[],
    begun: (version: RawVersion) => void,
    putPiece = (piece: number, ids: readonly number[]) => this.#putPiece(table, piece, ids),
  ): Step[] {
    const puts = pieces.map((ids, i) => (): void => {
      const version = putPiece(i, ids);
      if (i === 0) begun(version);
    });
    const what = (i: number): string => `LOAD0000000${i + 1} of ${table.name} is written`;
    const [first, ...others] = puts;
    if (!first || between.length === 0) return puts.map((put, i) => step(what(i), put));
    const together = (): void => {
      first();
      table.change(changeName(++this.#files), this.#files, between, undefined);
      for (const put of others) put();
    };
    return [
      step(`${puts.length} pieces of the load of ${table.name}, and a change after the first, are written`, together),
    ];
  }

  #putPiece(table: SourceTable, piece: number, ids: readonly number[]): RawVersion {
    return table.putPiece(piece, ++this.#files, ids);
  }

  #begin(table: SourceTable, { registered, load, between, hourly }: TableSpec): void {
    if (hourly) {
      this.#files = Math.max(this.#files, 1 + hourly.changes.length);
      this.#steps.push(step(`${table.name} is as the hourly solution left it`, () => this.#takeOver(table, hourly)));
      return;
    }
    if (registered) this.#steps.push(step(`${table.name} is set up`, () => activate(table, this.account())));
    this.#steps.push(...this.#load(table, load, between, () => undefined));
  }

  async #takeOver(table: SourceTable, hourly: NonNullable<TableSpec['hourly']>): Promise<void> {
    const account = this.account();
    for (const key of leaveHourlyTable(table, hourly, account))
      await this.invariants().view.update(key, account.lake.bytes(key));
  }

  #stepOf(event: Event): Step {
    const table = this.tables[event.table % this.tables.length]!;
    const { name, path, model } = table;
    switch (event.kind) {
      case 'change':
        return this.#change(table, event.rows, event.how);
      case 'load':
        if (event.when === 'settled')
          return step(`a new full load of ${name}`, () => this.#reload(table, event, 6), 'settled');
        return step(`a new full load of ${name} at once`, () => {
          if (table.tellsNewLoad) this.loadAgain(table, event.pieces, event.between);
        });
      case 'release':
        return step(`${name} gets what is very late`, () => table.release());
      case 'bad piece':
        return step(`a piece of the load of ${name} is bad`, () => {
          if (table.mayBeLoaded) table.putPiece(model.currentLoad.size, ++this.#files, [7, 8, 9], event.how);
        });
      case 'pause':
        return this.#pause(event.until);
      case 'mend':
        return step(`bad files of ${name} are mended`, () => table.mend(event.by));
      case 'put again':
        return step(`a file of ${name} is put again`, () => table.putAgain());
      case 'key':
        return step(`the key of ${name} becomes ${event.key}`, () => {
          setKey(table, event.key, this.account());
        });
      case 'partition':
        return step(`${name} is partitioned otherwise`, () => {
          setPartitioned(table, !table.isPartitioned, this.account());
        });
      case 'inactive':
        return step(`${name} becomes inactive`, () => edit(table, { ActiveFlag: 'false' }, this.account()));
      case 'active':
        return step(`${name} becomes active`, () => activate(table, this.account()));
      case 'column':
        return step(`columns of ${name} are others: ${event.change}`, () => table.changeColumns(event.change));
      case 'on truncate':
        return step(`OnTruncate of ${name} becomes ${event.then}`, () => {
          // In an emptied lake no type is another.
          if (event.then === 'empty' && [...model.present.values()].some(({ isOfOtherType }) => isOfOtherType)) return;
          edit(table, { OnTruncate: event.then }, this.account());
        });
      case 'expire':
        return step(`the oldest raw files of ${name} are removed`, () => table.removals.expire(event.count));
      case 'vanish':
        if (event.when === 'now') return step(`a raw file of ${name} is removed`, () => table.removals.vanish());
        if (event.when === 'merged')
          return step(`a merged raw file of ${name} is removed`, () => table.removals.vanishMerged());
        return step(`a raw file of ${name} is to be removed`, () => table.removals.vanishWhileMerged());
      case 'truncate':
        return step(`all raw files of ${name} are removed`, () => table.removals.truncate());
      case 'restore':
        return step(`raw files of ${name} are restored`, () => table.removals.restore());
      case 'copy':
        return step(`merged raw files of ${name} are copied onto themselves: ${event.what}`, () =>
          table.removals.copy(event.what),
        );
      case 'compact':
        return step(`${name} is to be compacted`, () => {
          const { join, purge } = event;
          table.isJoined ||= join;
          table.isLaidOutAnew = true;
          if (join) this.account().allowLargeFiles();
          this.account().send({ table: path, cause: this.account().id(), compact: { join, purge } });
        });
      case 'replay':
        return step(`${name} is replayed`, () => replay(table, event, this.account()));
      case 'skip':
        return step(`a file of ${name} is skipped`, () => skip(table, event.what, this.account()));
      case 'take a skip back':
        return step(`a file of ${name} is no longer skipped`, () => takeSkipBack(table, this.account()));
      case 'sweep':
        return step('it is time for the sweep', () => runSweep(this.account()));
      case 'redrive':
        return step('dead letters are moved back', () => this.account().redrive());
      case 'foreign message':
        return step('messages come that are not ours', () => this.account().sendForeign());
    }
  }

  #pause(until: 'idle' | 'settled' | 'an hour later' | 'a day later'): Step {
    if (until === 'idle' || until === 'settled') return step(`until all is ${until}`, () => undefined, until);
    const hours = until === 'an hour later' ? 1 : 25;
    return step(until, () => this.account().surroundings.scheduler.clock.advance(hours * 3_600_000));
  }

  #change(table: SourceTable, changes: readonly RowChange[], how: 'good' | Lateness | Damage): Step {
    const number = ++this.#files;
    const name = changeName(number);
    const put = (damage?: Damage): void => void table.change(name, number, changes, damage);
    if (how === 'late' || how === 'very late')
      return step(`${name} of ${table.name} is ${how}`, () => table.hold(put, how));
    return step(`${name} of ${table.name} is written`, () => {
      put(how === 'good' ? undefined : how);
      if (!table.isWaited) return;
      const lull = this.account().surroundings.scheduler.random.pick(['none', 'idle', 'idle'] as const);
      this.#steps.unshift({ lull, what: `${table.name} gets what is late`, run: () => table.release('late') });
    });
  }

  /** DMS loads a table again when all before is done; whether it is cannot be told from the files alone. */
  async #reload(table: SourceTable, load: Event & { kind: 'load' }, tries: number): Promise<void> {
    if (this.arrears(table) === undefined) {
      // Its first piece would be taken for the one that is missing.
      if (table.model.isPieceMissing() && table.item?.ChangeFiles === undefined) return;
      this.loadAgain(table, load.pieces, load.between);
      return;
    }
    if (tries === 0) return;
    table.release();
    table.mend('replacing');
    await activate(table, this.account());
    this.account().redrive();
    runSweep(this.account());
    const run = (): Promise<void> => this.#reload(table, load, tries - 1);
    this.#steps.unshift({ lull: 'settled', what: `${table.name} is brought up to date before its load`, run });
  }
}

/** How likely a piece of a load that comes again has the rows that it had. */
const SAME_ROWS = 0.3;

function changeName(number: number): string {
  return `20260301-${100_000_000 + number * 1000}.parquet`;
}

function step(what: string, run: Step['run'], lull: Lull = 'none'): Step {
  return { lull, what, run };
}
