import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readTablesFile } from '../../lib/local/tables-file.ts';
import { WrongUsage } from '../../lib/local/wrong-usage.ts';
import { temporaryFolder } from './temporary-folder.ts';

async function fileWith(text: string): Promise<string> {
  const file = join(await temporaryFolder(), 'tables.json');
  await writeFile(file, text);
  return file;
}

describe('the file of --tables', () => {
  it('says of each table what a person sets, and nothing of what it leaves out', async () => {
    const file = await fileWith(
      '{"sales/orders": {"primaryKey": ["id"], "partitionKey": ["day"], "active": true}, "sales/items": {}, "a/b": {"primaryKey": []}}',
    );
    expect([...(await readTablesFile(file))]).toEqual([
      ['sales/orders', { primaryKey: ['id'], partitionKey: ['day'], active: true }],
      ['sales/items', {}],
      ['a/b', { primaryKey: [] }],
    ]);
  });

  it.each([
    ['no JSON', '{"sales/orders": ', ['is not JSON']],
    ['no object', '[]', ['the whole file: expected an object by table, not Array']],
    ['a table without a schema', '{"orders": {}}', ['"orders": expected a table as "<schema>/<table>"']],
    ['a folder too many', '{"sales/orders/2026": {}}', ['"sales/orders/2026": expected a table']],
    ["one of DMS's own tables", '{"sales/awsdms_status": {}}', ['"sales/awsdms_status": expected a table']],
    ['a name that leads elsewhere', '{"sales/..": {}}', ['"sales/..": expected a table']],
    ['a table that is no object', '{"a/b": true}', ['"a/b": expected an object, not true']],
    [
      'an unknown field',
      '{"a/b": {"primarykey": ["id"]}}',
      ['"a/b" → primarykey: unknown field; expected primaryKey, partitionKey, active or onTruncate'],
    ],
    [
      'a key that is no list',
      '{"a/b": {"primaryKey": "id"}}',
      ['"a/b" → primaryKey: expected a list of column names, such as ["id"], not "id"'],
    ],
    [
      'a column that is no text',
      '{"a/b": {"partitionKey": [1]}}',
      ['"a/b" → partitionKey → 0: expected the name of a column'],
    ],
    ['two columns in one text', '{"a/b": {"primaryKey": ["a,b"]}}', ['"a/b" → primaryKey → 0', 'without commas']],
    [
      'a column without a name',
      '{"a/b": {"primaryKey": [""]}}',
      ['"a/b" → primaryKey → 0: expected the name of a column'],
    ],
    ['a column twice', '{"a/b": {"primaryKey": ["a", "a"]}}', ['"a/b" → primaryKey: expected each column once']],
    ['an activity that is text', '{"a/b": {"active": "true"}}', ['"a/b" → active: expected true or false, not "true"']],
    ['several faults', '{"a/b": {"active": 1}, "c": {}}', ['"a/b" → active', '"c": expected']],
  ])('is refused with %s, naming the file, the field and what is expected', async (_, text, expected) => {
    const file = await fileWith(text);
    const error: unknown = await readTablesFile(file).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WrongUsage);
    for (const part of [file, ...expected]) expect((error as WrongUsage).message).toContain(part);
  });

  it('is refused if it is missing', async () => {
    await expect(readTablesFile('/none/tables.json')).rejects.toThrow(
      /^--tables: \/none\/tables.json cannot be read: .*ENOENT/,
    );
  });
});
