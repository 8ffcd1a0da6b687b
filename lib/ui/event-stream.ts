import type { ServerResponse } from 'node:http';
import type { LiveView } from './live-view.ts';

/** Browsers that watch at a time. */
export const WATCHERS_MAX = 50;
/** A watcher that has so much still to read is let go; it comes back and gets everything anew. */
const UNREAD_BYTES_MAX = 4 * 1024 * 1024;
/** A line now and then, so that either side finds out that the other is gone. */
const ALIVE_MS = 15_000;
const RECONNECT_MS = 1_000;

/**
 * Server-sent events: all there is (`everything`), then what changes (`update`), until the watcher goes. Who comes back
 * gets everything anew, so nothing needs to be remembered for it.
 * (HTML Living Standard, "Server-sent events".)
 */
export function streamEvents(response: ServerResponse, view: LiveView): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
  const send = (text: string): void => {
    if (response.writableLength > UNREAD_BYTES_MAX) response.destroy();
    else response.write(text);
  };
  send(`retry: ${RECONNECT_MS}\n${event('everything', { tables: view.tables, gone: [], ...view.recent })}`);
  const unsubscribe = view.subscribe((update) => send(event('update', update)));
  const alive = setInterval(() => send(': alive\n\n'), ALIVE_MS).unref();
  response.on('close', () => {
    clearInterval(alive);
    unsubscribe();
  });
}

/** JSON holds no line breaks, which would end the event. */
function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
