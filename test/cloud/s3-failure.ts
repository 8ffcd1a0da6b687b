/** The errors of S3 that the model can answer with, and their HTTP status. */
const STATUS = {
  PreconditionFailed: 412,
  ConditionalRequestConflict: 409,
  InvalidObjectState: 403,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  InvalidRange: 416,
  InvalidArgument: 400,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidRequest: 400,
  EntityTooSmall: 400,
  BadDigest: 400,
  NotImplemented: 501,
  ServiceUnavailable: 503,
} as const;

export type S3ErrorCode = keyof typeof STATUS;

export class S3Failure extends Error {
  override readonly name = 'S3Failure';
  readonly status: number;
  constructor(
    readonly code: S3ErrorCode,
    message: string = code,
  ) {
    super(message);
    this.status = STATUS[code];
  }
}
