/**
 * A process for tests, to be killed: `hold` takes the lock and keeps it; `write` leaves a new version half written;
 * `race` adds 1 to the number in an object and to that in a table's item, so many times, against others.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';

import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '../../lib/system.ts';
import { FolderLock } from '../../lib/local/folder-lock.ts';
import { FolderObjectStore } from '../../lib/local/folder-object-store.ts';
import { FolderTableStore } from '../../lib/local/folder-table-store.ts';
import { ObjectChanged, type Piece } from '../../lib/ports/object-store.ts';
import { TableItemChanged } from '../../lib/ports/table-store.ts';

const [role, root = '', times] = process.argv.slice(2);
const lock = new FolderLock(join(root, 'lock'), SYSTEM_RANDOM);
const store = new FolderObjectStore(join(root, 'lake'), { lock, clock: SYSTEM_CLOCK, random: SYSTEM_RANDOM });
const tables = new FolderTableStore(join(root, 'tables'), { lock, random: SYSTEM_RANDOM });

function sayReady(): void {
  writeSync(1, 'ready\n');
}

if (role === 'hold') {
  await lock.hold(() => {
    sayReady();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
} else if (role === 'write') {
  await store.write('a', halfAVersion(), 'absent');
} else {
  for (let done = 0; done < Number(times);) if (await addedToObject()) done++;
  for (let done = 0; done < Number(times);) if (await addedToItem()) done++;
}

async function* halfAVersion(): AsyncIterable<Piece> {
  yield Buffer.from('half');
  sayReady();
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}

async function addedToObject(): Promise<boolean> {
  try {
    const { eTag, size } = (await store.head('counter'))!;
    const count = Number(Buffer.from(await store.read('counter', eTag, 0, size)).toString());
    await store.write('counter', once(Buffer.from(String(count + 1))), { eTag });
    return true;
  } catch (error) {
    if (error instanceof ObjectChanged) return false;
    throw error;
  }
}

async function addedToItem(): Promise<boolean> {
  const { count } = (await tables.get('counter'))!;
  try {
    await tables.update('counter', { set: { count: Number(count) + 1 }, remove: [] }, { count });
    return true;
  } catch (error) {
    if (error instanceof TableItemChanged) return false;
    throw error;
  }
}

async function* once(piece: Piece): AsyncIterable<Piece> {
  yield await Promise.resolve(piece);
}
