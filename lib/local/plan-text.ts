import { bytesText } from '../bytes-text.ts';
import { counted, countText } from '../count-text.ts';
import type { FileDescription, PlanDescription } from '../merge/describe-plan.ts';
import { printable } from '../printable.ts';
import type { TablePlan } from '../table/plan-table.ts';

/** A plan as lines for a person. */
export function planText({ table, state, notes, blocked, step, slices = [], waiting = 0, plan }: TablePlan): string[] {
  const lines = [`${table}: ${state}${step ? `, ${STEPS[step]}` : ''}`, ...notes.map((note) => `  ${note}`)];
  if (blocked) {
    const by = blocked.file === '' ? '' : `${printable(blocked.file)}: `;
    lines.push(`  ${by}${blocked.reason}`, `  What to do: ${blocked.next}`);
  }
  if (!plan) return lines;
  const takes = slices.map(({ file, from, to, rows }) => [
    file,
    from === 0 && to === rows
      ? counted(rows, 'row')
      : `rows ${countText(from)} to ${countText(to)} of ${countText(rows)}`,
  ]);
  lines.push('', `Takes ${counted(slices.length, 'raw file')}, leaves ${countText(waiting)} to merges after it:`);
  return [...lines, ...aligned(takes), ...planLines(plan)];
}

const STEPS = { load: 'a full load', changes: 'changes', late: 'a late change file' };

function planLines({ rows, finding, phases, bytes }: PlanDescription): string[] {
  const ignored =
    rows.ignored > 0 ? `, ${countText(rows.ignored)} ignored (updates and deletes need a primary key)` : '';
  const lines = [
    '',
    `Rows:    ${countText(rows.inserted)} inserted, ${countText(rows.updated)} updated, ${countText(rows.deleted)} deleted${ignored}`,
    ...(finding
      ? [
          `Finding: ${countText(finding.filesOpened)} of ${counted(finding.files, 'lake file')} opened, ` +
            `key columns of ${countText(finding.rowGroupsDecoded)} of ${counted(finding.rowGroups, 'row group')} decoded`,
        ]
      : []),
    `Bytes:   about ${bytesText(bytes.written)} written, ${bytesText(bytes.copied)} copied by the store`,
  ];
  if (phases.length === 0) return [...lines, '', 'No lake file is written.'];
  phases.forEach((files, i) => {
    const title = phases.length > 1 ? `Lake files, phase ${i + 1} of ${phases.length}:` : 'Lake files:';
    lines.push('', title, ...files.flatMap(fileLines));
  });
  return lines;
}

function fileLines(file: FileDescription): string[] {
  const { kept, replaced, joined, dropped, added } = file.groups;
  const groups = [
    ['kept', kept.length, numbersText(kept)],
    ['replaced', replaced.length, numbersText(replaced)],
    ['joined', joined.flat().length, joined.map(numbersText).join(' and ')],
    ['dropped', dropped.length, numbersText(dropped)],
    ['added', added, ''],
  ] as const;
  const { rows, bytes } = file;
  return [
    `  ${file.file === '' ? '(new file)' : file.file}`,
    ...aligned(
      [
        [file.layout, file.reason],
        ...(file.layout === 'empty'
          ? []
          : [
              [
                'rows',
                `${countText(rows.replaced)} replaced, ${countText(rows.removed)} removed, ${countText(rows.added)} added`,
              ],
            ]),
        ...groups
          .filter(([, count]) => count > 0)
          .map(([name, count, numbers]) => [`groups ${name}`, numbers === '' ? String(count) : `${count}: ${numbers}`]),
        ['bytes', `about ${bytesText(bytes.written)} written, ${bytesText(bytes.copied)} copied`],
      ],
      '    ',
    ),
  ];
}

/** `0-3, 7`. */
function numbersText(numbers: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const range = ranges.at(-1);
    if (range?.last === number - 1) range.last = number;
    else ranges.push({ first: number, last: number });
  }
  const texts = ranges.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`));
  const more = texts.length - RANGES_MAX;
  return [...texts.slice(0, RANGES_MAX), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}

const RANGES_MAX = 20;

/** Columns side by side. */
function aligned(rows: readonly (readonly string[])[], indent = '  '): string[] {
  const width = rows.reduce((most, [first = '']) => Math.max(most, first.length), 0);
  return rows.map(([first = '', second = '']) => `${indent}${first.padEnd(width)}  ${second}`);
}
