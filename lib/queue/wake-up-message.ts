import * as v from 'valibot';
import type { Config } from '../config.ts';
import type { TableName } from '../dms/object-key.ts';
import { parseObjectKey, tableOfPath, tablePath } from '../dms/object-key.ts';
import { groupId, type WakeUp } from './wake-up.ts';

/**
 * The body of a wake-up's message, in characters that SQS takes: an S3 key may hold two that it refuses and that JSON does not
 * escape by itself (Amazon SQS API reference, SendMessage, MessageBody).
 */
export function wakeUpBody({ table, key, cause, compact }: WakeUp): string {
  const json = JSON.stringify({ table, key, cause, compact });
  return json.replaceAll('\ufffe', '\\ufffe').replaceAll('\uffff', '\\uffff');
}

/**
 * Reads a message of the wake-ups queue. It is not trusted: the table must be one of this raw bucket and prefix, and the
 * one that the key and the message's group belong to. In another group, it could be merged beside a wake-up of its own.
 * @param group the message's MessageGroupId; undefined where the queue does not tell
 * @throws Error saying why it is refused.
 */
export function parseWakeUp(body: string, config: Config, group?: string): WakeUp & { name: TableName } {
  const { table, key, cause, compact } = v.parse(Body, JSON.parse(body));
  const name = tableOfPath(table, config);
  if (!name) throw new Error(`${table} is no table of ${config.rawBucket}/${config.rawPrefix}`);
  if (group !== undefined && group !== groupId(table)) throw new Error(`the message group is not that of ${table}`);
  const wakeUp = { table, cause, name, ...(compact && { compact }) };
  if (key === undefined) return wakeUp;
  const object = parseObjectKey(key, config.rawPrefix);
  if (object.kind !== 'table' || tablePath(config.rawBucket, config.rawPrefix, object.schema, object.table) !== table) {
    throw new Error(`the key ${key} is not of the table ${table}`);
  }
  return { ...wakeUp, key };
}

const Body = v.object({
  table: v.string(),
  key: v.optional(v.string()),
  cause: v.string(),
  // A request for less than what was meant is refused: a misspelt purge must not leave what was to be gone.
  compact: v.optional(v.strictObject({ purge: v.boolean(), join: v.boolean() })),
});
