import { Readable } from 'node:stream';

import { HttpResponse } from '@smithy/protocol-http';
import type { HttpRequest } from '@smithy/types';

/** What a service of the cloud answers with. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: Uint8Array | string;
}

/** A request with its body read, its path decoded, and single values for its query's parameters. */
export interface Request {
  method: string;
  /** Decoded, without the first slash. */
  path: string;
  query: Record<string, string | undefined>;
  /** Names in lower case. */
  headers: Record<string, string | undefined>;
  body: Buffer;
}

export async function readRequest({ method, path, query, headers, body }: HttpRequest): Promise<Request> {
  const parameters = Object.entries(query ?? {}).map(([name, value]) => [
    name,
    Array.isArray(value) ? value[0] : (value ?? ''),
  ]);
  return {
    method,
    path: decodeURIComponent(path.slice(1)),
    query: Object.fromEntries(parameters) as Request['query'],
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    body: await readBody(body),
  };
}

async function readBody(body: unknown): Promise<Buffer> {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return Buffer.concat([body]); // a copy: the sender may use its buffer again
  if (!(body instanceof Readable)) throw new TypeError('a request body is neither text, bytes nor a stream');
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

export function toHttpResponse({ status, headers = {}, body = '' }: Answer): HttpResponse {
  const bytes = Buffer.from(body);
  return new HttpResponse({
    statusCode: status,
    headers: { 'content-length': String(bytes.length), ...headers },
    body: Readable.from(bytes.length > 0 ? [bytes] : []),
  });
}
