import { commandText } from '../command-text.ts';
import type { TableStatus } from '../table/list-tables.ts';
import type { MergeReport } from '../table/report.ts';
import type { MergeView, TableView } from './view.ts';

/**
 * A table as the page shows it.
 * @param shown texts of what to do, as a person is shown them
 */
export function tableView(
  status: TableStatus,
  seen: Pick<TableView, 'waiting' | 'mergedAt' | 'version'>,
  shown: (text: string) => string,
): TableView {
  const { table, state, blocked, catalog } = status;
  const failed = catalog?.failed;
  return {
    ...status,
    ...(blocked && { blocked: { ...blocked, next: shown(blocked.next) } }),
    ...(failed && { catalog: { ...catalog, failed: { ...failed, next: shown(failed.next) } } }),
    ...seen,
    ...(state === 'inactive' && { activation: shown(commandText('activate', table, '--primary-key', '…')) }),
  };
}

export function mergeView(report: MergeReport): MergeView {
  return {
    files: report.loadFiles + report.changeFiles,
    inserted: report.rowsInserted,
    updated: report.rowsUpdated,
    deleted: report.rowsDeleted,
    ignored: report.rowsIgnored,
  };
}
