import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { HistoryStore } from '../ports/history-store.ts';
import type { HistoryEntry } from '../table/history-entry.ts';

/** Items read by one request; a page ends at 1 MB whatever it says. */
const PAGE_ITEMS = 500;
/** A merge waits no longer than this for its history to be written. */
const ADD_MS_MAX = 2_000;
const DAY_SECONDS = 86_400;

/**
 * Histories in a DynamoDB table: key `path`, sort key `at` (the entry's time and request id), the entry as JSON, and
 * `expires`, seconds since the epoch, at which the table's time to live removes it.
 */
export class DynamoDbHistoryStore implements HistoryStore {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #keptDays: number;

  constructor(client: DynamoDBClient, tableName: string, { keptDays }: { keptDays: number }) {
    this.#client = client;
    this.#tableName = tableName;
    this.#keptDays = keptDays;
  }

  async add(path: string, entry: HistoryEntry): Promise<void> {
    const expires = Math.ceil(Date.parse(entry.at) / 1000) + this.#keptDays * DAY_SECONDS;
    const Item = marshall({ path, at: `${entry.at} ${entry.requestId}`, entry: JSON.stringify(entry), expires });
    const put = new PutItemCommand({ TableName: this.#tableName, Item });
    await this.#client.send(put, { abortSignal: AbortSignal.timeout(ADD_MS_MAX) });
  }

  async list(path: string, { limit, since }: { limit: number; since?: Date | undefined }): Promise<HistoryEntry[]> {
    const entries: HistoryEntry[] = [];
    let start: Record<string, unknown> | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await this.#client.send(
        new QueryCommand({
          TableName: this.#tableName,
          // `at` begins with a time; no time sorts before the empty text, so all of them are asked for by a blank.
          KeyConditionExpression: '#path = :path AND #at >= :since',
          ExpressionAttributeNames: { '#path': 'path', '#at': 'at' },
          ExpressionAttributeValues: marshall({ ':path': path, ':since': since?.toISOString() ?? ' ' }),
          ScanIndexForward: false,
          Limit: Math.min(PAGE_ITEMS, limit - entries.length),
          ...(start && { ExclusiveStartKey: marshall(start) }),
        }),
      );
      entries.push(...Items.map((item) => JSON.parse(String(unmarshall(item)['entry'])) as HistoryEntry));
      start = LastEvaluatedKey && unmarshall(LastEvaluatedKey);
    } while (start && entries.length < limit);
    return entries;
  }
}
