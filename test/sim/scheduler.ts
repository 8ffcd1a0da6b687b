/**
 * One seeded choice after the other of what happens next. Everything that could happen waits here as an action; whoever
 * has the highest priority goes first. Priorities are random and change now and then: that starves a process for long
 * stretches, which finds far more than giving each its turn. Time is virtual: every step takes a little, and when nothing
 * can be done the clock goes on to when something can.
 */
import { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { VirtualClock } from '../cloud/virtual-clock.ts';

/** Whoever acts: a process, a poller, the network. */
export interface Actor {
  readonly name: string;
  priority: number;
}

export interface Action {
  readonly actor: Actor;
  /** Milliseconds since the epoch. */
  readyAt: number;
  /** When it has taken place at the latest, however far the clock was set: nothing else goes before it then. */
  endsBy?: number;
  run: () => void | Promise<void>;
}

/** An actor that has something to do whenever there is something for it. */
export interface Source {
  readonly actor: Actor;
  /** When it can act next, in milliseconds since the epoch; undefined if there is nothing for it. */
  readyAt: () => number | undefined;
  run: () => void | Promise<void>;
}

/** What the outside waits for before it goes on. */
export type Lull = 'none' | 'idle' | 'settled';

export class Scheduler {
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  steps = 0;
  readonly #actions: Action[] = [];
  readonly #sources: Source[] = [];
  readonly #stepMsMax: number;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.#stepMsMax = this.random.pick([20, 20, 300, 3000]);
  }

  actor(name: string): Actor {
    return { name, priority: this.random.next() };
  }

  add(action: Action): void {
    this.#actions.push(action);
  }

  /** Takes out what need not take place any more. */
  remove(action: Action): void {
    const at = this.#actions.indexOf(action);
    if (at >= 0) this.#actions.splice(at, 1);
  }

  addSource(source: Source): void {
    this.#sources.push(source);
  }

  /** Takes out what an actor was about to do. */
  removeOf(actor: Actor): Action[] {
    const removed = this.#actions.filter((action) => action.actor === actor);
    for (const action of removed) this.#actions.splice(this.#actions.indexOf(action), 1);
    return removed;
  }

  /**
   * Does one thing, and lets everyone come to the next call.
   * @param outside done instead, if its turn comes: at any time, when nothing can be done at once, or not at all
   * @returns false if there is nothing to be done
   */
  async step(outside?: { lull: Lull } & Pick<Action, 'actor' | 'run'>): Promise<boolean> {
    for (;;) {
      const now = this.clock.now();
      const { ready, next } = this.#choose(now);
      const chosen =
        outside?.lull === 'none' && (!ready || outside.actor.priority > ready.actor.priority) ? outside : ready;
      const due = chosen ?? (outside?.lull === 'idle' || next === undefined ? outside : undefined);
      if (due) {
        const running = this.#begin(due);
        await everyoneWaits();
        if (running) await running;
        return true;
      }
      if (next === undefined) return false;
      this.clock.advance(next - now);
    }
  }

  #choose(now: number): { ready: Action | Source | undefined; next: number | undefined } {
    let ready: Action | Source | undefined;
    let next: number | undefined;
    for (const action of this.#actions) {
      const { readyAt: at, endsBy = Infinity } = action;
      if (endsBy <= now) return { ready: action, next };
      if (at > now) next = next === undefined || at < next ? at : next;
      else if (!ready || action.actor.priority > ready.actor.priority) ready = action;
    }
    for (const source of this.#sources) {
      const at = source.readyAt();
      if (at === undefined) continue;
      if (at > now) next = next === undefined || at < next ? at : next;
      else if (!ready || source.actor.priority > ready.actor.priority) ready = source;
    }
    return { ready, next };
  }

  #begin(chosen: Pick<Action, 'actor' | 'run'>): void | Promise<void> {
    const at = this.#actions.indexOf(chosen as Action);
    if (at >= 0) this.#actions.splice(at, 1);
    this.steps++;
    this.clock.advance(this.random.integer(1, this.#stepMsMax));
    if (this.random.chance(PRIORITY_CHANGE)) chosen.actor.priority = this.random.next();
    return chosen.run();
  }
}

const PRIORITY_CHANGE = 0.05;

/**
 * What is put off to the next tick runs when all promises have settled, without a turn of the event loop, which would
 * take longer than many a step; no code under test waits for anything but its calls.
 */
function everyoneWaits(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
