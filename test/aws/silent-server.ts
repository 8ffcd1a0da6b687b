import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that takes requests and never answers them, unless `listener` does. */
export class SilentServer {
  /** How many came. */
  requests = 0;
  readonly #server;

  constructor(listener: RequestListener = () => undefined) {
    this.#server = createServer((request, response) => {
      this.requests++;
      listener(request, response);
    });
  }

  /** @returns what a client of the AWS SDK is to be made with, to send its requests here */
  async start() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo;
    return {
      endpoint: `http://127.0.0.1:${port}`,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
