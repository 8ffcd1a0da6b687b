/** One schedule, from an empty account to the end, when faults have stopped and all that was put must be in the lake. */
import type { MemoryCatalog } from '../cloud/memory-catalog.ts';
import { Account } from './account.ts';
import { isRightlyBlocked, lostWhileBlocked } from './arrears.ts';
import { Calls } from './calls.ts';
import { runReplay, runSweep } from './commands.ts';
import type { Counters } from './counters.ts';
import { Invariants } from './invariants.ts';
import { Outside } from './outside.ts';
import { activate } from './people.ts';
import { phasesOf } from './phases.ts';
import type { Scenario } from './scenario.ts';
import { Scheduler } from './scheduler.ts';
import { hasNoColumns, unregistered } from './registration.ts';
import type { SourceTable } from './source-table.ts';
import type { Trace } from './trace.ts';
import { KeptTrace, NO_TRACE } from './trace.ts';
import { Violation } from './violation.ts';

/** @throws Violation  @returns the trace, if it was asked for */
export async function simulate(scenario: Scenario, counters: Counters): Promise<void> {
  await new Simulation(scenario, counters, false).run();
}

/** The same, keeping what was done; the violation is part of the answer. */
export async function traced(scenario: Scenario, counters: Counters): Promise<{ lines: string[]; violation?: string }> {
  const simulation = new Simulation(scenario, counters, true);
  try {
    await simulation.run();
    return { lines: simulation.lines };
  } catch (error) {
    return { lines: simulation.lines, violation: String(error instanceof Error ? error.stack : error) };
  }
}

class Simulation {
  private readonly scheduler: Scheduler;
  private readonly trace: Trace;
  private readonly calls: Calls;
  private readonly account: Account;
  private readonly invariants: Invariants;
  private readonly outside: Outside;
  private readonly actor;

  constructor(
    scenario: Scenario,
    private readonly counters: Counters,
    isTraced: boolean,
  ) {
    const scheduler = (this.scheduler = new Scheduler(scenario.schedule));
    const heading = (): string => new Date(scheduler.clock.now()).toISOString().slice(5, 23);
    this.trace = isTraced ? new KeptTrace(heading) : NO_TRACE;
    this.calls = new Calls(scheduler, scenario.faults, counters, this.trace, (process, call) =>
      phasesOf(process, call, this.outside.tables),
    );
    this.outside = new Outside(
      scenario,
      () => this.account,
      () => this.invariants,
    );
    this.account = new Account(scenario, {
      scheduler,
      calls: this.calls,
      counters,
      trace: this.trace,
      invariants: () => this.invariants,
    });
    this.invariants = new Invariants(
      this.outside.tables,
      this.account.lake,
      (path) => this.account.items.get(path),
      counters,
      scenario.limits === 'growing',
      () => scheduler.steps,
    );
    this.actor = scheduler.actor('the outside');
  }

  get lines(): string[] {
    return this.trace instanceof KeptTrace ? this.trace.lines : [];
  }

