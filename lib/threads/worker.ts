import type { MessagePort } from 'node:worker_threads';
import type { EditedGroup } from '../merge/edit-group.ts';
import type { EncodedRows } from '../merge/encode-rows.ts';
import type { FoundKeys } from '../merge/find-keys.ts';
import type { TaskName } from '../ports/threads.ts';
import { TASKS } from './tasks.ts';

export interface TaskMessage {
  name: TaskName;
  task: unknown;
}

export type TaskAnswer = { result: unknown } | { error: { name: string; message: string } };

/** Does the tasks that come through a port, one after the other: the whole of what a worker thread does. */
export function serveTasks(port: MessagePort): void {
  port.on('message', ({ name, task }: TaskMessage) => {
    try {
      const result = (TASKS[name] as (task: unknown) => EditedGroup | EncodedRows | FoundKeys)(task);
      const moved: ArrayBuffer[] = [];
      const answer: TaskAnswer = { result: Array.isArray(result) ? withOwnBytes(result, moved) : result };
      port.postMessage(answer, moved);
    } catch (error) {
      const { name: kind, message } = error instanceof Error ? error : new Error(String(error));
      port.postMessage({ error: { name: kind, message } } satisfies TaskAnswer);
    }
  });
}

/** Chunks are views of the bytes they were made from. Those of a row group are moved as one buffer, in their order. */
function withOwnBytes(result: EditedGroup | EncodedRows, moved: ArrayBuffer[]): EditedGroup | EncodedRows {
  const [first] = result;
  if (typeof first !== 'object' || !('chunks' in first)) return ownChunks(result as EditedGroup, moved);
  return (result as EncodedRows).map(({ rows, chunks }) => ({ rows, chunks: ownChunks(chunks, moved) }));
}

function ownChunks<T extends EditedGroup[number]>(chunks: readonly T[], moved: ArrayBuffer[]): T[] {
  const own = new Uint8Array(chunks.reduce((sum, chunk) => sum + byteLength(chunk), 0));
  moved.push(own.buffer);
  let at = 0;
  return chunks.map((chunk): T => {
    const start = at;
    for (const part of partsOf(chunk)) {
      own.set(part, at);
      at += part.length;
    }
    const bytes = own.subarray(start, at);
    if (typeof chunk !== 'object') return chunk;
    return 'unchanged' in chunk ? { ...chunk, unchanged: bytes } : { ...chunk, parts: [bytes] };
  });
}

function partsOf(chunk: EditedGroup[number]): readonly Uint8Array[] {
  if (chunk === 'unchanged') return [];
  return 'unchanged' in chunk ? [chunk.unchanged] : chunk.parts;
}

function byteLength(chunk: EditedGroup[number]): number {
  return partsOf(chunk).reduce((sum, { length }) => sum + length, 0);
}
