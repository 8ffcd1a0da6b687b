/** The lake as a reader of its folders sees it, kept up as it changes. */
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Row } from './model.ts';

export interface LakeRow extends Row {
  /** Of the file that holds it, as its name says. */
  generation: number;
  /** That file's folder. */
  folder: string;
}

export class LakeView {
  readonly #files = new Map<string, readonly LakeRow[]>();

  /** Rows in the files below `folder`. */
  rows(folder: string): LakeRow[] {
    return [...this.#files].flatMap(([key, rows]) => (key.startsWith(folder) ? rows : []));
  }

  /** Whether a file is known that has rows. */
  hasRows(key: string): boolean {
    return (this.#files.get(key)?.length ?? 0) > 0;
  }

  /** @param bytes undefined if the object is gone */
  async update(key: string, bytes: Uint8Array | undefined): Promise<void> {
    if (bytes && isVisible(key)) this.#files.set(key, await readRows(key, bytes));
    else this.#files.delete(key);
  }
}

/** Readers pass over files whose name begins with an underscore. */
function isVisible(key: string): boolean {
  return !/\/_[^/=]*$/.test(key);
}

async function readRows(key: string, bytes: Uint8Array): Promise<LakeRow[]> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const records = await parquetReadObjects({ file, compressors });
  const [, folderDay] = /\/day=([^/]*)\//.exec(key) ?? [];
  const generation = Number(/\/g(\d+)-[^/]*$/.exec(key)?.[1] ?? 0);
  return records.map(({ Op, id, item, day, extra }) => ({
    op: Op as Row['op'],
    id: id as number,
    item: item as string,
    day: folderDay === undefined ? ((day ?? null) as string | null) : dayOf(folderDay),
    extra: (extra ?? null) as string | null,
    generation,
    folder: key.slice(0, key.lastIndexOf('/')),
  }));
}

function dayOf(folder: string): string | null {
  return folder === '__HIVE_DEFAULT_PARTITION__' ? null : folder;
}
