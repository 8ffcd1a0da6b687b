import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DynamoDbTableStore } from '../../lib/aws/dynamodb-table-store.ts';
import { TableItemChanged } from '../../lib/ports/table-store.ts';
import type { DynamoDb } from '../cloud/dynamodb.ts';
import { startDynamoDb } from '../cloud/dynamodb.ts';
import { describeTableStore } from '../contracts/table-store.ts';

let dynamoDb: DynamoDb;

beforeAll(async () => {
  dynamoDb = await startDynamoDb();
}, 90_000);

afterAll(() => dynamoDb.stop());

const DYNALITE = { 'can expect lists and maps': 'dynalite finds no list or map equal to another' };

describeTableStore(
  'DynamoDbTableStore',
  () => new DynamoDbTableStore(dynamoDb.client, dynamoDb.tableName),
  process.env['TIDEMARK_TEST_DYNAMODB_ENDPOINT'] === undefined ? DYNALITE : {},
);

describe('DynamoDbTableStore when an answer is lost', () => {
  /** Lets the next request that is sent take effect, and breaks the connection before its answer. */
  let loseNextAnswer = false;
  let store: DynamoDbTableStore;

  beforeAll(() => {
    const http = new NodeHttpHandler();
    const requestHandler = {
      handle: async (...request: Parameters<NodeHttpHandler['handle']>): ReturnType<NodeHttpHandler['handle']> => {
        const answer = await http.handle(...request);
        if (!loseNextAnswer) return answer;
        loseNextAnswer = false;
        throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' });
      },
    };
    store = new DynamoDbTableStore(dynamoDb.connect({ requestHandler }), dynamoDb.tableName);
  });

  it('knows its own update', async () => {
    await store.create({ path: 'lost/update/', version: 1, intent: 'some' });
    loseNextAnswer = true;
    await store.update('lost/update/', { set: { version: 2, writeId: 'ours' }, remove: ['intent'] }, { version: 1 });
    expect(await store.get('lost/update/')).toEqual({ path: 'lost/update/', version: 2, writeId: 'ours' });
    expect(loseNextAnswer).toBe(false);
  });

  it('knows what it deleted', async () => {
    await store.create({ path: 'lost/delete/', version: 1 });
    loseNextAnswer = true;
    await store.delete('lost/delete/', { version: 1 });
    expect(await store.get('lost/delete/')).toBeUndefined();
    expect(loseNextAnswer).toBe(false);
  });

  it('does not take the like update of another writer for its own', async () => {
    await store.create({ path: 'like/update/', version: 2, writeId: 'theirs' });
    const update = store.update('like/update/', { set: { version: 2, writeId: 'ours' }, remove: [] }, { version: 1 });
    await expect(update).rejects.toThrow(TableItemChanged);
  });

  it('answers with the item that it created', async () => {
    loseNextAnswer = true;
    expect(await store.create({ path: 'lost/create/', version: 1 })).toEqual({ path: 'lost/create/', version: 1 });
    expect(loseNextAnswer).toBe(false);
  });
});

describe('DynamoDbTableStore and what people put into the table', () => {
  it('names an attribute of a type it has no use for, and still scans the others', async () => {
    const Item = { path: { S: 'strange/' }, PrimaryKey: { NULL: true }, folder: { S: 'a' } };
    await dynamoDb.client.send(new PutItemCommand({ TableName: dynamoDb.tableName, Item }));
    const store = new DynamoDbTableStore(dynamoDb.client, dynamoDb.tableName);
    await expect(store.get('strange/')).rejects.toThrow(/attribute PrimaryKey of .* strange\/ is neither text/);
    const scanned = [];
    for await (const item of store.scan()) if (item.path === 'strange/') scanned.push(item);
    expect(scanned).toEqual([{ path: 'strange/', folder: 'a' }]);
  });

  it('refuses to write a number that a double does not hold exactly', async () => {
    const store = new DynamoDbTableStore(dynamoDb.client, dynamoDb.tableName);
    await expect(store.create({ path: 'large/', version: 2 ** 60 })).rejects.toThrow(/Number/);
  });
});
