import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { connect } from '../lib/aws/connect.ts';
import { inRequest } from '../lib/aws/request.ts';
import { fromStreamRecord } from '../lib/aws/stream-record.ts';
import { readConfig } from '../lib/config-from-environment.ts';
import { wakeEditedTables } from '../lib/table/wake.ts';

const ports = connect(readConfig(process.env)); // once per container

/** Wakes each table whose row people edited; hands back the changes that woke nobody though they should have. */
export const handler = inRequest(async (event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
  const { failed } = await wakeEditedTables(event.Records.map(fromStreamRecord), ports);
  return { batchItemFailures: failed.map((sequenceNumber) => ({ itemIdentifier: sequenceNumber })) };
});
