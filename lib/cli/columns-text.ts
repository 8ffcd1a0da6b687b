import { getBorderCharacters, table } from 'table';

/** Rows of cells as lines of columns, without borders. */
export function columnsText(rows: readonly (readonly string[])[]): string[] {
  return withoutBorders(rows, {});
}

/** A text as lines that are at most so wide; a word that is wider goes on in the next line. */
export function wrappedText(text: string, width: number, indent = ''): string[] {
  const column = { width: Math.max(1, width - indent.length), wrapWord: true, paddingRight: 0 };
  return withoutBorders([[text]], { 0: column }).map((line) => indent + line);
}

function withoutBorders(
  rows: readonly (readonly string[])[],
  columns: Record<number, { width: number; wrapWord: boolean; paddingRight: number }>,
): string[] {
  const text = table(
    rows.map((row) => [...row]),
    {
      border: getBorderCharacters('void'),
      columnDefault: { paddingLeft: 0, paddingRight: 2 },
      columns,
      drawHorizontalLine: () => false,
    },
  );
  return text.split('\n').flatMap((line) => line.trimEnd() || []);
}
