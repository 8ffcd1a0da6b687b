import type { ObjectStore } from '../ports/object-store.ts';
import type { Deadline } from './deadline.ts';

/**
 * The same store, from which nothing is listed or read once the deadline has passed: looking at very many files ends in good
 * order then, and leaves a trace.
 * @throws OutOfTime by `list` and `read`
 */
export function readUntil(deadline: Deadline, store: ObjectStore): ObjectStore {
  return {
    list: async function* (prefix, options) {
      for await (const object of store.list(prefix, options)) {
        deadline.check();
        yield object;
      }
    },
    head: (key) => store.head(key),
    read: async (key, eTag, start, end) => {
      deadline.check();
      return await store.read(key, eTag, start, end);
    },
    write: (key, pieces, replaces) => store.write(key, pieces, replaces),
    delete: (key, eTag) => store.delete(key, eTag),
  };
}
