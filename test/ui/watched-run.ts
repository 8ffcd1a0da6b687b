import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { placedText } from '../../lib/cli/placed-io.ts';
import { runLocal } from '../../lib/local/run.ts';
import { PageOnlooker } from '../../lib/ui/page-onlooker.ts';

/** `tidemark local --ui` in this process. */
export interface WatchedRun {
  raw: string;
  lake: string;
  /** `http://127.0.0.1:<port>` */
  url: string;
  /** What it said, page's address included. */
  lines: string[];
  stop: () => Promise<number>;
}

/** @param root of the folders raw and lake  @param port 0: any that is free */
export async function startWatchedRun(root: string, tables: object, port = 0): Promise<WatchedRun> {
  const [raw, lake, settings] = [join(root, 'raw'), join(root, 'lake'), join(root, 'tables.json')];
  await mkdir(raw, { recursive: true });
  await writeFile(settings, JSON.stringify(tables));
  const stop = new AbortController();
  const lines: string[] = [];
  let told: (url: string) => void = () => undefined;
  const address = new Promise<string>((resolve) => (told = resolve));
  const tell = (line: string): void => {
    lines.push(line);
    told(/http:\S+(?=\/ )/.exec(line)?.[0] ?? '');
  };
  const page = new PageOnlooker(port, tell, placedText({ raw, lake }));
  const note = (line: string): number => lines.push(line);
  const ended = runLocal({ raw, lake, tables: settings }, { out: note, err: note, stop: stop.signal, onlooker: page });
  const url = await Promise.race([
    address,
    ended.then((exitCode) => Promise.reject(new Error(`the run ended with ${exitCode}: ${lines.join('\n')}`))),
  ]);
  return {
    raw,
    lake,
    url,
    lines,
    stop: () => {
      stop.abort();
      return ended;
    },
  };
}
