import { commandText, TABLE } from '../command-text.ts';
import { TableBlocked } from '../errors.ts';
import type { Footer } from '../parquet/footer.ts';
import type { ReadRange } from '../parquet/parquet-file.ts';
import { MalformedParquet, readFooter } from '../parquet/parquet-file.ts';
import type { ObjectStore, ObjectSummary } from '../ports/object-store.ts';
import { FilterCache } from './filter-cache.ts';
import { VersionCache } from './version-cache.ts';

/** Footers of lake files: one that was read, or written, once need not be read again. Nor need their bloom filters. */
export class FooterCache extends VersionCache<Footer> {
  readonly filters = new FilterCache();

  constructor() {
    super(BYTES_MAX);
  }

  /**
   * @param footerBytes length of the footer, if it is known
   * @throws TableBlocked if the file is not Parquet; ObjectChanged if it was replaced since it was listed.
   */
  async footer(file: ObjectSummary, read: ReadRange, footerBytes?: number): Promise<Footer> {
    const known = this.get(file);
    if (known) return known;
    const footer = await readFooter(read, file.size, footerBytes).catch((error: unknown) => {
      if (!(error instanceof MalformedParquet)) throw error;
      throw new TableBlocked('', `The lake file ${file.key} cannot be read: ${error.message}.`, {
        next: `Move it out of the table's lake folder. If Tidemark wrote it, its rows are gone: build the table anew then: ${commandText('replay', TABLE, '--all')}. If another program did, the table goes on when the sweep looks at it.`,
        cause: error,
      });
    });
    this.keep(file, footer);
    return footer;
  }
}

/** The footers known of a lake. */
export function footerCacheOf(lake: ObjectStore): FooterCache {
  const known = caches.get(lake) ?? new FooterCache();
  caches.set(lake, known);
  return known;
}

const caches = new WeakMap<ObjectStore, FooterCache>();

/** Of footers as they are stored; parsed they take several times that. */
const BYTES_MAX = 16 * 1024 * 1024;
