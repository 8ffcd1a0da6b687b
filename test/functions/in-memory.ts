import { jest } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { TableLab } from '../table/table-lab.ts';

/** What the stack gives the functions. */
const ENVIRONMENT = {
  RAW_BUCKET: 'raw-bucket',
  LAKE_BUCKET: 'lake-bucket',
  CONTROLLER_TABLE: 'controller',
  HISTORY_TABLE: 'history',
  WAKE_UPS_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/123456789012/wake-ups.fifo',
};

/** A lab, and the functions' modules as they are imported where AWS stands for its stores. */
export function functionsOnLab(): { lab: TableLab; connections: () => number } {
  const lab = new TableLab();
  let connections = 0;
  Object.assign(process.env, ENVIRONMENT);
  jest.resetModules();
  jest.unstable_mockModule('../../lib/aws/connect.ts', () => ({
    connect: () => {
      connections++;
      return lab.ports;
    },
  }));
  return { lab, connections: () => connections };
}

/** Of an invocation that has `remainingMs` left. */
export function contextOf(remainingMs: number, awsRequestId = 'request-1'): Context {
  return { awsRequestId, getRemainingTimeInMillis: () => remainingMs } as Context;
}

/** A record of an SQS queue as Lambda passes it. */
export function sqsRecord(messageId: string, body: string) {
  return {
    messageId,
    receiptHandle: `receipt of ${messageId}`,
    body,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: '1772359200000',
      SenderId: 'AIDA',
      ApproximateFirstReceiveTimestamp: '1772359200000',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-west-1:123456789012:queue',
    awsRegion: 'eu-west-1',
  };
}
