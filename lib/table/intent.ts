import { mapConcurrently } from '../concurrency.ts';
import { emptyFilePieces, retaggedPieces } from '../merge/write-lake-file.ts';
import type { Column } from '../parquet/column-type.ts';
import type { Ports } from '../ports/ports.ts';
import { ObjectChanged } from '../ports/object-store.ts';
import type { Deadline } from './deadline.ts';
import { readLakeFiles } from './lake-table.ts';
import type { LakeAccess } from './lake-table.ts';
import type { StoredRow } from './row-store.ts';
import { saveProgress } from './row-store.ts';
import type { IntendedWrite } from './row.ts';

/**
 * Takes over from a merge that has not come to its commit: it died, or it is slow (a zombie) and its writes may still
 * arrive, long after we have merged more. So each write that its intent names is made impossible, before anything is
 * planned from what is really there:
 * a file still in the version that it would replace gets a new footer, so that the version is another; a key that it
 * would create gets a file without rows. The intent stays in the row, for the caller to replace or clear.
 *
 * @param columnsIfNone columns of a file without rows where the lake has no file to take them from
 * @throws TableItemChanged if another consumer did so first.
 */
export async function takeOver(
  row: StoredRow,
  prefix: string,
  columnsIfNone: () => Promise<readonly Column[]>,
  deadline: Deadline,
  access: LakeAccess,
  { tables, random, log }: Pick<Ports, 'tables' | 'random' | 'log'>,
): Promise<StoredRow> {
  const { intent, attempts, generation } = row.progress;
  log.warn('taking over a merge that was not committed', {
    table: row.path,
    objects: intent.length,
    attempts: attempts + 1,
  });
  // The version first: from here on the other one can neither claim nor commit. The intent stays until all is done.
  const taken = await saveProgress(row, { attempts: attempts + 1 }, tables, random);
  const { lake } = access;
  const known = await readLakeFiles(taken, prefix, access);
  const columns = known.columns.length > 0 ? known.columns : await columnsIfNone();
  const identity = () => ({ id: random.id(), table: row.path });
  const byKey = new Map([...known.current, ...known.stale].map((file) => [file.key, file]));
  await mapConcurrently(intent, WRITES_AT_ONCE, async ({ key, replaces }) => {
    const file = byKey.get(key);
    if (replaces === 'absent') {
      if (!file)
        await unlessChanged(
          lake.write(key, deadline.guard(emptyFilePieces({ columns, generation, ...identity() })), replaces),
        );
    } else if (file?.eTag === replaces.eTag) {
      const pieces = retaggedPieces(await file.open(), identity());
      await unlessChanged(lake.write(key, deadline.guard(pieces), replaces));
    }
  });
  return taken;
}

/** Says which lake objects are about to be written; from now on they may be. */
export function claim(
  row: StoredRow,
  intent: readonly IntendedWrite[],
  { tables, random }: Pick<Ports, 'tables' | 'random'>,
): Promise<StoredRow> {
  return saveProgress(row, { intent }, tables, random);
}

const WRITES_AT_ONCE = 8;

/** The write of the other one came first: then it cannot come again. */
async function unlessChanged(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!(error instanceof ObjectChanged)) throw error;
  }
}
