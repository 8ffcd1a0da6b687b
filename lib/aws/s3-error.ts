import { S3ServiceException } from '@aws-sdk/client-s3';

/**
 * What an error of S3 means for a conditional request.
 *
 * - `replaced`: the object is not the version named, or gone;
 * - `conflict`: another write of the key was under way (409): try again;
 * - `no upload`: the multipart upload does not exist, or not any more;
 * - `other`: anything else.
 */
export type Refusal = 'replaced' | 'conflict' | 'no upload' | 'other';

export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof S3ServiceException)) return 'other';
  if (error.name === 'NoSuchUpload') return 'no upload';
  if (error.name === 'ConditionalRequestConflict' || statusOf(error) === 409) return 'conflict';
  // HEAD has no body, so its errors have no code: only the status tells
  if (error.name === 'NoSuchKey' || error.name === 'NotFound') return 'replaced';
  if (error.name === 'PreconditionFailed' || statusOf(error) === 412) return 'replaced';
  return 'other';
}

export function isNotFound(error: unknown): boolean {
  return error instanceof S3ServiceException && (error.name === 'NoSuchKey' || error.name === 'NotFound');
}

/** Of a storage class that must be restored first, such as Glacier Flexible Retrieval (Amazon S3 API, GetObject). */
export function isArchived(error: unknown): boolean {
  return error instanceof S3ServiceException && error.name === 'InvalidObjectState';
}

function statusOf(error: S3ServiceException): number | undefined {
  return error.$metadata.httpStatusCode;
}
