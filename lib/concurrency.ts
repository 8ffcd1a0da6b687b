/**
 * `Promise.all(items.map(work))` with at most `limit` under way. After a failure nothing new begins, and what is under way
 * is settled before the first error is thrown: nothing runs on behind the caller's back.
 */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  if (items.length === 1) return [await work(items[0] as T, 0)];
  const results = new Array<R>(items.length);
  const failures: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const index = next++;
      try {
        results[index] = await work(items[index] as T, index);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}

/**
 * The results of `work` in the order of the items, with at most `limit` under way or waiting to be taken: what comes out
 * is bounded in memory. What is under way is settled before an error is thrown, or when the caller stops early.
 */
export async function* mapInOrder<T, R>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const under: Promise<R>[] = [];
  const iterator = items[Symbol.iterator]();
  try {
    for (let item = iterator.next(); ;) {
      for (; under.length < limit && !item.done; item = iterator.next()) {
        const result = work(item.value);
        // An error is thrown in its turn; until then nobody waits for it.
        result.catch(() => undefined);
        under.push(result);
      }
      const first = under.shift();
      if (!first) return;
      yield await first;
    }
  } finally {
    await Promise.allSettled(under);
  }
}
