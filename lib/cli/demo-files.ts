import { countText } from '../count-text.ts';
import type { MergeReport } from '../table/report.ts';

/** The files on their way from the raw folder into the lake: which are not there yet, and how long each took. */
export class DemoFiles {
  readonly #print: (line: string) => void;
  /** By table, when each file was in place, in ms of `performance.now()`. */
  readonly #underWay = new Map<string, { key: string; at: number }[]>();
  #idle: (() => void)[] = [];

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** @param key `<schema>/<table>/<file>` */
  placed(key: string): void {
    const table = key.slice(0, key.lastIndexOf('/'));
    this.#underWay.set(table, [...(this.#underWay.get(table) ?? []), { key, at: performance.now() }]);
  }

  merged({ table, loadFiles, changeFiles, rowsInserted, rowsUpdated, rowsDeleted }: MergeReport): void {
    const files = this.#underWay.get(table)?.splice(0, loadFiles + changeFiles) ?? [];
    const rows = [
      [rowsInserted, 'inserted'],
      [rowsUpdated, 'updated'],
      [rowsDeleted, 'deleted'],
    ] as const;
    const effect = rows.flatMap(([count, what]) => (count > 0 ? `${countText(count)} ${what}` : []));
    const now = performance.now();
    files.forEach(({ key, at }, i) => {
      const what = i < files.length - 1 ? 'merged with the next' : effect.join(', ') || 'changes nothing';
      this.#print(`  ${((now - at) / 1000).toFixed(2).padStart(6)} s  ${key}: ${what}`);
    });
    if (this.#waiting() > 0) return;
    for (const done of this.#idle) done();
    this.#idle = [];
  }

  /** Resolves once every file placed so far is in the lake. */
  settled(): Promise<void> {
    return this.#waiting() === 0 ? Promise.resolve() : new Promise((done) => this.#idle.push(done));
  }

  #waiting(): number {
    return [...this.#underWay.values()].reduce((sum, files) => sum + files.length, 0);
  }
}
