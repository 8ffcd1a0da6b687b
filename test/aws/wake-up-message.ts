import type { Message } from '@aws-sdk/client-sqs';
import type { WakeUpMessage } from '../../lib/table/reconcile-batch.ts';

/** A message as SQS answers with it, in the form in which Lambda hands it on. */
export function wakeUpMessage({ MessageId, ReceiptHandle, Body, Attributes }: Message): WakeUpMessage {
  const ApproximateReceiveCount = Attributes?.ApproximateReceiveCount ?? '';
  return { messageId: MessageId!, receiptHandle: ReceiptHandle!, body: Body!, attributes: { ApproximateReceiveCount } };
}
