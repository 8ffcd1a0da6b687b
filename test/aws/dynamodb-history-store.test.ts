import { GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DynamoDbHistoryStore } from '../../lib/aws/dynamodb-history-store.ts';
import type { DynamoDb } from '../cloud/dynamodb.ts';
import { startDynamoDb } from '../cloud/dynamodb.ts';
import { describeHistoryStore } from '../contracts/history-store.ts';

let dynamoDb: DynamoDb;
beforeAll(async () => {
  dynamoDb = await startDynamoDb();
}, 90_000);
afterAll(() => dynamoDb.stop());

const storeOn = (client = dynamoDb.client): DynamoDbHistoryStore =>
  new DynamoDbHistoryStore(client, dynamoDb.historyTableName, { keptDays: 30 });

describeHistoryStore('DynamoDbHistoryStore', () => storeOn());

describe('a history in DynamoDB', () => {
  const at = '2026-03-01T10:00:00.250Z';

  it('expires after the days that it is kept', async () => {
    await storeOn().add('raw/a/b/', { at, requestId: 'r' });
    const key = { path: { S: 'raw/a/b/' }, at: { S: `${at} r` } };
    const get = new GetItemCommand({ TableName: dynamoDb.historyTableName, Key: key });
    const { Item } = await dynamoDb.client.send(get);
    expect(Item?.['expires']).toEqual({ N: String(Date.parse('2026-03-31T10:00:01Z') / 1000) });
  });

  it('is read in pages', async () => {
    const reason = 'x'.repeat(100_000);
    for (let i = 0; i < 13; i++)
      await storeOn().add('raw/long/b/', { at, requestId: String(i).padStart(2, '0'), failed: reason });
    const first = await dynamoDb.client.send(
      new QueryCommand({
        TableName: dynamoDb.historyTableName,
        KeyConditionExpression: '#path = :path',
        ExpressionAttributeNames: { '#path': 'path' },
        ExpressionAttributeValues: { ':path': { S: 'raw/long/b/' } },
      }),
    );
    expect(first.LastEvaluatedKey).toBeDefined();
    expect(await storeOn().list('raw/long/b/', { limit: 100 })).toHaveLength(13);
  });

  it('gives up an answer that does not come within two seconds', async () => {
    const http = new NodeHttpHandler();
    const requestHandler = {
      handle: async (...request: Parameters<NodeHttpHandler['handle']>) => {
        const signal = request[1]?.abortSignal as AbortSignal;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return http.handle(...request);
      },
    };
    const slow = storeOn(dynamoDb.connect({ requestHandler }));
    await expect(slow.add('raw/slow/b/', { at, requestId: 'r' })).rejects.toThrow(/abort|timeout/i);
  });
});
