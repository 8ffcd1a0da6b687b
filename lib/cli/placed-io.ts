import { aboutTable, runnableText } from '../command-text.ts';
import type { PlaceOptions } from '../place/place.ts';
import { placeWords } from '../place/place.ts';

interface Lines {
  out: (line: string) => void;
  err: (line: string) => void;
}

/**
 * Has commands in what a person reads run as they are pasted: at the place that this command was called with, and about its
 * table. JSON is written as it is.
 */
export function placedIo<T extends Lines>(io: T, options: PlaceOptions & { json?: boolean }, table?: string): T {
  const placed = placedText(options);
  const shown = (line: string): string => placed(table === undefined ? line : aboutTable(line, table));
  const { out, err } = io;
  return { ...io, err: (line) => err(shown(line)), out: options.json ? out : (line) => out(shown(line)) };
}

/** A text of what to do, with commands as they are run at the place. */
export function placedText(options: PlaceOptions): (text: string) => string {
  const place = placeWords(options);
  return (text) => runnableText(text, place);
}
