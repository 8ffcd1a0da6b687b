/** DMS and people: they do what the scenario says, one thing after the other, whatever the functions are at. */
import { configureTable } from '../../lib/table/configure.ts';
import type { Account } from './account.ts';
import type { Watched } from './invariants.ts';
import { differenceOf } from './invariants.ts';
import type { Invariants } from './invariants.ts';
import type { RawVersion, Row } from './model.ts';
import { isMerged, keyKindOf, TableModel } from './model.ts';
import { rawBytes } from './raw-bytes.ts';
import type { Damage, Event, KeyKind, RowChange, Scenario } from './scenario.ts';
import { DAYS } from './scenario.ts';
import type { Lull } from './scheduler.ts';

interface Step {
  lull: Lull;
  what: string;
  run: () => void | Promise<void>;
}

interface SourceTable extends Watched {
  /** `<schema>/<table>` */
  name: string;
  hasExtra: boolean;
  isPartitioned: boolean;
  key: KeyKind;
  /** Written by DMS, and not arrived yet. */
  held: (() => void)[];
}

export class Outside {
  readonly tables: SourceTable[];
  readonly #steps: Step[] = [];
  #files = 0;

  constructor(
    scenario: Scenario,
    private readonly account: () => Account,
    private readonly invariants: () => Invariants,
  ) {
    this.tables = scenario.tables.map(({ key, partitioned }, i) => {
      const name = `shop/t${i}`;
      return {
        name,
        path: `raw-bucket/${name}/`,
        rawFolder: `${name}/`,
        lakeFolder: `${name}/`,
        model: new TableModel(),
        wasRekeyed: false,
        isJoined: false,
        isLaidOutAnew: false,
        isAhead: false,
        hasExtra: false,
        isPartitioned: partitioned,
        key,
        held: [],
      };
    });
    for (const [i, table] of this.tables.entries()) {
      if (scenario.tables[i]!.registered) this.#steps.push(step(`${table.name} is set up`, () => this.activate(table)));
      this.#thenLoad(table, scenario.tables[i]!.load);
    }
    for (const event of scenario.events) this.#steps.push(this.#stepOf(event));
  }

  /** What comes next; undefined if that was all. */
  get next(): Step | undefined {
    return this.#steps[0];
  }

  async takeNext(): Promise<void> {
    await this.#steps.shift()?.run();
  }

  /** People set a table's keys, and that it is to be merged. */
  activate({ name, key, isPartitioned }: SourceTable): Promise<void> {
    const { tables, config } = this.account();
    const random = { id: () => this.account().id() };
    const primaryKey = key === 'none' ? [] : key.split(',');
    const settings = { primaryKey, partitionKey: isPartitioned ? ['day'] : [], active: true };
    return configureTable(name, settings, { tables, random, config });
  }

  /** All that DMS holds back arrives. */
  release(table: SourceTable): void {
    for (const put of table.held.splice(0)) put();
  }

  mend(table: SourceTable, by: 'replacing' | 'removing'): void {
    for (const version of table.model.badFiles()) {
      if (by === 'replacing') {
        this.#put(table, version, { damage: undefined });
      } else {
        this.account().raw.remove(table.rawFolder + version.name);
        table.model.remove(version.name);
        this.account().isNoticeLost = true; // S3 tells of what was created
      }
    }
  }

