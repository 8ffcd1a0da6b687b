import { getBorderCharacters, table } from 'table';

/** Rows of cells as lines of columns, without borders. */
export function columnsText(rows: readonly (readonly string[])[]): string[] {
  const text = table(
    rows.map((row) => [...row]),
    {
      border: getBorderCharacters('void'),
      columnDefault: { paddingLeft: 0, paddingRight: 2 },
      drawHorizontalLine: () => false,
    },
  );
  return text.split('\n').flatMap((line) => line.trimEnd() || []);
}
