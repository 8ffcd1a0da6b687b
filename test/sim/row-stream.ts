/** The stream of the controller table: changes of rows, in order, to the function that wakes tables. */
import type { WakeUp } from '../../lib/queue/wake-up.ts';
import type { RowChange } from '../../lib/table/wake.ts';
import { wakeEditedTables } from '../../lib/table/wake.ts';
import type { Account } from './account.ts';

export class RowStream {
  #changes: RowChange[] = [];
  #readyAt = 0;

  constructor(private readonly account: Account) {
    const { scheduler } = account.surroundings;
    scheduler.addSource({
      actor: scheduler.actor('stream'),
      readyAt: () => (this.#changes.length > 0 && account.functions.running('wake') === 0 ? this.#readyAt : undefined),
      run: () => this.#wake(),
    });
  }

  add(change: RowChange): void {
    if (change.after) this.account.items.set(change.after.path, change.after);
    const { clock, random } = this.account.surroundings.scheduler;
    // A batch is delivered some time after its first change, with what came since.
    if (this.#changes.length === 0) this.#readyAt = clock.now() + random.pick([0, DELAY_MS]);
    this.#changes.push(change);
  }

  #wake(): void {
    const { scheduler, trace, invariants } = this.account.surroundings;
    const changes = this.#changes.slice(0, scheduler.random.integer(1, 10));
    this.#readyAt = scheduler.clock.now() + 1000; // should it fail
    this.account.functions.invoke('wake', async (ports) => {
      const refusals: unknown[] = [];
      const queue = {
        send: (wakeUps: readonly WakeUp[]) =>
          ports.queue.send(wakeUps).catch((error: unknown) => {
            refusals.push(error);
            throw error;
          }),
        extend: ports.queue.extend.bind(ports.queue),
      };
      const { failed } = await wakeEditedTables(changes, { ...ports, queue });
      if (refusals.length > 0 && failed.length === 0)
        invariants().fail('the stream goes on, though a table could not be woken');
      return () => {
        const at = changes.findIndex(({ sequenceNumber }) => sequenceNumber === failed[0]);
        trace.note(() => `the stream goes on after ${at < 0 ? changes.length : at} changes`);
        this.#changes = this.#changes.slice(at < 0 ? changes.length : at);
      };
    });
  }
}

const DELAY_MS = 1000;