  /** How a table differs from what all its files make; undefined if it is up to date. */
  arrears({ path, model, lakeFolder, key }: SourceTable): string | undefined {
    const item = this.account().items.get(path);
    if (!item) return `${path} is not registered`;
    for (const attribute of ['Blocked', 'Intent', 'Partial'])
      if (item[attribute] !== undefined) return `${path} has ${attribute} ${JSON.stringify(item[attribute])}`;
    const loads = (item.LoadFiles ?? {}) as Record<string, string>;
    for (const version of model.current(item)) {
      const isDone = version.kind === 'load' ? loads[version.name] === version.eTag : isMerged(version, item);
      if (!isDone) return `${path} has ${version.name}, which its row does not say is merged`;
    }
    const found = this.invariants().view.texts(lakeFolder);
    const difference = differenceOf(model.expected(key, item), found);
    if (difference) return `the lake of ${path} ${difference}`;
    const wrongKey = item.BuiltWith && keyKindOf((item.BuiltWith as { PrimaryKey: string }).PrimaryKey) !== key;
    return wrongKey ? `${path} is built with other keys than its row has` : undefined;
  }

  #stepOf(event: Event): Step {
    const table = this.tables[event.table % this.tables.length]!;
    switch (event.kind) {
      case 'change':
        return this.#change(table, event.rows, event.how);
      case 'load':
        return step(`a new full load of ${table.name}`, () => this.#reload(table, event.pieces, 6), 'settled');
      case 'pause':
        return this.#pause(event.until);
      case 'mend':
        return step(`bad files of ${table.name} are mended`, () => this.mend(table, event.by));
      case 'put again':
        return step(`a file of ${table.name} is put again`, () => this.#putAgain(table));
      case 'key':
        return step(`the key of ${table.name} becomes ${event.key}`, () => {
          const isKnown = this.account().items.has(table.path);
          table.key = event.key;
          table.wasRekeyed = true;
          if (isKnown) this.#edit(table, { PrimaryKey: event.key === 'none' ? 'null' : event.key });
        });
      case 'partition':
        return step(`${table.name} is partitioned otherwise`, () => {
          table.isPartitioned = !table.isPartitioned;
          this.#edit(table, { PartitionKey: table.isPartitioned ? 'day' : 'null' });
        });
      case 'inactive':
        return step(`${table.name} becomes inactive`, () => this.#edit(table, { ActiveFlag: 'false' }));
      case 'active':
        return step(`${table.name} becomes active`, () => this.activate(table));
      case 'column':
        return step(`${table.name} has another column from now on`, () => {
          table.hasExtra = true;
        });
      case 'compact':
        return step(`${table.name} is to be compacted`, () => {
          const { join, purge } = event;
          table.isJoined ||= join;
          table.isLaidOutAnew = true;
          this.account().send({ table: table.path, cause: this.account().id(), compact: { join, purge } });
        });
      case 'replay':
        return step(`${table.name} is replayed`, () => this.#replay(table, event.from));
      case 'skip':
        return step(`a file of ${table.name} is skipped`, () => this.#skip(table));
      case 'sweep':
        return step('it is time for the sweep', () => this.account().sweep());
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

  #change(table: SourceTable, changes: readonly RowChange[], how: 'good' | 'late' | Damage): Step {
    const number = ++this.#files;
    const name = `20260301-${100_000_000 + number * 1000}.parquet`;
    const put = (): void => {
      const rows = changes.map(({ op, id, day }, i) => this.#row(table, op, id, `${number}.${i}`, DAYS[day]!));
      const damage = how === 'good' || how === 'late' ? undefined : how;
      this.#put(table, { name, kind: 'change', rows }, { damage });
    };
    if (how === 'late') return step(`${name} of ${table.name} is late`, () => void table.held.push(put));
    return step(`${name} of ${table.name} is written`, () => {
      put();
      if (table.held.length === 0) return;
      const lull = this.account().surroundings.scheduler.random.pick(['none', 'idle', 'idle'] as const);
      this.#steps.unshift({ lull, what: `${table.name} gets what is late`, run: () => this.release(table) });
    });
  }

  #thenLoad(table: SourceTable, pieces: readonly (readonly number[])[]): void {
    for (const [i, ids] of pieces.entries())
      this.#steps.push(
        step(`LOAD0000000${i + 1} of ${table.name} is written`, () => void this.#putPiece(table, i, ids)),
      );
  }

  /** DMS loads a table again when all before is done; whether it is cannot be told from the files alone. */
  async #reload(table: SourceTable, pieces: readonly (readonly number[])[], tries: number): Promise<void> {
    if (this.arrears(table) !== undefined) {
      if (tries === 0) return;
      this.release(table);
      this.mend(table, 'replacing');
      await this.activate(table);
      this.account().redrive();
      this.account().sweep();
      const run = (): Promise<void> => this.#reload(table, pieces, tries - 1);
      this.#steps.unshift({ lull: 'settled', what: `${table.name} is brought up to date before its load`, run });
      return;
    }
    table.model.currentLoad = new Set();
    const puts = pieces.map((ids, i): Step => ({
      lull: 'none',
      what: `LOAD0000000${i + 1} of ${table.name} is written again`,
      run: () => {
        const version = this.#putPiece(table, i, ids);
        if (i === 0) table.model.since = version.lastModified;
      },
    }));
    this.#steps.unshift(...puts);
  }

  #putPiece(table: SourceTable, i: number, ids: readonly number[]): RawVersion {
    const number = ++this.#files;
    // No id is in two pieces of a load.
    const own = ids.map((id) => id * 2 + i);
    const rows = own.map((id, at) => this.#row(table, 'I', id, `${number}.${at}`, DAYS[id % 3]!));
    const name = `LOAD0000000${i + 1}.parquet`;
    table.model.currentLoad.add(name);
    return this.#put(table, { name, kind: 'load', rows }, {});
  }

  #row({ hasExtra }: SourceTable, op: Row['op'], id: number, item: string, day: string | null): Row {
    return { op, id, item, day, extra: hasExtra ? `x${item}` : null };
  }

  #put(
    table: SourceTable,
    { name, kind, rows }: Pick<RawVersion, 'name' | 'kind' | 'rows'>,
    { damage, isCompressed = false }: { damage?: Damage | undefined; isCompressed?: boolean },
  ): RawVersion {
    const { raw, surroundings } = this.account();
    surroundings.scheduler.clock.advance(1000);
    const hasExtra = rows.some(({ extra }) => extra !== null);
    const { eTag, lastModified } = raw.put(
      table.rawFolder + name,
      rawBytes({ kind, rows, hasExtra, damage, isCompressed }),
    );
    const isBad = damage !== undefined;
    const putAt = surroundings.scheduler.steps;
    const version = { name, kind, rows, eTag, isBad, lastModified: lastModified.getTime(), putAt };
    table.model.put(version);
    return version;
  }

  /** The same rows in other bytes, before they are merged. */
  #putAgain(table: SourceTable): void {
    const item = this.account().items.get(table.path);
    const version = table.model
      .current(item)
      .findLast((file) => file.kind === 'change' && !file.isBad && !(item && isMerged(file, item)));
    if (version) this.#put(table, version, { isCompressed: true });
  }

  #replay({ path, model }: SourceTable, from: number | 'all'): void {
    const names = model.changeNames();
    if (from === 'all') this.account().replay(path, { kind: 'all' });
    else if (names.length > 0) this.account().replay(path, { kind: 'from file', file: names[from % names.length]! });
  }

  /** The file in the way, or whichever is not merged. */
  #skip({ path, model }: SourceTable): void {
    const item = this.account().items.get(path);
    const blocked = (item?.Blocked as { file: string } | undefined)?.file;
    const pending = model
      .current(item)
      .find((version) => version.kind === 'change' && item && !isMerged(version, item));
    const name = blocked ?? pending?.name;
    if (!name) return;
    model.askedToSkip.add(name);
    this.account().skip(path, name);
  }

  #edit({ path }: SourceTable, attributes: Record<string, string>): void {
    if (this.account().items.has(path)) this.account().tables.edit(path, attributes);
  }
}

function step(what: string, run: Step['run'], lull: Lull = 'none'): Step {
  return { lull, what, run };
}
