/** What a person, or the schedule, does by a command. */
import type { Ports } from '../../lib/ports/ports.ts';
import { Refused } from '../../lib/table/refused.ts';
import type { ReplayRequest } from '../../lib/table/replay.ts';
import { setBack } from '../../lib/table/replay.ts';
import { skipFile } from '../../lib/table/skip.ts';
import { sweep } from '../../lib/table/sweep.ts';
import type { Account } from './account.ts';

export function runSweep({ functions }: Account): void {
  functions.invoke('sweep', async (ports) => {
    await sweep(ports.random.id(), ports);
    return () => undefined;
  });
}

export function runReplay(account: Account, path: string, request: ReplayRequest): void {
  run(account, path, async (ports) => ((await setBack(path, request, ports)).progress ? 'replays' : undefined));
}

export function runSkip(account: Account, path: string, file: string, options: { undo: boolean }): void {
  run(account, path, async (ports) => {
    const { outcome, isRebuilt } = await skipFile(path, file, options, ports);
    if (outcome === 'taken back') return isRebuilt ? 'skips of load files taken back late' : 'skips taken back';
    if (outcome !== 'skipped') return undefined;
    return file.startsWith('LOAD') ? 'load files skipped' : 'files skipped';
  });
}

/**
 * Does a command, which then wakes the table. Should it die in between, the sweep finds what it did.
 * @param work answers what it is counted as; undefined if nothing was to be done
 */
function run(account: Account, path: string, work: (ports: Ports) => Promise<string | undefined>): void {
  account.commandsUnderWay++;
  account.functions.invoke('command', async (ports) => {
    const { counters, trace } = account.surroundings;
    try {
      const counter = await work(ports);
      if (counter !== undefined) counters.add(counter);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      counters.add('commands refused');
      trace.note(() => `  refused: ${error.message}`);
    }
    await ports.queue.send([{ table: path, cause: ports.random.id() }]);
    account.commandsUnderWay--;
    return () => undefined;
  });
}
