import { clearLine, clearScreenDown, cursorTo } from 'node:readline';
import { counted } from '../count-text.ts';

/** A terminal on which lines are drawn in place. */
export interface Screen {
  /** As it is now. */
  readonly size: ScreenSize;
  /** Draws lines over what was drawn before; what does not fit is cut off, and said so. */
  draw: (lines: readonly string[]) => void;
}

/** Lines, and characters of each, that can be drawn. */
export interface ScreenSize {
  rows: number;
  columns: number;
}

export type TerminalStream = NodeJS.WritableStream & { columns?: number; rows?: number };

/** The process's own; undefined if its output is no terminal. */
export function processScreen(): Screen | undefined {
  return process.stdout.isTTY ? screenOn(process.stdout) : undefined;
}

export function screenOn(terminal: TerminalStream): Screen {
  let isFirst = true;
  // The cursor stands below the last line.
  const sizeNow = (): ScreenSize => ({ rows: (terminal.rows ?? ROWS) - 1, columns: terminal.columns ?? COLUMNS });
  return {
    get size() {
      return sizeNow();
    },
    draw: (lines) => {
      const { rows, columns } = sizeNow();
      cursorTo(terminal, 0, 0);
      if (isFirst) clearScreenDown(terminal);
      isFirst = false;
      for (const line of fitting(lines, rows)) {
        // Line by line: a screen that is cleared whole flickers.
        clearLine(terminal, 1);
        terminal.write(`${line.length <= columns ? line : `${line.slice(0, columns - 1)}…`}\n`);
      }
      clearScreenDown(terminal);
    },
  };
}

const ROWS = 24;
const COLUMNS = 80;

function fitting(lines: readonly string[], rows: number): readonly string[] {
  if (lines.length <= rows) return lines;
  const shown = lines.slice(0, Math.max(0, rows - 1));
  return [...shown, `… and ${counted(lines.length - shown.length, 'more line')}: enlarge the terminal.`];
}
