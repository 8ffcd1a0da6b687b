/** What connecting an existing raw bucket to a stack changes at the bucket. */
export interface ConnectionRequest {
  bucket: string;
  /** Keys that begin so are told of; the stack's raw prefix unless given. */
  prefix: string | undefined;
  /** Take ours away again. */
  remove: boolean;
}

/** Something that the bucket tells of its objects. */
export interface BucketNotification {
  /** Name among the bucket's notifications; S3 makes one up if there is none. */
  id: string | undefined;
  /** ARN of the queue, topic or function; `Amazon EventBridge`. */
  to: string;
  /** `s3:ObjectCreated:*`, …; none for EventBridge, which gets all. */
  events: readonly string[];
  /** Of keys as they are. */
  prefix: string;
  suffix: string;
}

export interface PlannedConnection {
  before: readonly BucketNotification[];
  /** The same with ours, or without it; all others are kept. */
  after: readonly BucketNotification[];
  isChange: boolean;
  /** What a person should know. */
  notes: readonly string[];
  /**
   * Writes `after`.
   * @throws Refused if the bucket's notifications are no longer as they were read, or S3 does not take them.
   */
  apply: () => Promise<void>;
}
