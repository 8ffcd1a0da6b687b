import { type ChildProcess, spawn } from 'node:child_process';

/** A process that is killed with SIGKILL, and started again, as often as wanted. */
export class KilledProcess {
  readonly #args: readonly string[];
  #child: ChildProcess;
  #said = '';
  #ended = false;

  /** @param args of Node.js, beginning with a TypeScript file */
  constructor(...args: string[]) {
    this.#args = args;
    this.#child = this.#start();
  }

  async restart(): Promise<void> {
    await this.kill();
    this.#ended = false;
    this.#child = this.#start();
  }

  /** @throws Error if it ended by itself: it should go on until it is killed */
  async kill(): Promise<void> {
    if (this.#ended) throw new Error(`${this.#args.join(' ')} ended by itself: ${this.#said}`);
    const closed = new Promise((done) => this.#child.once('close', done));
    this.#child.kill('SIGKILL');
    await closed;
  }

  /** Whether it runs or not. */
  end(): void {
    this.#child.kill('SIGKILL');
  }

  #start(): ChildProcess {
    const child = spawn(process.execPath, ['--import', 'tsx', ...this.#args], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (chunk: Buffer) => (this.#said = (this.#said + chunk.toString()).slice(-2_000)));
    child.once('exit', (_, signal) => (this.#ended = signal !== 'SIGKILL'));
    return child;
  }
}
