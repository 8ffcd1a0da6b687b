/**
 * The table store port on DynamoDB. Every update carries what it expects as a condition.
 *
 * The answer to an update can be lost, and the SDK's retry then meets its own success and is refused: an item that holds
 * all that was to be set (a random write id among it) was written by this very update.
 */
import { isDeepStrictEqual } from 'node:util';

import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';

import type { Attribute, TableItem, TableItemChange, TableStore } from '../ports/table-store.ts';
import { TableItemChanged } from '../ports/table-store.ts';
import { toAttributeValue, toAttributeValues, toTableItem } from './attributes.ts';

/** How often an item may vanish between finding it there and reading it. */
const CREATE_ATTEMPTS_MAX = 3;

export class DynamoDbTableStore implements TableStore {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;

  constructor(client: DynamoDBClient, tableName: string) {
    this.#client = client;
    this.#tableName = tableName;
  }

  async get(path: string): Promise<TableItem | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#tableName, Key: { path: { S: path } }, ConsistentRead: true }),
    );
    return Item && toTableItem(Item);
  }

  async *scan(): AsyncIterable<TableItem> {
    let ExclusiveStartKey: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.#client.send(
        new ScanCommand({ TableName: this.#tableName, ConsistentRead: true, ExclusiveStartKey }),
      );
      for (const values of page.Items ?? []) yield toTableItem(values);
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
  }

  async create(item: TableItem): Promise<TableItem> {
    const put = new PutItemCommand({
      TableName: this.#tableName,
      Item: toAttributeValues(item),
      ConditionExpression: 'attribute_not_exists(#path)',
      ExpressionAttributeNames: { '#path': 'path' },
    });
    for (let attempt = 1; attempt <= CREATE_ATTEMPTS_MAX; attempt++) {
      try {
        await this.#client.send(put);
        return item;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
      const present = await this.get(item.path);
      if (present) return present;
    }
    throw new Error(`the controller table's item ${item.path} was there and gone again ${CREATE_ATTEMPTS_MAX} times`);
  }

  async update(path: string, change: TableItemChange, expected: Record<string, Attribute | undefined>): Promise<void> {
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#tableName,
          Key: { path: { S: path } },
          ...updateExpression(change, expected),
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      const present = error.Item ? toTableItem(error.Item) : await this.get(path);
      if (!present || !isResultOf(change, present)) throw new TableItemChanged(path, { cause: error });
    }
  }
}

function isResultOf({ set, remove }: TableItemChange, item: TableItem): boolean {
  const isSet = Object.entries(set).every(([name, value]) => isDeepStrictEqual(item[name], value));
  return isSet && remove.every((name) => item[name] === undefined);
}

/** Names and values go through placeholders: many attribute names are reserved words of DynamoDB. */
function updateExpression(
  { set, remove }: TableItemChange,
  expected: Record<string, Attribute | undefined>,
): {
  UpdateExpression: string;
  ConditionExpression: string;
  ExpressionAttributeNames: Record<string, string>;
  ExpressionAttributeValues: Record<string, AttributeValue>;
} {
  const names: string[] = [];
  const values: AttributeValue[] = [];
  const name = (text: string): string => {
    if (!names.includes(text)) names.push(text);
    return `#n${names.indexOf(text)}`;
  };
  const value = (attribute: Attribute): string => `:v${values.push(toAttributeValue(attribute)) - 1}`;

  const sets = Object.entries(set).map(([key, attribute]) => `${name(key)} = ${value(attribute)}`);
  const removes = remove.map(name);
  const isThere = `attribute_exists(${name('path')})`;
  const conditions = Object.entries(expected).map(([key, attribute]) =>
    attribute === undefined ? `attribute_not_exists(${name(key)})` : `${name(key)} = ${value(attribute)}`,
  );
  return {
    UpdateExpression: [
      ...(sets.length > 0 ? [`SET ${sets.join(', ')}`] : []),
      ...(removes.length > 0 ? [`REMOVE ${removes.join(', ')}`] : []),
    ].join(' '),
    ConditionExpression: [isThere, ...conditions].join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(names.map((text, i) => [`#n${i}`, text])),
    ExpressionAttributeValues: Object.fromEntries(values.map((attribute, i) => [`:v${i}`, attribute])),
  };
}
