import type { Actor } from './scheduler.ts';

export type FunctionName = 'route' | 'merge' | 'wake' | 'sweep' | 'command';

/** One invocation of a function. */
export class Process {
  alive = true;
  /** Calls that have not been answered. */
  waiting = 0;
  /** Whether a call of it was held back until others may have moved on. */
  isSlow = false;
  /** Whether it is asked to lay files out anew. */
  isCompacting = false;
  /** When it listed each raw prefix last, in steps. */
  readonly listedAt = new Map<string, number>();

  constructor(
    readonly actor: Actor,
    readonly of: FunctionName,
    /** Nothing more comes of it. */
    readonly died: () => void,
  ) {}
}
