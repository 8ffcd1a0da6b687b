/**
 * Faults at every call to a service: the hook is asked once for each operation, before it takes effect. A hook that
 * answers later holds the operation back for that long.
 */
export type FaultHook = (operation: Operation) => Fault | Promise<Fault>;

export interface Operation {
  service: 's3' | 'dynamodb' | 'sqs' | 'glue';
  /** Of the port for a memory store (`write`), of the service's API for the cloud (`CompleteMultipartUpload`). */
  name: string;
  /** Object key, table path, or queue name. */
  target: string;
}

/**
 * - `reject`: nothing happens, and the caller is told so;
 * - `apply-then-fail`: it happens, and the caller is told that it failed: a lost answer;
 * - `conflict`: nothing happens, and S3 answers a conditional write with 409; the memory stores treat it as `reject`.
 */
export type Fault = 'none' | 'reject' | 'apply-then-fail' | 'conflict';

/** What a caller of a memory store gets. */
export class InjectedFault extends Error {
  override readonly name = 'InjectedFault';
  constructor(operation: Operation, fault: Fault) {
    super(`${operation.service} ${operation.name} ${operation.target}: ${fault}`);
  }
}

export const noFaults: FaultHook = () => 'none';

/** Runs `effect` under `hook`. */
export async function underFault<T>(hook: FaultHook, operation: Operation, effect: () => T | Promise<T>): Promise<T> {
  const asked = hook(operation);
  // Without waiting where there is nothing to wait for: a simulation makes many thousands of calls a second.
  if (asked === 'none') return effect();
  const fault = await asked;
  if (fault === 'reject' || fault === 'conflict') throw new InjectedFault(operation, fault);
  const answer = await effect();
  if (fault === 'apply-then-fail') throw new InjectedFault(operation, fault);
  return answer;
}
