/** How S3 tells of new objects: soon or late, once or twice, or not at all. */
import type { Account } from './account.ts';
import type { Scenario } from './scenario.ts';
import type { Actor } from './scheduler.ts';

export class Notices {
  readonly #network: Actor;

  constructor(
    private readonly account: Account,
    private readonly how: Scenario['notices'],
  ) {
    this.#network = account.surroundings.scheduler.actor('network');
  }

  created(key: string): void {
    const { scheduler, counters } = this.account.surroundings;
    const { random, clock } = scheduler;
    const object = { key: encodeURIComponent(key), sequencer: this.account.id() };
    const s3 = { bucket: { name: this.account.config.rawBucket }, object };
    const body = JSON.stringify({ Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3 }] });
    if (this.how === 'lossy' && random.chance(0.4)) {
      this.account.loseNotice();
      counters.add('notices lost');
      return;
    }
    const times = this.how === 'doubled' ? 2 : 1;
    const delayMax = this.how === 'late' || this.how === 'doubled' ? 20 * 60_000 : 0;
    for (let i = 0; i < times; i++) {
      const readyAt = clock.now() + random.integer(0, delayMax);
      scheduler.add({ actor: this.#network, readyAt, run: () => void this.account.arrivals.send({ body }) });
    }
  }
}
