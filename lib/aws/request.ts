import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context } from 'aws-lambda';

const requests = new AsyncLocalStorage<string>();

/** The handler, such that whatever is logged while it runs names the request. */
export function inRequest<Event, Answer>(
  handler: (event: Event, context: Context) => Promise<Answer>,
): (event: Event, context: Context) => Promise<Answer> {
  return (event, context) => requests.run(context.awsRequestId, () => handler(event, context));
}

/** The id that Lambda gave to the invocation under way; undefined outside of any. */
export function currentRequestId(): string | undefined {
  return requests.getStore();
}
