import { editGroup } from '../merge/edit-group.ts';
import { encodeRows } from '../merge/encode-rows.ts';
import { findKeys } from '../merge/find-keys.ts';
import type { Tasks } from '../ports/threads.ts';

export const TASKS: Tasks = { editGroup, encodeRows, findKeys };
