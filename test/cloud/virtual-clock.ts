import type { Clock } from '../../lib/ports/clock.ts';

/** A clock that stands still until it is told to move. */
export class VirtualClock implements Clock {
  #now: number;

  constructor(start: Date = new Date('2026-03-01T10:00:00.000Z')) {
    this.#now = start.getTime();
  }

  now(): number {
    return this.#now;
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

export const systemClock: Clock = { now: () => Date.now() };
