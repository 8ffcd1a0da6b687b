import { isErrno } from '../local/errno.ts';

/**
 * Whether what a read failed with will be so at the next one, too: access that is denied, and what is not there. Anything else
 * may go well by itself, expired credentials included: they are read anew.
 */
export function isLastingRefusal(error: unknown): boolean {
  return isErrno(error, 'EACCES', 'EPERM') || (error instanceof Error && LASTING.has(error.name));
}

/** As DynamoDB and S3 name them. */
const LASTING: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'AccessDenied',
  'ResourceNotFoundException',
  'NoSuchBucket',
]);
