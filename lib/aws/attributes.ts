/**
 * Items of the controller table as DynamoDB writes them and as Tidemark knows them: plain JSON, numbers exact.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { convertToAttr, unmarshall } from '@aws-sdk/util-dynamodb';

import type { Attribute, TableItem } from '../ports/table-store.ts';

export function toAttributeValue(value: Attribute): AttributeValue {
  return convertToAttr(value); // throws on numbers that a double does not hold exactly
}

export function toAttributeValues(attributes: Readonly<Record<string, Attribute>>): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, toAttributeValue(value)]));
}

/**
 * @param strange what to do with an attribute that a person gave a type Tidemark has no use for (null, a set, binary, a
 *   number that a double does not hold): throw, naming it, or make it an empty map, which says that there is something
 */
export function toTableItem(values: Record<string, AttributeValue>, strange: 'throw' | 'empty'): TableItem {
  const item: Record<string, Attribute> = {};
  const attributes = unmarshall(values, { wrapNumbers: exactNumber }) as Record<string, unknown>;
  const path = attributes['path'];
  if (typeof path !== 'string') throw new Error('an item of the controller table has no text attribute "path"');
  for (const [name, value] of Object.entries(attributes)) {
    if (isAttribute(value)) item[name] = value;
    else if (strange === 'throw')
      throw new Error(
        `attribute ${name} of the controller table's item ${path} is neither text, number, boolean, list nor map. ` +
          'Give it one of these types, or remove it.',
      );
    else item[name] = {};
  }
  return { ...item, path };
}

/** A number, or undefined if a double would change it. */
function exactNumber(text: string): number | undefined {
  const number = Number(text);
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? undefined : number;
}

function isAttribute(value: unknown): value is Attribute {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return true;
  if (Array.isArray(value)) return value.every(isAttribute);
  return isPlainObject(value) && Object.values(value).every(isAttribute);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]';
}
