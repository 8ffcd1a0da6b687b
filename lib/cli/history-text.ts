import { bytesText } from '../bytes-text.ts';
import { counted, countText } from '../count-text.ts';
import { byFile } from '../errors.ts';
import type { HistoryEntry } from '../table/history-entry.ts';
import { columnsText } from './columns-text.ts';

const HEAD = ['TIME', 'FILES', 'INSERTED', 'UPDATED', 'DELETED', 'READ', 'WRITTEN', 'COPIED', 'TOOK', 'FRESH', 'WHAT'];

/** Entries as lines for a person: one each, and below those that were in the way what that was. */
export function historyText(entries: readonly HistoryEntry[]): string[] {
  return columnsText([HEAD, ...entries.map(cells)]);
}

function cells({ at, report, ...entry }: HistoryEntry): string[] {
  const time = `${at.slice(0, 10)} ${at.slice(11, 19)}`;
  const what = whatText({ at, ...(report && { report }), ...entry });
  if (!report) return [time, ...HEAD.slice(2).map(() => '-'), what];
  const { freshnessP50Ms, freshnessP99Ms } = report;
  return [
    time,
    countText(report.loadFiles + report.changeFiles),
    countText(report.rowsInserted),
    countText(report.rowsUpdated),
    countText(report.rowsDeleted),
    bytesText(report.bytesRead),
    bytesText(report.bytesWritten),
    bytesText(report.bytesCopied),
    timeText(report.durationMs),
    freshnessP50Ms === undefined || freshnessP99Ms === undefined
      ? '-'
      : `${timeText(freshnessP50Ms)}, ${timeText(freshnessP99Ms)}`,
    what,
  ];
}

function whatText({ report, compacted, blocked, released, builtAnew, replayed, failed }: HistoryEntry): string {
  const merged = report && [
    ...(report.loadFiles > 0 ? [counted(report.loadFiles, 'load file')] : []),
    ...(report.changeFiles > 0 ? [counted(report.changeFiles, 'change file')] : []),
    ...(report.lateFiles > 0 ? [`${countText(report.lateFiles)} late`] : []),
    ...(report.vanishedFiles > 0 ? [`${countText(report.vanishedFiles)} vanished`] : []),
    ...(report.rowsIgnored > 0 ? [`${counted(report.rowsIgnored, 'row')} ignored`] : []),
  ];
  return [
    ...(builtAnew !== undefined ? [`built anew: ${builtAnew}`] : []),
    ...(merged ?? []),
    ...(replayed ? ['merged again'] : []),
    ...(compacted ? [`compacted: ${counted(compacted.filesLaidOut + compacted.filesJoined, 'file')}`] : []),
    ...(compacted?.givenUp !== undefined ? [`compacting given up: ${compacted.givenUp}`] : []),
    ...(released ? ['released'] : []),
    ...(blocked ? [`blocked${byFile(blocked.file)}: ${blocked.reason}`] : []),
    ...(failed !== undefined ? [`failed: ${failed}`] : []),
  ].join('; ');
}

/** `345 ms`, `1.2 s`, `17 min`, `3.5 h`. */
function timeText(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds} ms`;
  if (milliseconds < 120_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds < 7_200_000) return `${Math.round(milliseconds / 60_000)} min`;
  return `${(milliseconds / 3_600_000).toFixed(1)} h`;
}
