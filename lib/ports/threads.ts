import type { EditedGroup, GroupEdit } from '../merge/edit-group.ts';
import type { FoundKeys, KeysToFind } from '../merge/find-keys.ts';
import type { EncodedRows, RowsToEncode } from '../merge/encode-rows.ts';

/** What can be done on another thread: pure work on plain data. */
export interface Tasks {
  editGroup: (edit: GroupEdit) => EditedGroup;
  encodeRows: (rows: RowsToEncode) => EncodedRows;
  findKeys: (keys: KeysToFind) => FoundKeys;
}

export type TaskName = keyof Tasks;

/**
 * Where the work on row groups is done: on worker threads, or where the caller is (`lib/threads`).
 */
export interface Threads {
  /** How many tasks run at the same time. */
  readonly count: number;

  /**
   * @param bytes of the task that the caller no longer needs: they may be moved instead of copied
   * @throws what the task throws, as far as its message and name; ThreadLost
   */
  run<T extends TaskName>(
    name: T,
    task: Parameters<Tasks[T]>[0],
    bytes?: readonly Uint8Array[],
  ): Promise<ReturnType<Tasks[T]>>;
}

/** The thread ended under its task: of the task that says nothing. It may be tried again. */
export class ThreadLost extends Error {
  override readonly name = 'ThreadLost';
}
