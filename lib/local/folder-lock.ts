import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RandomSource } from '../ports/clock.ts';
import { isErrno } from './errno.ts';
import { isRunning, OWN_IDENTITY } from './process-identity.ts';
import { removeAtExit, temporaryName } from './temporary-file.ts';

const LONGEST_PAUSE_MS = 16;
const PATIENCE_MS = 60_000;

/**
 * A lock between the processes of one machine, for the moment in which a file is compared and swapped.
 *
 * The lock is a folder: free when it is absent or empty, held when it holds one file, the ticket, named after its holder.
 * Who wants it renames a folder with its ticket onto it, which a file system refuses unless the target is absent or
 * empty, and renames it back afterwards. So the lock of a process that was killed is broken by removing *its* ticket, by
 * name: two that break it at once, or one that comes late, can never remove a lock that someone else has taken since.
 *
 * What is done under the lock is synchronous: it takes microseconds, less than one trip through the thread pool, and
 * those of one process need no lock among themselves.
 */
export class FolderLock {
  readonly #folder: string;
  /**
   * The folder that is renamed; made when it is first needed, removed as the process ends, or, if it is killed, with other
   * leftovers by a later one.
   */
  readonly #own: string;
  readonly #ticket: string;
  readonly #patienceMs: number;

  /** @param patienceMs how long to wait for a living process before giving up with an error */
  constructor(folder: string, random: RandomSource, patienceMs = PATIENCE_MS) {
    const id = random.id();
    this.#folder = folder;
    this.#own = join(dirname(folder), temporaryName(OWN_IDENTITY, id));
    this.#ticket = `${OWN_IDENTITY}-${id}`;
    this.#patienceMs = patienceMs;
  }

  /** Does `work` while no other process holds the lock. */
  async hold<T>(work: () => T): Promise<T> {
    for (let pauseMs = 1, waitedMs = 0; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      if (this.#take()) {
        try {
          return work();
        } finally {
          this.#giveBack();
        }
      }
      const holder = this.#livingHolder();
      if (holder === undefined) continue;
      if (waitedMs >= this.#patienceMs) throw new Error(this.#refusal(holder, waitedMs));
      await sleep(pauseMs);
      waitedMs += pauseMs;
    }
  }

  #take(): boolean {
    try {
      renameSync(this.#own, this.#folder);
      return true;
    } catch (error) {
      if (isErrno(error, 'ENOTEMPTY', 'EEXIST')) return false;
      if (!isErrno(error, 'ENOENT')) throw error;
      mkdirSync(this.#own, { recursive: true });
      removeAtExit(this.#own);
      writeFileSync(join(this.#own, this.#ticket), '');
      return this.#take();
    }
  }

  #giveBack(): void {
    renameSync(this.#folder, this.#own);
    // If this is not our ticket, someone broke the lock of a living process, and what was done under it is in doubt.
    statSync(join(this.#own, this.#ticket));
  }

  /** Who holds the lock; undefined if nobody does, or if it was a dead process's and is now broken. */
  #livingHolder(): string | undefined {
    for (const ticket of this.#tickets()) {
      const identity = ticket.slice(0, ticket.lastIndexOf('-'));
      if (isRunning(identity)) return identity;
      rmSync(join(this.#folder, ticket), { force: true });
    }
    return undefined;
  }

  #tickets(): string[] {
    try {
      return readdirSync(this.#folder);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
  }

  #refusal(holder: string, waitedMs: number): string {
    const pid = holder.slice(0, holder.indexOf('-'));
    return `Process ${pid} has held the lock ${this.#folder} for more than ${waitedMs} ms, which takes microseconds otherwise. If it hangs or is suspended, end it and start again.`;
  }
}
