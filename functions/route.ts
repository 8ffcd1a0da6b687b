import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { connect } from '../lib/aws/connect.ts';
import { inRequest } from '../lib/aws/request.ts';
import { readConfig } from '../lib/config-from-environment.ts';
import { routeArrivals } from '../lib/queue/route.ts';

const ports = connect(readConfig(process.env)); // once per container

/** Sends one wake-up for every raw file of this batch; hands back arrivals that are none. */
export const handler = inRequest(async (event: SQSEvent): Promise<SQSBatchResponse> => {
  const { failed } = await routeArrivals(event.Records, ports);
  return { batchItemFailures: failed.map((messageId) => ({ itemIdentifier: messageId })) };
});
