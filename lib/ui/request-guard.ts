import type { IncomingMessage } from 'node:http';

/**
 * Why a request is refused; undefined if it is not. The page shows rows, so only pages of this very server may read it: a
 * foreign page that has its own name resolve to 127.0.0.1 (DNS rebinding) names that in Host, one that merely sends
 * requests here names itself in Origin or is told by Sec-Fetch-Site.
 */
export function refusal(
  { method, headers }: IncomingMessage,
  port: number,
): { status: number; why: string } | undefined {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (!hosts.includes(headers.host?.toLowerCase() ?? ''))
    return { status: 421, why: `This page is at http://127.0.0.1:${port}/ only.` };
  const { origin } = headers;
  if (origin !== undefined && !hosts.some((host) => origin === `http://${host}`))
    return { status: 403, why: 'Other pages may not read this one.' };
  const site = headers['sec-fetch-site'];
  const isNavigation = headers['sec-fetch-mode'] === 'navigate';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isNavigation)
    return { status: 403, why: 'Other pages may not read this one.' };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, why: 'This page only reads: GET or HEAD.' };
  return undefined;
}

/** Nothing from elsewhere, nothing inline, in no frame, kept nowhere. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};
