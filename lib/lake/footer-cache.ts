import { TableBlocked } from '../errors.ts';
import type { Footer } from '../parquet/footer.ts';
import type { ReadRange } from '../parquet/parquet-file.ts';
import { MalformedParquet, readFooter } from '../parquet/parquet-file.ts';
import type { ObjectStore, ObjectSummary } from '../ports/object-store.ts';

/**
 * Footers of lake files, kept as long as the process lives: an eTag never names two contents, so a footer that was read
 * once need not be read again.
 */
export class FooterCache {
  private readonly footers = new Map<string, Footer>();
  private bytes = 0;

  /** @throws TableBlocked if the file is not Parquet; ObjectChanged if it was replaced since it was listed. */
  async footer(file: ObjectSummary, read: ReadRange): Promise<Footer> {
    const version = `${file.eTag} ${file.key}`;
    const known = this.footers.get(version);
    if (known) return known;
    const footer = await readFooter(read, file.size).catch((error: unknown) => {
      if (!(error instanceof MalformedParquet)) throw error;
      throw new TableBlocked('', `The lake file ${file.key} cannot be read: ${error.message}.`, {
        next: 'If another program wrote it, move it out of the lake folder of the table, then edit the row or wait for the sweep.',
        cause: error,
      });
    });
    this.keep(version, footer);
    return footer;
  }

  private keep(version: string, footer: Footer): void {
    for (const [oldest, { byteLength }] of this.footers) {
      if (this.bytes + footer.byteLength <= BYTES_MAX) break;
      this.footers.delete(oldest);
      this.bytes -= byteLength;
    }
    this.footers.set(version, footer);
    this.bytes += footer.byteLength;
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
