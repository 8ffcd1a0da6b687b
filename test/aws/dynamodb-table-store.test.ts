import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DynamoDbTableStore } from '../../lib/aws/dynamodb-table-store.ts';
import type { TableItem } from '../../lib/ports/table-store.ts';
import { foreignText, TableItemChanged } from '../../lib/ports/table-store.ts';
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
  /** Of each type that no row has: what it is, and what it becomes by an edit. */
  const FOREIGN: [type: string, value: AttributeValue, edited: AttributeValue][] = [
    ['null', { NULL: true }, { S: 'id' }],
    ['a set of texts', { SS: ['b', 'a'] }, { SS: ['b', 'c'] }],
    ['a set of numbers', { NS: ['2', '10'] }, { NS: ['2'] }],
    ['bytes', { B: Buffer.from('id') }, { B: Buffer.from('ie') }],
    ['a set of bytes', { BS: [Buffer.from('b'), Buffer.from('a')] }, { BS: [Buffer.from('a')] }],
    ['a number that no double is', { N: '12345678901234567890' }, { N: '12345678901234567891' }],
  ];

  it.each(FOREIGN)(
    'keeps, and expects as it is, an attribute of a type it has no use for: %s',
    async (type, value, edited) => {
      const path = `${type}/`;
      const put = async (PrimaryKey: AttributeValue) => {
        const Item = { path: { S: path }, PrimaryKey, folder: { S: 'a' }, version: { N: '1' } };
        await dynamoDb.client.send(new PutItemCommand({ TableName: dynamoDb.tableName, Item }));
      };
      await put(value);
      const store = new DynamoDbTableStore(dynamoDb.client, dynamoDb.tableName);
      const { PrimaryKey = '' }: Partial<TableItem> = (await store.get(path)) ?? {};
      expect(foreignText(PrimaryKey)).toEqual(expect.any(String));
      const scanned: TableItem[] = [];
      for await (const item of store.scan()) if (item.path === path) scanned.push(item);
      expect(scanned).toEqual([{ path, PrimaryKey, folder: 'a', version: 1 }]);

      await store.update(path, { set: { version: 2, again: PrimaryKey }, remove: [] }, { version: 1, PrimaryKey });
      expect(await store.get(path)).toEqual({ path, PrimaryKey, again: PrimaryKey, folder: 'a', version: 2 });
      await put(edited);
      const update = store.update(path, { set: { version: 2 }, remove: [] }, { version: 1, PrimaryKey });
      await expect(update).rejects.toThrow(TableItemChanged);
    },
  );

  it('keeps such a type also inside of lists and maps', async () => {
    const Item = {
      path: { S: 'within/' },
      note: { M: { who: { NULL: true }, where: { L: [{ SS: ['a'] }, { S: 'b' }] } } },
    };
    await dynamoDb.client.send(new PutItemCommand({ TableName: dynamoDb.tableName, Item }));
    const store = new DynamoDbTableStore(dynamoDb.client, dynamoDb.tableName);
    const { note = '' }: Partial<TableItem> = (await store.get('within/')) ?? {};
    await store.create({ path: 'copy/', note });
    const Key = { path: { S: 'copy/' } };
    const { Item: copy } = await dynamoDb.client.send(new GetItemCommand({ TableName: dynamoDb.tableName, Key }));
    expect(copy).toEqual({ ...Key, note: Item.note });
  });

  it('refuses to write a number that a double does not hold exactly', async () => {
    const store = new DynamoDbTableStore(dynamoDb.client, dynamoDb.tableName);
    await expect(store.create({ path: 'large/', version: 2 ** 60 })).rejects.toThrow(/Number/);
  });
});
