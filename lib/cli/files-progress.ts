import type { SingleBar } from 'cli-progress';
import { startBar } from '../local/terminal-bar.ts';
import type { TableRow } from '../table/row.ts';
import type { PlannedReplay } from '../table/replay.ts';

/** How far a replay is: a bar on a terminal, else a line for each tenth of the files. */
export class ReplayProgress {
  readonly #planned: PlannedReplay;
  readonly #total: number;
  readonly #bar: SingleBar | undefined;
  readonly #line: (line: string) => void;
  #tenths = 0;

  constructor(planned: PlannedReplay, line: (line: string) => void, terminal: NodeJS.WritableStream | undefined) {
    this.#planned = planned;
    this.#total = planned.loadFiles.length + planned.changeFiles.length;
    this.#line = line;
    if (!terminal || this.#total === 0) return;
    this.#bar = startBar(terminal, ' {bar} {value}/{total} files merged again', this.#total, 0);
  }

  update({ progress }: TableRow): void {
    if (this.#total === 0) return;
    const { loadFiles } = this.#planned;
    const loaded = Math.min(loadFiles.length, progress.loadFiles.size);
    const changed = Math.max(0, progress.changeFiles - (this.#planned.progress?.changeFiles ?? 0));
    // Files that arrive meanwhile are merged, too.
    const done = Math.min(this.#total, loaded + changed);
    this.#bar?.update(done);
    const tenths = Math.floor((10 * done) / this.#total);
    if (this.#bar || tenths <= this.#tenths) return;
    this.#tenths = tenths;
    this.#line(`${done} of ${this.#total} files merged again`);
  }

  end(): void {
    this.#bar?.stop();
  }
}
