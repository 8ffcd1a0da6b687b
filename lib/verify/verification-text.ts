import { counted, countText } from '../count-text.ts';
import type { KeysFound, KeyText } from './key-range.ts';
import type { RowDifferences } from './row-differences.ts';
import type { Verification } from './verify-table.ts';

/** A verification as lines for a person. Of rows they name keys only. */
export function verificationText({ table, state, reason, notes, files, rows }: Verification): string[] {
  const lines = [`${table}: ${STATES[state]}`];
  if (reason !== undefined) lines.push(`  ${reason}`);
  lines.push(...notes.map((note) => `  ${note}`));
  if (files.waiting > 0)
    lines.push(`  ${counted(files.waiting, 'file')} ${files.waiting === 1 ? 'is' : 'are'} not merged yet.`);
  if (!rows) return lines;
  return [
    ...lines,
    `  ${counted(rows.expected, 'row')} in ${counted(files.merged, 'raw file')}, ${countText(rows.inLake)} in the lake, ${countText(rows.equal)} equal`,
    ...differenceLines(rows).map((line) => `  ${line}`),
  ];
}

const STATES: Record<Verification['state'], string> = {
  equal: 'the lake is equal to the raw files',
  differs: 'the lake DIFFERS from the raw files',
  unverifiable: 'cannot be verified',
};

function differenceLines({ missing, unexpected, different, twice, misplaced }: RowDifferences): string[] {
  const { columns } = different;
  const inColumns = columns.length > 0 ? `, in ${columns.join(', ')}` : '';
  return [
    ...line(missing, 'missing from the lake'),
    ...line(unexpected, 'in the lake and should not be'),
    ...line(different, `with other values${inColumns}`),
    ...line(twice, 'in the lake more than once'),
    ...line(misplaced, 'not in the folder of its partition'),
  ];
}

function line({ count, smallest, largest }: KeysFound, what: string): string[] {
  if (count === 0) return [];
  const from = smallest && keyText(smallest);
  const to = largest && keyText(largest);
  const range = from === undefined ? '' : from === to ? `: ${from}` : `: ${from} to ${to ?? ''}`;
  return [`${counted(count, 'row')} ${what}${range}`];
}

/** `id=7`, `region=EU id=null`; what could be taken for something else is quoted. */
function keyText(key: KeyText): string {
  return Object.entries(key)
    .map(([name, text]) => `${name}=${text === null ? 'null' : isPlain(text) ? text : JSON.stringify(text)}`)
    .join(' ');
}

function isPlain(text: string): boolean {
  return text !== 'null' && /^[\w.:+-]+$/.test(text);
}
