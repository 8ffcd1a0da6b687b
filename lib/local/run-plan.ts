import type { Limits } from '../config.ts';
import { messageOf } from '../errors.ts';
import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '../system.ts';
import { OWN_THREAD } from '../threads/own-thread.ts';
import { planTable } from '../table/plan-table.ts';
import { folderPorts } from './connect.ts';
import type { Console } from './console-report.ts';
import type { GivenFolders } from './folders.ts';
import { checkFolders } from './folders.ts';
import { lineLog } from './line-log.ts';
import { planText } from './plan-text.ts';
import { namedTable } from './table-name.ts';
import { readTablesFile } from './tables-file.ts';
import { WrongUsage } from './wrong-usage.ts';

export interface PlanOptions extends GivenFolders {
  /** JSON file of what people set per table: taken as if it had been applied. */
  tables?: string;
  json?: boolean;
}

/**
 * Says what the next merge of a table would do. Only reads, and may do so while another process merges.
 * @param table `<schema>/<table>`
 * @returns the exit code: 0, 1 wrong usage or an unexpected failure, 2 the table is blocked.
 */
export async function runPlan(
  table: string,
  options: PlanOptions,
  io: Pick<Console, 'out' | 'err'> & { limits?: Limits },
): Promise<number> {
  try {
    const folders = await checkFolders(options);
    const settings = options.tables === undefined ? undefined : await readTablesFile(options.tables);
    const ports = folderPorts(folders, {
      clock: SYSTEM_CLOCK,
      random: SYSTEM_RANDOM,
      log: lineLog(io.err, { verbose: false }),
      threads: OWN_THREAD,
      ...(io.limits && { limits: io.limits }),
    });
    const { path, name } = namedTable(table, ports.config);
    const plan = await planTable(path, name, settings?.get(table), ports);
    if (options.json) io.out(JSON.stringify(plan));
    else for (const line of planText(plan)) io.out(line);
    return plan.state === 'blocked' ? 2 : 0;
  } catch (error) {
    if (error instanceof WrongUsage) io.err(`tidemark plan: ${error.message}\nSee: tidemark plan --help`);
    else io.err(error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error));
    return 1;
  }
}
