import { join } from 'node:path';

/** Where a demo has its raw files, its lake, and what is set per table, below a folder of its own. */
export function demoFolders(folder: string): { raw: string; lake: string; tables: string } {
  return { raw: join(folder, 'raw'), lake: join(folder, 'lake'), tables: join(folder, 'tables.json') };
}
