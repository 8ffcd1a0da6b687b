import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface PageFile {
  type: string;
  bytes: Buffer;
}

const PAGE = join(import.meta.dirname, 'page');
const UPLOT = join(dirname(createRequire(import.meta.url).resolve('uplot/package.json')), 'dist');

const JAVASCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';

/** All there is to serve, by its path on the server: a request can name nothing else. */
const FILES: Readonly<Record<string, { type: string; file: string }>> = {
  '/': { type: 'text/html; charset=utf-8', file: join(PAGE, 'index.html') },
  '/page.css': { type: STYLE, file: join(PAGE, 'page.css') },
  '/wave.svg': { type: 'image/svg+xml', file: join(PAGE, 'wave.svg') },
  ...Object.fromEntries(
    ['page', 'elements', 'table-list', 'arrivals', 'freshness', 'newest-rows', 'announcer', 'texts'].map((name) => [
      `/${name}.js`,
      { type: JAVASCRIPT, file: join(PAGE, `${name}.js`) },
    ]),
  ),
  '/uplot.js': { type: JAVASCRIPT, file: join(UPLOT, 'uPlot.esm.js') },
  '/uplot.css': { type: STYLE, file: join(UPLOT, 'uPlot.min.css') },
};

/** Reads the page's files, by their path on the server. */
export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const read = Object.entries(FILES).map(async ([path, { type, file }]): Promise<[string, PageFile]> => {
    return [path, { type, bytes: await readFile(file) }];
  });
  return new Map(await Promise.all(read));
}
