import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { aboutTable } from '../command-text.ts';
import { messageOf, TableBlocked } from '../errors.ts';
import { isErrno } from '../local/errno.ts';
import { namedTable } from '../local/table-name.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import type { Ports } from '../ports/ports.ts';
import { streamEvents, WATCHERS_MAX } from './event-stream.ts';
import type { LiveView } from './live-view.ts';
import { newestRows } from './newest-rows.ts';
import { type PageFile, readPageFiles } from './page-files.ts';
import { refusal, SECURITY_HEADERS } from './request-guard.ts';

/** Peeks under way at a time; each decodes a row group. */
const PEEKS_MAX = 4;

/**
 * Serves the page and what it shows, on 127.0.0.1 alone:
 *
 * - `GET /api/tables`, `/api/recent`: how the tables stand; the last files and how fresh they were
 * - `GET /api/rows?table=<schema>/<table>`: the newest rows of a table
 * - `GET /api/events`: the first two, and then every change, as server-sent events
 */
export class PageServer {
  readonly #server: Server;
  readonly #view: LiveView;
  readonly #ports: Pick<Ports, 'lake' | 'tables' | 'config' | 'log'>;
  readonly #files: ReadonlyMap<string, PageFile>;
  #peeks = 0;

  private constructor(
    view: LiveView,
    ports: Pick<Ports, 'lake' | 'tables' | 'config' | 'log'>,
    files: ReadonlyMap<string, PageFile>,
  ) {
    this.#view = view;
    this.#ports = ports;
    this.#files = files;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        this.#ports.log.warn('the page could not answer a request', { error });
        if (response.headersSent) response.destroy();
        else json(response, 500, { error: 'Something unexpected happened; the log says what.' });
      });
    });
  }

  /**
   * @param port 0: any that is free
   * @throws an Error with code EADDRINUSE if the port is taken, EACCES if it may not be used
   */
  static async start(
    port: number,
    view: LiveView,
    ports: Pick<Ports, 'lake' | 'tables' | 'config' | 'log'>,
  ): Promise<PageServer> {
    const page = new PageServer(view, ports, await readPageFiles());
    page.#server.listen(port, '127.0.0.1');
    await once(page.#server, 'listening');
    return page;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    const refused = refusal(request, this.port);
    if (refused) {
      json(response, refused.status, { error: refused.why });
      return;
    }
    const [pathname = '', query = ''] = (request.url ?? '').split('?', 2);
    const file = this.#files.get(pathname);
    if (file) {
      response.writeHead(200, { 'Content-Type': file.type, 'Content-Length': file.bytes.length });
      response.end(file.bytes);
    } else if (pathname === '/api/tables') json(response, 200, { tables: this.#view.tables });
    else if (pathname === '/api/recent') json(response, 200, this.#view.recent);
    else if (pathname === '/api/rows') await this.#rows(new URLSearchParams(query).get('table') ?? '', response);
    else if (pathname === '/api/events') this.#events(request, response);
    else json(response, 404, { error: 'There is nothing here.' });
  }

  #events(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'HEAD') response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end();
    else if (this.#view.subscribers < WATCHERS_MAX) streamEvents(response, this.#view);
    else json(response, 503, { error: `${WATCHERS_MAX} browsers are watching already.` });
  }

  async #rows(table: string, response: ServerResponse): Promise<void> {
    if (this.#peeks >= PEEKS_MAX) {
      response.setHeader('Retry-After', '1');
      json(response, 503, { error: 'Rows are being read for others. Try again in a second.' });
      return;
    }
    this.#peeks++;
    try {
      const rows = await newestRows(namedTable(table, this.#ports.config).path, this.#ports);
      if (rows) json(response, 200, rows);
      else json(response, 404, { error: `${table} is not known here.` });
    } catch (error) {
      if (error instanceof WrongUsage) json(response, 400, { error: messageOf(error) });
      else if (error instanceof TableBlocked)
        json(response, 409, { error: `${messageOf(error)} ${this.#view.shown(aboutTable(error.next, table))}` });
      else throw error;
    } finally {
      this.#peeks--;
    }
  }
}

/** Whether a port cannot be listened on, which a person can mend by naming another. */
export function isPortRefused(error: unknown): boolean {
  return isErrno(error, 'EADDRINUSE', 'EACCES');
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}
