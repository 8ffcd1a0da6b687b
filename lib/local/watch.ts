import { basename } from 'node:path';
import { watch } from 'chokidar';
import { isErrno } from './errno.ts';

/** A file counts as written when its size has not changed for this long. */
const STABLE_MS = 100;
const POLL_MS = 50;

export interface Watch {
  close(): Promise<void>;
}

/**
 * Tells of each file that is created or changed below `folder` from the moment this resolves, once it is written to its
 * end. Names that begin with a dot are passed over: programs that copy files write to such names first.
 */
export async function watchFolder(
  folder: string,
  { onFile, onError }: { onFile: (path: string) => void; onError: (error: Error) => void },
): Promise<Watch> {
  const watcher = watch(folder, {
    ignoreInitial: true,
    // As files are listed: a link to a folder could lead round in circles.
    followSymlinks: false,
    awaitWriteFinish: { stabilityThreshold: STABLE_MS, pollInterval: POLL_MS },
    ignored: (path) => path !== folder && basename(path).startsWith('.'),
  });
  watcher.on('add', onFile).on('change', onFile);
  watcher.on('error', (error) => onError(explained(error)));
  await new Promise<void>((resolve) => watcher.once('ready', () => resolve()));
  return { close: () => watcher.close() };
}

function explained(error: unknown): Error {
  if (isErrno(error, 'ENOSPC', 'EMFILE')) {
    return new Error(
      'The system lets this process watch no more folders, so files in the others are found only by the sweep. On Linux, raise fs.inotify.max_user_watches and fs.inotify.max_user_instances.',
      { cause: error },
    );
  }
  return error instanceof Error ? error : new Error(String(error));
}
