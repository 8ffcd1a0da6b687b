import { commandText } from '../command-text.ts';
import { byFile } from '../errors.ts';
import type { Brought } from './place.ts';

/** How a table that is not up to its raw files stands, and what to do; undefined if it is up to them. */
export function notUpToDateText(table: string, { state, blocked }: Brought): string | undefined {
  switch (state) {
    case 'active':
      return undefined;
    case 'inactive':
      return `${table} is inactive, so nothing is merged. To have it merged: ${commandText('activate', table)}`;
    case 'blocked':
      return `${table} is blocked${byFile(blocked?.file ?? '')}: ${blocked?.reason ?? ''}\n  What to do: ${blocked?.next ?? ''}`;
    case 'unfinished':
      return `${table} is not up to date: its merges failed, or did not begin; the log says why. Once that is mended: ${commandText('redrive')}`;
  }
}

/** The exit code: 0 up to date, 2 blocked, 1 neither. */
export function exitCodeOfTable({ state }: Brought): number {
  if (state === 'active') return 0;
  return state === 'blocked' ? 2 : 1;
}
