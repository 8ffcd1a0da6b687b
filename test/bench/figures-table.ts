import type { CaseFigures, FigureName } from './case-figures.ts';

const COLUMNS: readonly FigureName[] = [
  'ms',
  'ms with copy',
  'cold ms',
  'DuckDB ms',
  'ratio',
  'with copy',
  '× small ms',
  'rows/s/core',
  'files/s',
  'written MB',
  '% written',
  'copied MB',
  'groups written',
  'groups kept',
  'store calls',
  'peak MiB',
];

/** Told below a case. */
const ASIDE: readonly FigureName[] = ['slowest ms', 'cpu ms', 'DuckDB cpu ms', '× small bytes', 'start MiB'];

/** One aligned table of all cases; below each case its targets, its profile and its calls. */
export function figuresTable(cases: readonly CaseFigures[]): string {
  const head = ['case', ...COLUMNS];
  const rows = cases.map(({ title, figures }) => [title, ...COLUMNS.map((name) => numberText(figures[name]))]);
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  const lines = [line(head), widths.map((width) => '─'.repeat(width)).join('  ')];
  for (const [i, row] of rows.entries()) lines.push(line(row), ...notes(cases[i]).map((note) => `    ${note}`));
  return lines.join('\n');
}

function notes(figures: CaseFigures | undefined): string[] {
  if (!figures) return [];
  const { targets, profile, calls, difference } = figures;
  const verdicts = targets.map(({ figure, bound, value, met }) => {
    const verdict =
      met === undefined ? 'not measured' : met ? 'met' : `NOT MET (${numberText(figures.figures[figure])})`;
    return `${figure} ${bound} ${value.toLocaleString('en')} ${verdict}`;
  });
  const aside = Object.fromEntries(
    ASIDE.flatMap((name) => (figures.figures[name] === undefined ? [] : [[name, figures.figures[name]]])),
  );
  return [
    `target   ${verdicts.join(', ')}`,
    `profile  ${named(profile, ' ms')}`,
    `also     ${named(aside)}`,
    `calls    ${named(calls)}`,
    ...(difference === undefined ? [] : [`WRONG    rows of the lake and of DuckDB's table: ${difference}`]),
  ];
}

function named(counts: Record<string, number>, unit = ''): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${numberText(count)}${unit}`)
    .join(', ');
}

/** Three significant digits of small numbers, no fraction of large ones. */
function numberText(value: number | undefined): string {
  if (value === undefined) return '–';
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}
