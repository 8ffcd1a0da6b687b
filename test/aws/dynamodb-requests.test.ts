import { ConditionalCheckFailedException, DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';

import { DynamoDbTableStore } from '../../lib/aws/dynamodb-table-store.ts';
import { TableItemChanged } from '../../lib/ports/table-store.ts';

describe('what DynamoDbTableStore sends', () => {
  const mock = mockClient(DynamoDBClient);
  const store = new DynamoDbTableStore(new DynamoDBClient({ region: 'eu-central-1' }), 'controller');
  const change = { set: { version: 2, writeId: 'ours' }, remove: ['intent'] };

  beforeEach(() => void mock.reset());
  afterAll(() => mock.restore());

  it('is one conditional update, names and values by placeholder', async () => {
    mock.on(UpdateItemCommand).resolves({});
    await store.update('p/', change, { version: 1, error: undefined });
    expect(mock.commandCalls(UpdateItemCommand).map(({ args }) => args[0].input)).toEqual([
      {
        TableName: 'controller',
        Key: { path: { S: 'p/' } },
        UpdateExpression: 'SET #n0 = :v0, #n1 = :v1 REMOVE #n2',
        ConditionExpression: 'attribute_exists(#n3) AND #n0 = :v2 AND attribute_not_exists(#n4)',
        ExpressionAttributeNames: {
          '#n0': 'version',
          '#n1': 'writeId',
          '#n2': 'intent',
          '#n3': 'path',
          '#n4': 'error',
        },
        ExpressionAttributeValues: { ':v0': { N: '2' }, ':v1': { S: 'ours' }, ':v2': { N: '1' } },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    ]);
  });

  it('is nothing more when the refusal shows the item: ours is success, another a lost race', async () => {
    const refusal = (writeId: string): ConditionalCheckFailedException =>
      new ConditionalCheckFailedException({
        message: 'The conditional request failed',
        $metadata: {},
        Item: { path: { S: 'p/' }, version: { N: '2' }, writeId: { S: writeId } },
      });
    mock.on(UpdateItemCommand).rejectsOnce(refusal('ours')).rejectsOnce(refusal('theirs'));
    await store.update('p/', change, { version: 1 });
    await expect(store.update('p/', change, { version: 1 })).rejects.toThrow(TableItemChanged);
    expect(mock.calls()).toHaveLength(2);
  });
});
