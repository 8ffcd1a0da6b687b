/**
 * A small cloud in memory: S3, SQS and Glue's catalog, faithful where Tidemark depends on them. The real SDK clients talk to it through
 * a request handler, without a socket; tests can also look at its buckets and queues directly.
 */
import { GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { HttpResponse } from '@smithy/protocol-http';
import type { HttpRequest, RequestHandler } from '@smithy/types';
import type { Clock } from '../../lib/ports/clock.ts';
import type { Bucket, StoredObject } from './bucket.ts';
import type { BucketNotifications } from './bucket-notifications.ts';
import type { FaultHook, Operation } from './fault.ts';
import { noFaults } from './fault.ts';
import { glueOperationOf, GlueService, isGlue } from './glue-service.ts';
import type { Answer, Request } from './http.ts';
import { readRequest, toHttpResponse } from './http.ts';
import type { QueueOptions } from './queue.ts';
import { Queue } from './queue.ts';
import { objectCreatedEvent, testEvent } from './s3-event.ts';
import { S3Failure } from './s3-failure.ts';
import { errorAnswer, operationOf, S3Service } from './s3-service.ts';
import { queueArnOf, queueNameIn, sqsOperationOf, SqsService } from './sqs-service.ts';
import type { Uploads } from './uploads.ts';
import { systemClock } from './virtual-clock.ts';

const ACCOUNT = { region: 'eu-central-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

export class Cloud implements RequestHandler<HttpRequest, HttpResponse> {
  /** Asked at every request. A fault of `reject` is a 503, `apply-then-fail` a connection that breaks too late. */
  fault: FaultHook;
  readonly #clock: Clock;
  readonly glue = new GlueService();
  readonly #s3 = new S3Service((bucket, notifications, xml) => this.#putNotifications(bucket, notifications, xml));
  readonly #sqs: SqsService;
  #events = 0;

  constructor(options: { clock?: Clock; fault?: FaultHook } = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#sqs = new SqsService(this.#clock);
    this.fault = options.fault ?? noFaults;
  }

  createBucket(name: string): { bucket: Bucket; uploads: Uploads } {
    return this.#s3.createBucket(name, this.#clock);
  }

  createQueue(name: string, options: QueueOptions): Queue {
    const queue = new Queue(name, options, this.#clock);
    this.#sqs.add(queue);
    return queue;
  }

  queueUrl(queue: Queue): string {
    return `https://sqs.example/000000000000/${queue.name}`;
  }

  queueArn(queue: Queue): string {
    return queueArnOf(queue);
  }

  /** Sends an event to `queue` for every object created in `bucket`, and at once the event that tells of it. */
  notify(bucket: Bucket, queue: Queue): void {
    queue.send({ body: testEvent(bucket.name) });
    bucket.onCreated = (object) => this.#tell(queue, bucket, object);
  }

  /** As `notify` does, for the queues that a client names. */
  #putNotifications(bucket: Bucket, notifications: BucketNotifications, xml: string): void {
    const queueOf = (arn: string): Queue | undefined => this.#sqs.queue(arn.slice(arn.lastIndexOf(':') + 1));
    notifications.put(xml, (arn) => queueOf(arn) !== undefined);
    for (const arn of notifications.queues) queueOf(arn)?.send({ body: testEvent(bucket.name) });
    bucket.onCreated = (object) => {
      for (const arn of notifications.queuesToldOf(object)) this.#tell(queueOf(arn), bucket, object);
    };
  }

  #tell(queue: Queue | undefined, bucket: Bucket, object: StoredObject): void {
    const sequencer = (++this.#events).toString(16).toUpperCase().padStart(16, '0');
    queue?.send({ body: objectCreatedEvent(bucket.name, object, sequencer) });
  }

  s3Client(): S3Client {
    return new S3Client({ ...ACCOUNT, endpoint: 'https://s3.example', forcePathStyle: true, requestHandler: this });
  }

  sqsClient(): SQSClient {
    return new SQSClient({ ...ACCOUNT, endpoint: 'https://sqs.example', requestHandler: this });
  }

  glueClient(): GlueClient {
    return new GlueClient({ ...ACCOUNT, endpoint: 'https://glue.example', requestHandler: this });
  }

  async handle(httpRequest: HttpRequest): Promise<{ response: HttpResponse }> {
    const request = await readRequest(httpRequest);
    const operation = this.#operation(request);
    const fault = await this.fault(operation);
    if (fault === 'reject') return { response: toHttpResponse(unavailable(operation, request)) };
    if (fault === 'conflict')
      return { response: toHttpResponse(errorAnswer(new S3Failure('ConditionalRequestConflict'), request.method)) };
    const answer = this.#answer(operation.service, request);
    if (fault === 'apply-then-fail') throw connectionReset();
    return { response: toHttpResponse(answer) };
  }

  #answer(service: Operation['service'], request: Request): Answer {
    if (service === 'glue') return this.glue.handle(request);
    return service === 's3' ? this.#s3.handle(request) : this.#sqs.handle(request);
  }

  #operation(request: Request): Operation {
    if (isGlue(request)) return { service: 'glue', name: glueOperationOf(request), target: '' };
    if (request.headers['x-amz-target'] === undefined) {
      const key = request.path.slice(request.path.indexOf('/') + 1);
      return { service: 's3', name: operationOf(request), target: request.query['prefix'] ?? key };
    }
    return { service: 'sqs', name: sqsOperationOf(request), target: queueNameIn(request) };
  }
}

function unavailable({ service }: Operation, { method }: Request): Answer {
  if (service === 's3') return errorAnswer(new S3Failure('ServiceUnavailable'), method);
  return { status: 503, body: JSON.stringify({ __type: 'ServiceUnavailable' }) };
}

/** As Node reports it; the SDK sends the request again. */
function connectionReset(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', name: 'TimeoutError' });
}
