import type { FaultKind, FaultSpec } from './scenario.ts';

export type CallKind = FaultSpec['among'];

/** Which of a schedule's calls meet a fault. */
export class Faults {
  /** How many calls there were of each kind. */
  readonly counts: Record<CallKind, number> = {
    calls: 0,
    writes: 0,
    'lake writes': 0,
    updates: 0,
    sends: 0,
    catalog: 0,
  };
  /** Those whose event has not taken place. */
  #waiting: readonly FaultSpec[];
  /** Those that wait for their call, counted from the first of all. */
  #due: FaultSpec[] = [];
  #events = 0;

  constructor(faults: readonly FaultSpec[]) {
    this.#waiting = faults;
    this.#placeDue();
  }

  /** The next event of the scenario takes place. */
  eventTakesPlace(): void {
    this.#events++;
    this.#placeDue();
  }

  /** There are to be no more of them. */
  stop(): void {
    this.#waiting = [];
    this.#due = [];
  }

  /** Counts a call. @param kinds all that it is of  @returns what befalls it */
  next(kinds: readonly CallKind[]): FaultKind | undefined {
    const { counts } = this;
    const at = this.#due.findIndex((fault) => kinds.includes(fault.among) && fault.at === counts[fault.among]);
    for (const kind of kinds) counts[kind]++;
    return at < 0 ? undefined : this.#due.splice(at, 1)[0]?.kind;
  }

  #placeDue(): void {
    if (this.#waiting.length === 0) return;
    const due = this.#waiting.filter(({ after }) => after <= this.#events);
    this.#waiting = this.#waiting.filter(({ after }) => after > this.#events);
    for (const fault of due) this.#due.push({ ...fault, at: this.counts[fault.among] + fault.at });
  }
}
