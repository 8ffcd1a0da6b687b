import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';

export interface DynamoDb {
  client: DynamoDBClient;
  /** Name of an empty controller table. */
  tableName: string;
  /** Name of an empty table of histories. */
  historyTableName: string;
  /** Another client of the same table. */
  connect(config?: DynamoDBClientConfig): DynamoDBClient;
  stop(): Promise<void>;
}

/**
 * A controller table on dynalite in this process; or, if TIDEMARK_TEST_DYNAMODB_ENDPOINT is set, on what answers there,
 * with region and credentials from the environment (the table is removed afterwards).
 */
export async function startDynamoDb(): Promise<DynamoDb> {
  const endpoint = process.env['TIDEMARK_TEST_DYNAMODB_ENDPOINT'];
  return endpoint === undefined ? startDynalite() : withTable({ endpoint }, () => Promise.resolve());
}

async function startDynalite(): Promise<DynamoDb> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const config = {
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  return withTable(config, async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
}

async function withTable(common: DynamoDBClientConfig, stopServer: () => Promise<void>): Promise<DynamoDb> {
  const clients: DynamoDBClient[] = [];
  const connect = (config: DynamoDBClientConfig = {}): DynamoDBClient => {
    const client = new DynamoDBClient({ ...common, ...config });
    clients.push(client);
    return client;
  };
  const client = connect();
  const tableName = `tidemark-contract-${randomUUID()}`;
  const historyTableName = `${tableName}-history`;
  for (const create of [controllerTable(tableName), historyTable(historyTableName)]) {
    await client.send(create);
    await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1 }, { TableName: create.input.TableName });
  }
  return {
    client,
    tableName,
    historyTableName,
    connect,
    stop: async () => {
      for (const TableName of [tableName, historyTableName]) await client.send(new DeleteTableCommand({ TableName }));
      for (const each of clients) each.destroy();
      await stopServer();
    },
  };
}

/** As the stack makes the controller table, as far as it matters here. */
export function controllerTable(TableName: string): CreateTableCommand {
  return new CreateTableCommand({
    TableName,
    KeySchema: [{ AttributeName: 'path', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'path', AttributeType: 'S' }],
    BillingMode: 'PAY_PER_REQUEST',
  });
}

/** As the stack makes the table of histories. */
export function historyTable(TableName: string): CreateTableCommand {
  return new CreateTableCommand({
    TableName,
    KeySchema: [
      { AttributeName: 'path', KeyType: 'HASH' },
      { AttributeName: 'at', KeyType: 'RANGE' },
    ],
    AttributeDefinitions: [
      { AttributeName: 'path', AttributeType: 'S' },
      { AttributeName: 'at', AttributeType: 'S' },
    ],
    BillingMode: 'PAY_PER_REQUEST',
  });
}
