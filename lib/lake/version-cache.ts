import type { ObjectSummary } from '../ports/object-store.ts';

/**
 * What was made of versions of objects, kept as long as the process lives and there is room: an eTag never names two
 * contents. The oldest go first.
 */
export class VersionCache<T extends { byteLength: number }> {
  private readonly values = new Map<string, T>();
  private bytes = 0;

  /** @param bytesMax of all values together, as their `byteLength` says */
  constructor(private readonly bytesMax: number) {}

  get(object: Version): T | undefined {
    return this.values.get(nameOf(object));
  }

  keep(object: Version, value: T): void {
    if (value.byteLength > this.bytesMax) return;
    this.bytes -= this.get(object)?.byteLength ?? 0;
    this.values.delete(nameOf(object));
    for (const [oldest, { byteLength }] of this.values) {
      if (this.bytes + value.byteLength <= this.bytesMax) break;
      this.values.delete(oldest);
      this.bytes -= byteLength;
    }
    this.values.set(nameOf(object), value);
    this.bytes += value.byteLength;
  }
}

type Version = Pick<ObjectSummary, 'key' | 'eTag'>;

function nameOf({ key, eTag }: Version): string {
  return `${eTag} ${key}`;
}
