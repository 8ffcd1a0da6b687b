/**
 * Items of the controller table as DynamoDB writes them and as Tidemark knows them: plain JSON, numbers exact.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { convertToAttr } from '@aws-sdk/util-dynamodb';

import type { Attribute, TableItem } from '../ports/table-store.ts';
import { foreignAttribute, foreignText } from '../ports/table-store.ts';

export function toAttributeValue(value: Attribute): AttributeValue {
  const foreign = foreignText(value);
  if (foreign !== undefined) return fromForeignText(foreign);
  if (Array.isArray(value)) return { L: (value as readonly Attribute[]).map(toAttributeValue) };
  if (typeof value === 'object') return { M: toAttributeValues(value as Readonly<Record<string, Attribute>>) };
  return convertToAttr(value); // throws on numbers that a double does not hold exactly
}

export function toAttributeValues(attributes: Readonly<Record<string, Attribute>>): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, toAttributeValue(value)]));
}

/**
 * What a person gave a type that Tidemark has no use for (null, a set, binary, a number that a double does not hold) is a
 * foreign attribute, which converts back to what it was.
 */
export function toTableItem(values: Record<string, AttributeValue>): TableItem {
  const item = toAttributes(values);
  const { path } = item;
  if (typeof path !== 'string') throw new Error('an item of the controller table has no text attribute "path"');
  return { ...item, path };
}

function toAttributes(values: Record<string, AttributeValue>): Record<string, Attribute> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toAttribute(value)]));
}

function toAttribute(value: AttributeValue): Attribute {
  if (value.S !== undefined) return value.S;
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.L !== undefined) return value.L.map(toAttribute);
  if (value.M !== undefined) return toAttributes(value.M);
  const number = value.N === undefined ? undefined : exactNumber(value.N);
  return number ?? foreignAttribute(toForeignText(value));
}

/** A number, or undefined if a double would change it. */
function exactNumber(text: string): number | undefined {
  const number = Number(text);
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? undefined : number;
}

/** As JSON, bytes as Base64, as Lambda has them; sets in one order, since DynamoDB promises none. */
function toForeignText(value: AttributeValue): string {
  const [type, content] = Object.entries(value).find(([, of]) => of !== undefined) ?? [];
  const plain = Array.isArray(content) ? content.map(base64IfBytes).sort() : base64IfBytes(content);
  return JSON.stringify({ [String(type)]: plain });
}

function base64IfBytes(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

function fromForeignText(text: string): AttributeValue {
  const value = JSON.parse(text) as { B?: string; BS?: string[] };
  if (value.B !== undefined) return { B: Buffer.from(value.B, 'base64') };
  if (value.BS !== undefined) return { BS: value.BS.map((bytes) => Buffer.from(bytes, 'base64')) };
  return value as AttributeValue;
}
