import type { ScheduledEvent } from 'aws-lambda';
import { connect } from '../lib/aws/connect.ts';
import { inRequest } from '../lib/aws/request.ts';
import { readConfig } from '../lib/config-from-environment.ts';
import { sweep } from '../lib/table/sweep.ts';

const ports = connect(readConfig(process.env)); // once per container

/** Finds the tables and files whose events were lost, and wakes them. */
export const handler = inRequest(async (event: ScheduledEvent): Promise<void> => {
  const report = await sweep(event.id, ports);
  ports.log.info('raw files swept', { ...report });
});
