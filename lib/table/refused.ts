import { TableBlocked } from '../errors.ts';

/** What a person asked for is not done, and nothing was changed: the message says why, `next` what to do instead. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly next: string;
  constructor(reason: string, next: string, options?: ErrorOptions) {
    super(reason, options);
    this.next = next;
  }
}

/**
 * What would block a table is refused to the person who asks for it.
 * @param next what to do instead, if that is not what the block says
 * @throws Refused
 */
export function orRefused<T>(decide: () => T, next?: string): T {
  try {
    return decide();
  } catch (error) {
    if (!(error instanceof TableBlocked)) throw error;
    throw new Refused(error.message, next ?? error.next, { cause: error });
  }
}
