import type { CopiedRange, Pieces, WrittenObject } from '../ports/object-store.ts';
import { RangeCopier, writeFully } from './open-file.ts';

/** Writes pieces to the end of a new file. While one is written, or copied, the next is made. */
export class PieceWriter {
  private readonly copier = new RangeCopier();
  private bytesWritten = 0;
  private bytesCopied = 0;
  private copyMs = 0;

  constructor(
    private readonly file: number,
    private readonly replaced: number | undefined,
  ) {}

  async write(pieces: Pieces): Promise<Omit<WrittenObject, 'eTag'>> {
    let writing = Promise.resolve();
    try {
      for await (const piece of pieces) {
        await writing;
        writing = piece instanceof Uint8Array ? this.append(piece) : this.copy(piece);
        // It is waited for in any case; if it fails, then.
        writing.catch(() => undefined);
      }
    } finally {
      // Whatever happens, the file is not closed under a write.
      await Promise.allSettled([writing]);
    }
    await writing;
    const { bytesWritten, bytesCopied, copyMs } = this;
    return { size: bytesWritten + bytesCopied, bytesWritten, bytesCopied, copyMs };
  }

  private async append(bytes: Uint8Array): Promise<void> {
    await writeFully(this.file, bytes);
    this.bytesWritten += bytes.length;
  }

  private async copy(range: CopiedRange): Promise<void> {
    if (this.replaced === undefined)
      throw new RangeError('An object that is new has no old version to copy a range from.');
    const startedMs = performance.now();
    await this.copier.copy(this.replaced, range, this.file);
    this.copyMs += performance.now() - startedMs;
    this.bytesCopied += range.end - range.start;
  }
}
