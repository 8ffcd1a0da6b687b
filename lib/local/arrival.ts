import { relative, sep } from 'node:path';
import type { Config } from '../config.ts';
import { formEncode } from '../form-encoding.ts';
import type { RandomSource } from '../ports/clock.ts';
import type { ArrivalMessage } from '../queue/route.ts';
import { statFile } from './folder-listing.ts';

/**
 * The message that S3 would send to the arrivals queue for a file of the raw folder; undefined if it is gone.
 * @param rawFolder absolute path  @param path absolute path of the file
 */
export function arrivalOf(
  rawFolder: string,
  path: string,
  { random, config }: { random: RandomSource; config: Pick<Config, 'rawBucket'> },
): ArrivalMessage | undefined {
  const stats = statFile(path);
  if (!stats) return undefined;
  const object = {
    key: formEncode(keyOf(rawFolder, path)),
    size: Number(stats.size),
    sequencer: stats.mtimeNs.toString(16).toUpperCase(),
  };
  const record = {
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    eventTime: stats.mtime.toISOString(),
    s3: { bucket: { name: config.rawBucket }, object },
  };
  return { messageId: random.id(), body: JSON.stringify({ Records: [record] }) };
}

/** The key of the file, as an object of the raw bucket. */
export function keyOf(rawFolder: string, path: string): string {
  return relative(rawFolder, path).split(sep).join('/');
}

/**
 * When the file came to be there under its name, in ms since the epoch; undefined if it is gone. Its time of modification
 * would not do: programs that copy files keep that of the original.
 */
export function appearedAt(path: string): number | undefined {
  const stats = statFile(path);
  return stats && Number(stats.ctimeMs);
}
