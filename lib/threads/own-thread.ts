import type { TaskName, Tasks, Threads } from '../ports/threads.ts';
import { TASKS } from './tasks.ts';

/** Tasks are done where they are asked for: right where there is one core only, or little to do. */
export const OWN_THREAD: Threads = {
  count: 1,
  run<T extends TaskName>(name: T, task: Parameters<Tasks[T]>[0]): Promise<ReturnType<Tasks[T]>> {
    const work = TASKS[name] as (task: Parameters<Tasks[T]>[0]) => ReturnType<Tasks[T]>;
    return new Promise((resolve) => resolve(work(task)));
  },
};
