import type { SingleBar } from 'cli-progress';
import { countText } from '../count-text.ts';
import { startBar } from '../local/terminal-bar.ts';
import type { TableRow } from '../table/row.ts';

/** Files that a table's next merges take. */
export interface FilesToMerge {
  loadFiles: number;
  changeFiles: number;
  /** Change files that were merged before. */
  changeFilesBefore: number;
}

/** How many files of a table are merged: a bar on a terminal, else a line for each tenth of the files. */
export class FilesProgress {
  readonly #files: FilesToMerge;
  readonly #total: number;
  readonly #what: string;
  readonly #bar: SingleBar | undefined;
  readonly #line: (line: string) => void;
  #tenths = 0;

  /** @param what `files merged again` */
  constructor(
    files: FilesToMerge,
    what: string,
    { err, terminal }: { err: (line: string) => void; terminal?: NodeJS.WritableStream | undefined },
  ) {
    this.#files = files;
    this.#total = files.loadFiles + files.changeFiles;
    this.#what = what;
    this.#line = err;
    if (!terminal || this.#total === 0) return;
    this.#bar = startBar(terminal, ` {bar} {value}/{total} ${what}`, this.#total, 0);
  }

  update({ progress }: TableRow): void {
    if (this.#total === 0) return;
    const { loadFiles, changeFilesBefore } = this.#files;
    const loaded = Math.min(loadFiles, progress.loadFiles.size);
    const changed = Math.max(0, progress.changeFiles - changeFilesBefore);
    // Files that arrive meanwhile are merged, too.
    const done = Math.min(this.#total, loaded + changed);
    this.#bar?.update(done);
    const tenths = Math.floor((10 * done) / this.#total);
    if (this.#bar || tenths <= this.#tenths) return;
    this.#tenths = tenths;
    this.#line(`${countText(done)} of ${countText(this.#total)} ${this.#what}`);
  }

  end(): void {
    this.#bar?.stop();
  }
}
