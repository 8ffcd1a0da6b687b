/**
 * The way from a process to the outside: every call waits until the scheduler lets it take effect, and may meet a fault
 * there.
 */
import type { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { ObjectChanged } from '../../lib/ports/object-store.ts';
import { TableItemChanged } from '../../lib/ports/table-store.ts';
import type { Counters } from './counters.ts';
import { Faults, type CallKind } from './faults.ts';
import type { Process } from './process.ts';
import type { FaultSpec } from './scenario.ts';
import type { Action, Actor, Scheduler } from './scheduler.ts';
import type { Trace } from './trace.ts';

export interface CallTarget {
  store: 'raw' | 'lake' | 'tables' | 'queue' | 'catalog';
  name: string;
  target: string;
}

export interface Call<T> extends CallTarget {
  /** More of it, for the trace. */
  detail?: () => string;
  /** Absent if nothing is changed by it. */
  writes?: {
    /** What the client's retry finds after it lost the answer to a call that took effect. */
    again: (answer: T) => Promise<T>;
  };
  effect: () => Promise<T>;
}

/** What a caller gets whose call failed. */
class CallFailed extends Error {
  override readonly name = 'CallFailed';
}

export class Calls {
  readonly faults: Faults;
  /** Calls that change something and arrive later than their sender waits, by store and target. */
  readonly #underWay: string[] = [];
  readonly #network: Actor;
  readonly #random: SeededRandom;

  constructor(
    private readonly scheduler: Scheduler,
    faults: readonly FaultSpec[],
    private readonly counters: Counters,
    private readonly trace: Trace,
    /** What is under way when a fault befalls a call. */
    private readonly phasesOf: (process: Process, call: CallTarget) => string[],
  ) {
    this.faults = new Faults(faults);
    this.#random = scheduler.random;
    this.#network = scheduler.actor('network');
  }

  /** Whether something may change yet that its sender has given up. */
  isUnderWay(store: Call<unknown>['store'], target: string): boolean {
    return this.#underWay.includes(store + target);
  }

  /** Waits for its turn, then for what becomes of it. Never answers a process that is dead. */
  make<T>(process: Process, call: Call<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      process.waiting++;
      const answer: Answer<T> = {
        give: (value) => {
          process.waiting--;
          if (process.alive) resolve(value);
        },
        fail: (error) => {
          process.waiting--;
          if (process.alive) reject(error instanceof Error ? error : new Error(String(error)));
        },
      };
      const pending: PendingCall = {
        actor: process.actor,
        readyAt: 0,
        run: () => this.#take(process, call, answer, pending),
        leave: () => this.#leave(process, call, pending),
        isLakeWrite: isLakeWrite(call),
        endsBy: this.scheduler.clock.now() + longestMs(isLakeWrite(call)),
      };
      this.scheduler.add(pending);
    });
  }

  async #take<T>(process: Process, call: Call<T>, answer: Answer<T>, pending: PendingCall): Promise<void> {
    const fault = this.faults.next(kindsOf(call));
    if (fault) {
      this.counters.add(`fault: ${fault}`);
      for (const phase of this.phasesOf(process, call)) this.counters.add(`faults in ${phase}`);
    }
    this.counters.add(`call: ${call.store} ${call.name}`);
    const outcome = fault ? `: ${fault}` : '';
    this.trace.note(() => `${text(process, call)}${outcome}`);
    switch (fault) {
      case undefined:
        await this.#answer(process, call, answer);
        break;
      case 'rejected':
        answer.fail(new CallFailed(fault));
        break;
      case 'answer lost':
        await this.#unanswered(process, call);
        answer.fail(new CallFailed(fault));
        break;
      case 'answer lost, retried':
        await this.#retried(process, call, answer);
        break;
      case 'applied later':
        this.#leave(process, call, pending);
        answer.fail(new CallFailed(fault));
        break;
      case 'dies after':
        await this.#unanswered(process, call);
        this.kill(process);
        break;
      case 'dies before':
        this.kill(process);
        break;
      case 'slow':
      case 'frozen':
        this.#hold(process, fault, pending);
    }
  }

  /** The process stops; what it has sent may arrive all the same. */
  kill(process: Process): void {
    process.alive = false;
    for (const action of this.scheduler.removeOf(process.actor)) {
      if (isPending(action) && this.#random.chance(ARRIVES_ALL_THE_SAME)) action.leave();
    }
    process.died();
  }

  async #answer<T>(process: Process, call: Call<T>, answer: Answer<T>): Promise<void> {
    try {
      answer.give(await call.effect());
    } catch (error) {
      this.#noteRefusal(process.isSlow, call, error);
      answer.fail(error);
    }
  }

  async #unanswered<T>(process: Process, call: Call<T>): Promise<void> {
    try {
      await call.effect();
    } catch (error) {
      this.#noteRefusal(process.isSlow, call, error);
    }
  }

  async #retried<T>(process: Process, call: Call<T>, answer: Answer<T>): Promise<void> {
    const { writes } = call;
    if (!writes) return this.#answer(process, call, answer);
    try {
      const first = await call.effect();
      // Messages that it handed back, say, may come again before it is told so.
      process.isSlow = true;
      const retry = async (): Promise<void> => {
        this.trace.note(() => `${text(process, call)}: the client retries`);
        try {
          answer.give(await writes.again(first));
          this.counters.add('lost answers recognised');
        } catch (error) {
          answer.fail(error);
        }
      };
      this.scheduler.add({ actor: process.actor, readyAt: 0, run: retry });
    } catch (error) {
      answer.fail(error);
    }
  }

  /** The call arrives, some time, whoever waits for it. */
  #leave<T>(process: Process, call: Call<T>, pending: PendingCall): void {
    if (!call.writes) return;
    const later = this.#random.pick([1_000, 10 * 60_000, 40 * 60_000, longestMs(pending.isLakeWrite)]);
    const what = call.store + call.target;
    this.#underWay.push(what);
    const run = async (): Promise<void> => {
      this.#underWay.splice(this.#underWay.indexOf(what), 1);
      this.trace.note(() => `${text(process, call)}: arrives late`);
      try {
        await call.effect();
      } catch (error) {
        this.#noteRefusal(true, call, error);
      }
    };
    const readyAt = this.#delayed(pending, later);
    this.scheduler.add({ actor: this.#network, readyAt, endsBy: pending.endsBy, run });
  }

  #hold(process: Process, fault: 'slow' | 'frozen', pending: PendingCall): void {
    process.isSlow = true;
    // The other calls of a process that stands still do not go on either.
    const held = [pending, ...this.scheduler.removeOf(process.actor)];
    const writes = held.some((action) => isPending(action) && action.isLakeWrite);
    for (const action of held) {
      action.readyAt = this.#delayed(action, fault === 'slow' ? SLOW_MS : longestMs(writes));
      this.scheduler.add(action);
    }
  }

  /** When an action goes on that is put off, be it for the second time. */
  #delayed({ endsBy = Infinity }: Action, byMs: number): number {
    return Math.min(this.scheduler.clock.now() + byMs, endsBy);
  }

  #noteRefusal<T>(isLate: boolean, { name }: Call<T>, error: unknown): void {
    const isRefused = error instanceof ObjectChanged || error instanceof TableItemChanged;
    if (isRefused && isLate && name !== 'read') this.counters.add('late calls refused');
  }
}

