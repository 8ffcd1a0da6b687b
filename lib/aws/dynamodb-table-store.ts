/**
 * The table store port on DynamoDB. Every update carries what it expects as a condition.
 *
 * The answer to an update can be lost, and the SDK's retry then meets its own success and is refused: an item that holds
 * all that was to be set (a random write id among it) was written by this very update.
 */
import { isDeepStrictEqual } from 'node:util';

import type { AttributeValue, DynamoDBClient, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
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

  async delete(path: string, expected: Record<string, Attribute | undefined>): Promise<void> {
    const terms = new Terms();
    // A retry after an answer that was lost finds it gone.
    const isGone = `attribute_not_exists(${terms.name('path')})`;
    const isAsExpected = [`attribute_exists(${terms.name('path')})`, ...terms.conditions(expected)].join(' AND ');
    try {
      await this.#client.send(
        new DeleteItemCommand({
          TableName: this.#tableName,
          Key: { path: { S: path } },
          ConditionExpression: `${isGone} OR (${isAsExpected})`,
          ...terms.placeholders,
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      throw new TableItemChanged(path, { cause: error });
    }
  }
}

function isResultOf({ set, remove }: TableItemChange, item: TableItem): boolean {
  const isSet = Object.entries(set).every(([name, value]) => isDeepStrictEqual(item[name], value));
  return isSet && remove.every((name) => item[name] === undefined);
}

function updateExpression(
  { set, remove }: TableItemChange,
  expected: Record<string, Attribute | undefined>,
): Pick<
  UpdateItemCommandInput,
  'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
> {
  const terms = new Terms();
  const sets = Object.entries(set).map(([key, attribute]) => `${terms.name(key)} = ${terms.value(attribute)}`);
  const removes = remove.map((key) => terms.name(key));
  const isThere = `attribute_exists(${terms.name('path')})`;
  const conditions = terms.conditions(expected);
  return {
    UpdateExpression: [
      ...(sets.length > 0 ? [`SET ${sets.join(', ')}`] : []),
      ...(removes.length > 0 ? [`REMOVE ${removes.join(', ')}`] : []),
    ].join(' '),
    ConditionExpression: [isThere, ...conditions].join(' AND '),
    ...terms.placeholders,
  };
}

/** Names and values of expressions go through placeholders: many attribute names are reserved words of DynamoDB. */
class Terms {
  readonly #names: string[] = [];
  readonly #values: AttributeValue[] = [];

  name(text: string): string {
    if (!this.#names.includes(text)) this.#names.push(text);
    return `#n${this.#names.indexOf(text)}`;
  }

  value(attribute: Attribute): string {
    return `:v${this.#values.push(toAttributeValue(attribute)) - 1}`;
  }

  conditions(expected: Record<string, Attribute | undefined>): string[] {
    return Object.entries(expected).map(([key, attribute]) =>
      attribute === undefined
        ? `attribute_not_exists(${this.name(key)})`
        : `${this.name(key)} = ${this.value(attribute)}`,
    );
  }

  /** DynamoDB takes no empty ones. */
  get placeholders(): Pick<UpdateItemCommandInput, 'ExpressionAttributeNames' | 'ExpressionAttributeValues'> {
    const values = Object.fromEntries(this.#values.map((attribute, i) => [`:v${i}`, attribute]));
    return {
      ExpressionAttributeNames: Object.fromEntries(this.#names.map((text, i) => [`#n${i}`, text])),
      ...(this.#values.length > 0 && { ExpressionAttributeValues: values }),
    };
  }
}
