import { countText } from '../count-text.ts';
import type { FreshnessFigures } from '../sample/freshness-run.ts';

/** The figures for people, a line each. */
export function freshnessText({ merged, written, seconds, wrong, load }: FreshnessFigures): string[] {
  const figures = Object.entries(seconds).map(([name, value]) => `${name} ${value.toFixed(2)} s`);
  return [
    `${countText(merged)} of ${countText(written)} files merged, from their appearance to the commit: ${figures.join(', ')}`,
    `Processes that wanted a core in the last minute: ${load.toFixed(1)} on average`,
    ...(wrong.length === 0
      ? ['The lake of every table is equal to its raw files.']
      : [`${countText(wrong.length)} tables are wrong:`, ...wrong.map((line) => `  ${line}`)]),
  ];
}