function text<T>({ actor }: Process, { store, name, target, detail }: Call<T>): string {
  return `${actor.name} ${store} ${name} ${target}${detail ? ` ${detail()}` : ''}`;
}

interface Answer<T> {
  give: (value: T) => void;
  fail: (error: unknown) => void;
}

interface PendingCall extends Action {
  /** Lets it arrive though its sender is dead. */
  leave: () => void;
  isLakeWrite: boolean;
  endsBy: number;
}

function kindsOf<T>({ store, name, writes }: Call<T>): readonly CallKind[] {
  if (store === 'catalog') return writes ? KINDS.catalogWrite : KINDS.catalogRead;
  if (!writes) return KINDS.read;
  if (store === 'lake') return KINDS.lake;
  return KINDS[name === 'update' || name === 'send' ? name : 'other'];
}

const KINDS = {
  catalogRead: ['calls', 'catalog'],
  catalogWrite: ['calls', 'writes', 'catalog'],
  read: ['calls'],
  lake: ['calls', 'writes', 'lake writes'],
  update: ['calls', 'writes', 'updates'],
  send: ['calls', 'writes', 'sends'],
  other: ['calls', 'writes'],
} as const;

function isLakeWrite<T>({ store, writes }: Call<T>): boolean {
  return store === 'lake' && writes !== undefined;
}

function isPending(action: Action): action is PendingCall {
  return 'leave' in action;
}

const ARRIVES_ALL_THE_SAME = 0.3;
/** Longer than an invocation, and than its messages stay hidden. */
const SLOW_MS = 17 * 60_000;

/** How long a call may be under way. A write of the lake comes to its end within a day: so long are files kept that have no row. */
function longestMs(isLakeWrite: boolean): number {
  return (isLakeWrite ? 23 : 26) * 3_600_000;
}
