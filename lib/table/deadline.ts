import { OutOfTime } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Piece, Pieces } from '../ports/object-store.ts';

/**
 * When an invocation must have ended. Nothing is written after it: the function may be frozen and thawed much later,
 * when another has taken over.
 */
export class Deadline {
  /** When no further merge is begun, since other tables wait. */
  private yieldAt = Infinity;

  /**
   * @param at milliseconds since the epoch
   * @param wholeMs time of the whole invocation
   * @param sharedMs for how long a table's merges are begun where others wait
   * @param beganAt when the table's turn began, in milliseconds since the epoch
   */
  private constructor(
    private readonly at: number,
    private readonly clock: Clock,
    private readonly wholeMs: number,
    private readonly sharedMs: number,
    private readonly beganAt: number,
  ) {}

  /** @param at milliseconds since the epoch */
  static of(at: number, clock: Clock): Deadline {
    const now = clock.now();
    return new Deadline(at, clock, at - now, Infinity, now);
  }

  /** The same for one table of the invocation, whose turn begins now. */
  turn(sharedMs: number): Deadline {
    return new Deadline(this.at, this.clock, this.wholeMs, sharedMs, this.clock.now());
  }

  /** What is to be done is known: from here on the table's share of the time is counted, however long looking took. */
  beginShare(): void {
    this.yieldAt = this.clock.now() + this.sharedMs;
  }

  /** Whether work that takes `ms` is to be left to another invocation. */
  leavesNoTimeFor(ms: number): boolean {
    return this.isWithin(ms) || this.clock.now() >= this.yieldAt;
  }

  /** Whether time is up, and this table has taken most of it: with as much the next invocation would come no further. */
  isSpent(): boolean {
    return this.isWithin(0) && this.clock.now() - this.beganAt > this.wholeMs / 2;
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
