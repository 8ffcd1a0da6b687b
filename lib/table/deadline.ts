import { OutOfTime } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Piece, Pieces } from '../ports/object-store.ts';

/**
 * When an invocation must have ended. Nothing is written after it: the function may be frozen and thawed much later,
 * when another has taken over.
 */
export class Deadline {
  /**
   * @param at milliseconds since the epoch
   * @param yieldAt when no further merge is begun, since other tables wait
   */
  constructor(
    private readonly at: number,
    private readonly clock: Clock,
    private readonly yieldAt = at,
  ) {}

  /** Whether work that takes `ms` is to be left to another invocation. */
  leavesNoTimeFor(ms: number): boolean {
    return this.isWithin(ms) || this.clock.now() >= this.yieldAt;
  }

  /** Whether less than `ms` are left. */
  isWithin(ms: number): boolean {
    return this.clock.now() + ms >= this.at;
  }

  /** Milliseconds left. */
  left(): number {
    return this.at - this.clock.now();
  }

  /** @throws OutOfTime */
  check(): void {
    if (this.isWithin(0))
      throw new OutOfTime('the deadline has passed: what is not committed is left to the next invocation');
  }

  /** The same pieces, until the deadline: a write whose pieces throw changes nothing. */
  async *guard(pieces: Pieces): AsyncGenerator<Piece> {
    for await (const piece of pieces) {
      this.check();
      yield piece;
    }
    this.check();
  }
}
