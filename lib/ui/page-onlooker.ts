import type { Onlooker } from '../local/onlooker.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import type { Ports } from '../ports/ports.ts';
import type { TableOutcome } from '../table/reconcile-batch.ts';
import { LiveView } from './live-view.ts';
import { isPortRefused, PageServer } from './page-server.ts';

/** Unless a person names another. */
export const DEFAULT_PORT = 4680;
/** What other processes change in the tables' rows is seen so soon. */
const REFRESH_MS = 3_000;

/** Shows a run on folders on a page of this machine. */
export class PageOnlooker implements Onlooker {
  readonly #port: number | undefined;
  readonly #tell: (line: string) => void;
  readonly #shown: (text: string) => string;
  #view: LiveView | undefined;
  #server: PageServer | undefined;
  #refresh: NodeJS.Timeout | undefined;

  /**
   * @param port 0: any that is free; undefined: the usual one, or any if that is taken
   * @param tell is told the address once the page is there
   * @param shown texts of what to do, as a person is shown them; as they are unless given
   */
  constructor(port: number | undefined, tell: (line: string) => void, shown = (text: string): string => text) {
    this.#port = port;
    this.#tell = tell;
    this.#shown = shown;
  }

  /** @throws WrongUsage if the port cannot be listened on */
  async begin(ports: Ports): Promise<void> {
    const view = (this.#view = new LiveView(ports, this.#shown));
    await view.begin();
    this.#server = await this.#serve(view, ports);
    this.#refresh = setInterval(() => {
      if (view.subscribers === 0) return;
      view.refresh().catch((error: unknown) => ports.log.warn('the page could not read the tables', { error }));
    }, REFRESH_MS).unref();
    this.#tell(`Page: http://127.0.0.1:${this.#server.port}/ (for this machine only; it shows rows of the lake)`);
  }

  arrived(key: string, appearedAt: number): void {
    this.#view?.arrived(key, appearedAt);
  }

  rowChanged(path: string): void {
    this.#view?.rowChanged(path);
  }

  reconciled(outcomes: readonly TableOutcome[]): void {
    this.#view?.reconciled(outcomes);
  }

  async end(): Promise<void> {
    clearInterval(this.#refresh);
    this.#view?.close();
    await this.#server?.close();
  }

  async #serve(view: LiveView, ports: Ports): Promise<PageServer> {
    try {
      return await PageServer.start(this.#port ?? DEFAULT_PORT, view, ports);
    } catch (cause) {
      if (!isPortRefused(cause)) throw cause;
      if (this.#port === undefined) return PageServer.start(0, view, ports);
      throw new WrongUsage(`--ui: port ${this.#port} is taken or may not be used. Give another, or 0 for any.`, {
        cause,
      });
    }
  }
}
