import { commandText, TABLE } from '../command-text.ts';
import type { Ports } from '../ports/ports.ts';
import { TableItemChanged } from '../ports/table-store.ts';
import type { RawListing } from './raw-listing.ts';
import { listRawFiles } from './raw-listing.ts';
import { recognising } from './recognise.ts';
import { Refused } from './refused.ts';
import { rowOfItem } from './item.ts';
import type { StoredRow } from './row-store.ts';
import { saveProgress } from './row-store.ts';
import type { Progress } from './row.ts';

/** What a row's progress is to become, and whatever else is to be known of that; undefined: it stays. */
export interface RowEdit {
  progress: Partial<Progress> | undefined;
}

export type EditPorts = Pick<Ports, 'raw' | 'tables' | 'random' | 'clock'>;

/**
 * Changes a table's progress on a person's demand, in one conditional update, from its row and a listing of all its raw
 * files: should a merge or an edit come in between, it is decided again. Files that arrive after the listing are none of
 * those decided upon, so they stay to be merged.
 * @param decideEdit pure; throws Refused
 * @throws Refused if the table is unknown, or busy; whatever `decideEdit` throws.
 */
export async function editRow<T extends RowEdit>(
  path: string,
  decideEdit: (row: StoredRow, listing: RawListing) => T,
  ports: EditPorts,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const { row, listing } = await readForEdit(path, ports);
    const edit = decideEdit(row, listing);
    if (!edit.progress) return edit;
    try {
      await saveProgress(row, edit.progress, ports.tables, ports.random);
      return edit;
    } catch (error) {
      if (!(error instanceof TableItemChanged)) throw error;
      if (attempt === ATTEMPTS_MAX)
        throw new Refused(
          `Merges of the table came in between ${attempt} times in a row.`,
          'Nothing was changed. Try again in a moment.',
          { cause: error },
        );
    }
  }
}

/**
 * A table's row and all its raw files. The row first: what is listed after it was read is there as it is to be decided.
 * @throws Refused if the table is unknown.
 */
export async function readForEdit(
  path: string,
  { raw, tables, clock }: Omit<EditPorts, 'random'>,
): Promise<{ row: StoredRow; listing: RawListing }> {
  const item = await tables.get(path);
  if (!item)
    throw new Refused(
      'The table is not known.',
      `Is its name right? A new one is registered by its first raw file, or by ${commandText('activate', TABLE, '--primary-key', '…')}.`,
    );
  const row = { ...rowOfItem(item), item };
  const listing = await listRawFiles(row, { keys: [], whole: true }, raw, clock.now());
  return { row: { ...row, progress: recognising(row.progress, listing) }, listing };
}

const ATTEMPTS_MAX = 10;
