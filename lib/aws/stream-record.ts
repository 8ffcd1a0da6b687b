import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { AttributeValue as LambdaAttributeValue, DynamoDBRecord } from 'aws-lambda';

import type { RowChange } from '../table/wake.ts';
import { toTableItem } from './attributes.ts';

/** A record of the controller table's stream (view type NEW_AND_OLD_IMAGES) as the change of a row. */
export function fromStreamRecord(record: DynamoDBRecord): RowChange {
  const { SequenceNumber, OldImage, NewImage } = record.dynamodb ?? {};
  if (SequenceNumber === undefined)
    throw new Error(`record ${record.eventID} of the controller table's stream has no sequence number`);
  return {
    sequenceNumber: SequenceNumber,
    ...(OldImage && { before: toTableItem(toSdk(OldImage)) }),
    ...(NewImage && { after: toTableItem(toSdk(NewImage)) }),
  };
}

/** Lambda's JSON has the shapes of the SDK's values; only binary ones, which Tidemark has no use for, are Base64 text. */
function toSdk(image: Record<string, LambdaAttributeValue>): Record<string, AttributeValue> {
  return image as Record<string, AttributeValue>;
}