  async run(): Promise<void> {
    await this.#settle();
    this.#note('no more faults');
    this.calls.faults.stop();
    this.account.consumers.allowWholeTime();
    // What was given up since there was no time for it is looked at by the next sweep.
    if (this.outside.tables.some(({ item }) => (item?.Blocked as { file: string } | undefined)?.file === ''))
      this.account.loseNotice();
    for (const table of this.outside.tables) {
      table.release();
      await activate(table, this.account);
    }
    await this.#settle();
    await this.#mustCome('with bad files in the way');
    if (this.outside.tables.some(({ model }) => model.badFiles().length > 0)) {
      const by = this.scheduler.random.pick(['replacing', 'removing'] as const);
      for (const table of this.outside.tables) table.mend(by);
      await this.#settle();
      await this.#mustCome('at the end');
    }
    if (this.scheduler.random.chance(0.5)) await this.#unblock('restored', (table) => table.removals.restore());
    await this.#unblock('loaded again', (table) => {
      // As DMS does before, in all its modes but one.
      if (!table.tellsSuperseded) table.removals.removeAll();
      this.outside.loadAgain(table, [[1, 2]], []);
    });
    if (this.scheduler.random.chance(REBUILT_SHARE)) {
      for (const { path } of this.outside.tables) runReplay(this.account, path, { kind: 'all' });
      await this.#settle();
      await this.#mustCome('built anew from the raw files');
    }
    if (this.account.catalog) await this.#mustBeRegistered(this.account.catalog);
    if (this.scheduler.random.chance(TIDY_SHARE)) await this.#mustBeTidy();
    if (this.#mayBeQuiet && this.scheduler.random.chance(QUIET_SHARE)) await this.#mustBeQuiet();
  }

  /** What people do about tables that cannot go on since raw files are gone. */
  async #unblock(what: string, remedy: (table: SourceTable) => void): Promise<void> {
    const stuck = this.outside.tables.filter(isRightlyBlocked);
    if (stuck.length === 0) return;
    for (const table of stuck) remedy(table);
    await this.#settle();
    await this.#mustCome(`${what}, since raw files were gone`);
  }

  /** What nobody was told of, or was told in vain, is found by the sweep; all else comes by itself. */
  async #mustCome(when: string): Promise<void> {
    const { account } = this;
    if (account.isNoticeLost || account.deadWakeUps() > 0 || account.deadNotices() > 0) {
      const isLate = this.scheduler.random.chance(0.5);
      if (!isLate) account.redrive();
      await this.#settle();
      for (let lost = -1; lost < account.noticesLost;) {
        lost = account.noticesLost;
        runSweep(account);
        await this.#settle();
      }
      // What was given up comes when all is done.
      if (isLate) account.redrive();
      await this.#settle();
    }
    this.#mustBeDone(when);
  }

  /** Until all that comes from outside has come and nothing is left to be done. */
  async #settle(): Promise<void> {
    for (;;) {
      const { next } = this.outside;
      const run = (): Promise<void> => {
        this.#note(next?.what ?? '');
        return this.outside.takeNext();
      };
      const outside = next && { lull: next.lull, actor: this.actor, run };
      if (!(await this.scheduler.step(outside)) && !next) return;
      if (this.invariants.broken) throw this.invariants.broken;
      if (this.scheduler.steps > STEPS_MAX) throw new Violation(`there is no end to it after ${STEPS_MAX} steps`);
    }
  }

  /** A table is up to date, or stopped by its first bad file; which delays no other. */
  #mustBeDone(when: string): void {
    for (const table of this.outside.tables) {
      if (isRightlyBlocked(table)) {
        this.counters.add('tables blocked since raw files are gone');
        const lost = lostWhileBlocked(table, this.invariants.view);
        if (lost) throw new Violation(`${when}: the lake of ${table.path}, which is blocked, ${lost}`);
        continue;
      }
      const arrears = this.outside.arrears(table);
      const item = this.account.items.get(table.path);
      // What is half merged is in the way, too, also of an older one of which a skip was taken back.
      const half = (item?.Partial as { file: string } | undefined)?.file;
      const bad = table.model
        .current(item)
        .filter(({ isBad }) => isBad)
        .filter(({ name }, i) => i === 0 || name === half);
      if (bad.length === 0 && arrears !== undefined) throw new Violation(`${when}: ${arrears}`);
      const blocked = item?.Blocked as { file: string } | undefined;
      if (bad.length > 0 && !bad.some(({ name }) => name === blocked?.file))
        throw new Violation(`${when}: ${table.path} is not said to be blocked by ${bad[0]?.name}`);
    }
    if (this.account.deadWakeUps() > 0) throw new Violation(`${when}: wake-ups are given up though nothing fails`);
    if (this.account.wakeUps.size > 0)
      throw new Violation(`${when}: ${this.account.wakeUps.size} wake-ups are not acknowledged`);
  }

  /** What the catalog did not take is tried again, by the sweep at the latest. */
  async #mustBeRegistered(catalog: MemoryCatalog): Promise<void> {
    for (const table of this.outside.tables) {
      const wrong = (): Promise<string | undefined> => unregistered(table, catalog, this.invariants.view);
      for (let sweeps = 0; sweeps < REGISTERING_SWEEPS_MAX && (await wrong()) !== undefined; sweeps++) {
        this.scheduler.clock.advance(HOUR_MS);
        runSweep(this.account);
        await this.#settle();
      }
      const reason = await wrong();
      if (reason !== undefined) throw new Violation(reason);
    }
  }

  /** A day later the sweep has what is left of earlier loads, or of other keys, removed. */
  async #mustBeTidy(): Promise<void> {
    this.scheduler.clock.advance(25 * HOUR_MS);
    runSweep(this.account);
    await this.#settle();
    for (const table of this.outside.tables) {
      const item = this.account.items.get(table.path);
      if (isRightlyBlocked(table) || !item) continue;
      const generations = this.invariants.view.generations(table.lakeFolder);
      const old = generations.filter((generation) => generation !== Number(item.Generation ?? 0));
      // One tells the columns where there is no other.
      if (old.length > (generations.length === 1 ? 1 : 0))
        throw new Violation(`a day later ${table.path} has files of the generations [${generations.join()}]`);
    }
  }

  /**
   * Whether whole listings take one call, and sweeps have nothing to do: no table to try again, since it is blocked or cannot be
   * registered, and no old files to remove.
   */
  get #mayBeQuiet(): boolean {
    const { catalog, pageKeys } = this.account;
    const isTried = (table: SourceTable): boolean =>
      isRightlyBlocked(table) || (catalog !== undefined && hasNoColumns(table, this.invariants.view));
    const isCleanedUp = ({ item }: SourceTable): boolean =>
      Number(item?.CleanUpAt ?? Infinity) <= this.scheduler.clock.now();
    return pageKeys === 1000 && !this.outside.tables.some((table) => isTried(table) || isCleanedUp(table));
  }

  /** What is up to date costs a few reads when it is looked at again, and nothing is written. */
  async #mustBeQuiet(): Promise<void> {
    const { calls, writes } = this.calls.faults.counts;
    const tables = this.outside.tables.length;
    const dead = this.account.deadWakeUps();
    runSweep(this.account);
    await this.#settle();
    const swept = this.calls.faults.counts.writes - writes;
    if (swept > 0) throw new Violation(`a sweep of tables that are up to date makes ${swept} writes`);
    for (const { path } of this.outside.tables) this.account.send({ table: path, cause: 'once more' });
    await this.#settle();
    const made = { calls: this.calls.faults.counts.calls - calls, writes: this.calls.faults.counts.writes - writes };
    // Of each batch the messages' visibility is extended.
    if (made.writes > tables) throw new Violation(`looking at tables that are up to date makes ${made.writes} writes`);
    if (made.calls > 2 + 6 * tables)
      throw new Violation(`looking at tables that are up to date takes ${made.calls} calls`);
    if (this.account.deadWakeUps() > dead) throw new Violation('a wake-up dies though nothing is wrong');
  }

  #note(what: string): void {
    this.trace.note(() => `-- ${what}`);
  }
}

const STEPS_MAX = 10_000;
const REBUILT_SHARE = 0.05;
const QUIET_SHARE = 0.1;
const TIDY_SHARE = 0.1;
const HOUR_MS = 3_600_000;
const REGISTERING_SWEEPS_MAX = 2;
