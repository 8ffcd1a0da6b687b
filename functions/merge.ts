import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { connect } from '../lib/aws/connect.ts';
import { connectCatalog } from '../lib/aws/connect-catalog.ts';
import { inRequest } from '../lib/aws/request.ts';
import { readConfig } from '../lib/config-from-environment.ts';
import { threadsFor } from '../lib/threads/threads.ts';
import { reconcileBatch } from '../lib/table/reconcile-batch.ts';

const config = readConfig(process.env);
const ports = { ...connect(config), catalog: connectCatalog(config), threads: threadsFor(config.cores) }; // once per container

/** Kept free before the function is stopped, to end requests under way, commit, and wake itself for the rest. */
const RESERVE_MS = 15_000;

/** Brings each table woken by this batch up to its raw files; hands back the wake-ups whose table did not get there. */
export const handler = inRequest(async (event: SQSEvent, context): Promise<SQSBatchResponse> => {
  const deadline = ports.clock.now() + context.getRemainingTimeInMillis() - RESERVE_MS;
  const { failed, outcomes } = await reconcileBatch(
    event.Records,
    { deadline, requestId: context.awsRequestId },
    ports,
  );
  for (const { path, state, report, blocked, isCompactingRefused } of outcomes) {
    if (report !== undefined) ports.log.info('table merged', { path, ...report });
    if (blocked !== undefined) ports.log.error('table is blocked', { path, ...blocked });
    if (isCompactingRefused) ports.log.error('compacting a table is refused', { table: path, state });
  }
  return { batchItemFailures: failed.map((messageId) => ({ itemIdentifier: messageId })) };
});
