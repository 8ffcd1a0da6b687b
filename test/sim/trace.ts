/** What a schedule did, line by line; nothing is kept unless someone wants to read it. */
export interface Trace {
  note(line: () => string): void;
}

export const NO_TRACE: Trace = { note: () => undefined };

export class KeptTrace implements Trace {
  readonly lines: string[] = [];

  /** @param heading of each line: where and when */
  constructor(private readonly heading: () => string) {}

  note(line: () => string): void {
    this.lines.push(`${String(this.lines.length + 1).padStart(4)} ${this.heading()} ${line()}`);
  }
}
