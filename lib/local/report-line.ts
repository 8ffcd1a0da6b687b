import { counted, countText } from '../count-text.ts';
import { jsonLine } from '../json-line.ts';
import type { MergeReport } from '../table/report.ts';

/** The names of a report in `--json`, in their order. */
const REPORT_NAMES: (keyof MergeReport)[] = [
  'table',
  'loadFiles',
  'changeFiles',
  'lateFiles',
  'vanishedFiles',
  'rowsInserted',
  'rowsUpdated',
  'rowsDeleted',
  'rowsIgnored',
  'rowGroupsRewritten',
  'rowGroupsCopied',
  'bytesRead',
  'bytesWritten',
  'bytesCopied',
  'copyMs',
  'durationMs',
  'freshFiles',
  'freshnessP50Ms',
  'freshnessP99Ms',
  'freshnessMaxMs',
];

export function reportJson(report: MergeReport): string {
  return jsonLine(report, REPORT_NAMES);
}

/** `sales/orders: 1 load file, 12 change files: 100 rows inserted, 3 updated, 2 deleted in 345 ms`. */
export function readableLine(report: MergeReport): string {
  const files = [
    ...(report.loadFiles > 0 ? [counted(report.loadFiles, 'load file')] : []),
    ...(report.changeFiles > 0 ? [counted(report.changeFiles, 'change file')] : []),
  ];
  const late = report.lateFiles > 0 ? `, ${countText(report.lateFiles)} of them late` : '';
  const ignored =
    report.rowsIgnored > 0 ? `, ${countText(report.rowsIgnored)} ignored (updates and deletes need a primary key)` : '';
  const rows = `${counted(report.rowsInserted, 'row')} inserted, ${countText(report.rowsUpdated)} updated, ${countText(report.rowsDeleted)} deleted`;
  return `${report.table}: ${files.join(', ') || 'no files'}${late}: ${rows}${ignored} in ${Math.round(report.durationMs)} ms`;
}
