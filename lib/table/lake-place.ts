import type { Config } from '../config.ts';
import type { TableName } from '../dms/object-key.ts';
import { tableOfPath, tablePath } from '../dms/object-key.ts';
import { TableBlocked } from '../errors.ts';
import { lakeFileOf } from '../lake/lake-file.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Ports } from '../ports/ports.ts';
import { rowOfItem } from './item.ts';
import { isOfPartition, OWN_FOLDER } from './lake-owner.ts';
import type { LakeAccess } from './lake-table.ts';
import { readLakeFiles } from './lake-table.ts';
import type { TableRow } from './row.ts';

/**
 * Makes sure that no other table has its lake where `out_path` says, before a table's lake is begun there: of two tables the
 * one that comes later is to give way. Nothing to do for a lake that was begun: each reading of it tells.
 * @throws TableBlocked if the folder is another table's, lies in one, or holds one.
 */
export async function requireFreePlace(
  row: TableRow,
  { schema, table }: TableName,
  prefix: string,
  access: LakeAccess,
  { tables, config }: Pick<Ports, 'tables' | 'config'>,
): Promise<void> {
  const { settings, progress } = row;
  if (settings.outPath === progress.builtWith?.outPath) return;
  const isOwn = prefix.startsWith(`${config.lakePrefix}${schema}/${table}/`);
  if (!isOwn) {
    await requireNoUsualFolder(prefix, tables, config);
    await requireNoneAbove(prefix, access.lake, config);
  }
  await readLakeFiles(row, prefix, access);
}

/** The usual folder of a table that is registered is its own, also while nothing is in it yet. */
async function requireNoUsualFolder(prefix: string, tables: Ports['tables'], config: Config): Promise<void> {
  const [schema = '', table = ''] = prefix.slice(config.lakePrefix.length).split('/');
  const path = tablePath(config.rawBucket, config.rawPrefix, schema, table);
  const item = tableOfPath(path, config) && (await tables.get(path));
  if (!item || rowOfItem(item).settings.outPath !== undefined) return;
  throw new TableBlocked('', `out_path leads into the lake folder of another table, ${schema}/${table}.`, {
    next: OWN_FOLDER,
  });
}

async function requireNoneAbove(prefix: string, lake: ObjectStore, { lakePrefix }: Config): Promise<void> {
  const names = prefix.slice(lakePrefix.length, -1).split('/');
  for (let depth = 2; depth < names.length; depth++) {
    const above = `${lakePrefix}${names.slice(0, depth).join('/')}/`;
    const file =
      (await fileIn(above, {}, prefix, lake)) ?? (await fileIn(above, { after: `${prefix}\u{10ffff}` }, prefix, lake));
    if (file === undefined) continue;
    throw new TableBlocked('', `out_path leads into ${above}, which is a table's folder: ${file} is in it.`, {
      next: `${OWN_FOLDER} If that file is of no table, move it away.`,
    });
  }
}

/** A lake file that is of a folder itself, among the first that are not below `except`. */
async function fileIn(
  folder: string,
  from: { after?: string },
  except: string,
  lake: ObjectStore,
): Promise<string | undefined> {
  let looked = 0;
  for await (const object of lake.list(folder, from)) {
    if (object.key.startsWith(except) || ++looked > LOOKED_AT_MAX) return undefined;
    const file = lakeFileOf(object, folder);
    if (file && isOfPartition(file.folder)) return file.key;
  }
  return undefined;
}

/** As many as a page of a listing has. */
const LOOKED_AT_MAX = 1_000;
