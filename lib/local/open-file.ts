import { read, write } from 'node:fs';
import { promisify } from 'node:util';
import type { CopiedRange } from '../ports/object-store.ts';

const COPY_BUFFER_BYTES = 1024 * 1024;

const readSome = promisify(read);
const writeSome = promisify(write);

/** Fills `bytes` from `position` of the open file; fewer are filled only where the file ends. */
export async function readFully(file: number, bytes: Uint8Array, position: number): Promise<number> {
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await readSome(file, bytes, filled, bytes.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

/** Writes all of `bytes` where the last write ended. */
export async function writeFully(file: number, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += (await writeSome(file, bytes, written, bytes.length - written, null)).bytesWritten;
  }
}

/** Copies ranges from one open file to the end of another; memory is one buffer, whatever their size. */
export class RangeCopier {
  #buffer: Buffer | undefined;

  async copy(from: number, { start, end }: CopiedRange, to: number): Promise<void> {
    this.#buffer ??= Buffer.allocUnsafe(COPY_BUFFER_BYTES);
    for (let position = start; position < end;) {
      const chunk = this.#buffer.subarray(0, Math.min(this.#buffer.length, end - position));
      const filled = await readFully(from, chunk, position);
      if (filled < chunk.length) {
        throw new RangeError(
          `The version that is replaced has no bytes ${start}–${end}: it ends at ${position + filled}.`,
        );
      }
      await writeFully(to, chunk);
      position += filled;
    }
  }
}
