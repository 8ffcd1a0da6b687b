/**
 * What Tidemark notes in the footer of each lake file, under one key.
 *
 * The random id makes every content unique, so that an eTag (on S3 a hash of the content) never comes back: a write that
 * was meant for an older version can then never succeed by chance.
 */
export interface FileMetadata {
  id: string;
  generation: number;
  /** Path of the table that it is of: a folder must not be taken for another one's. Absent in older files. */
  table?: string;
  /**
   * The parts of raw files that were appended here by merges not yet committed when this version was written: what is
   * found here after a crash is not appended again. Files that are merged by key need none.
   */
  holds: Hold[];
  /**
   * Keys, relative to the table's folder, of files whose rows were taken into this one: their own count no more, whichever
   * version of them is there. Absent if there are none.
   */
  joined?: string[];
  /**
   * Whether rows were changed or removed in row groups that are still as that left them: their dictionaries may hold
   * values that no row has. Absent if not.
   */
  edited?: true;
}

/** Rows [from, to) of one version of a raw file, as far as they belong to this file's partition. */
export interface Hold {
  file: string;
  eTag: string;
  from: number;
  to: number;
}

const KEY = 'tidemark';

export function fileMetadata(metadata: FileMetadata): Map<string, string> {
  return new Map([[KEY, JSON.stringify(metadata)]]);
}

export function readFileMetadata(metadata: ReadonlyMap<string, string>): FileMetadata | undefined {
  const json = metadata.get(KEY);
  if (json === undefined) return undefined;
  try {
    const { id, generation, table, holds, joined, edited } = JSON.parse(json) as Partial<FileMetadata>;
    return {
      id: String(id),
      generation: Number(generation),
      ...(typeof table === 'string' && { table }),
      holds: Array.isArray(holds) ? holds : [],
      ...(Array.isArray(joined) && { joined: joined.map(String) }),
      ...(edited === true && { edited }),
    };
  } catch {
    // Someone else's note under our name is no note of ours.
    return undefined;
  }
}
