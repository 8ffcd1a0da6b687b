import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { parseObjectKey } from '../dms/object-key.ts';
import { messageOf } from '../errors.ts';
import type { TableSettings } from '../table/configure.ts';
import { WrongUsage } from './wrong-usage.ts';

const EXAMPLE = '{"sales/orders": {"primaryKey": ["id"], "partitionKey": ["day"], "active": true}}';

const tableName = v.pipe(
  v.string(),
  v.check((name) => {
    const key = parseObjectKey(`${name}/any`, '');
    return key.kind === 'table' && key.file === 'any';
  }, 'expected a table as "<schema>/<table>"'),
);

const columnName = v.pipe(
  v.string('expected the name of a column'),
  // The controller table keeps names as text: 'a,b' are two columns, and 'null' is none.
  v.check(
    (name) => name !== '' && name !== 'null' && name === name.trim() && !name.includes(','),
    'expected the name of a column, without commas, or spaces around it',
  ),
);

const columnNames = v.pipe(
  v.array(columnName, 'expected a list of column names, such as ["id"]'),
  v.check((names) => new Set(names).size === names.length, 'expected each column once'),
);

const settings = v.strictObject({
  primaryKey: v.optional(columnNames),
  partitionKey: v.optional(columnNames),
  active: v.optional(v.boolean('expected true or false')),
  onTruncate: v.optional(v.picklist(['keep', 'empty'], 'expected "keep" or "empty"')),
});

const tables = v.pipe(
  v.custom<object>((input) => !Array.isArray(input), 'expected an object by table'),
  v.record(tableName, settings, 'expected an object by table'),
);

/**
 * The file of `--tables`: by `<schema>/<table>`, what a person sets in a table's row.
 * @throws WrongUsage naming the file, the field and what is expected there.
 */
export async function readTablesFile(file: string): Promise<Map<string, TableSettings>> {
  const result = v.safeParse(tables, await readJson(file));
  if (!result.success) {
    const faults = result.issues.map((issue) => `  ${fieldOf(issue)}: ${expectationOf(issue)}`);
    throw new WrongUsage(`--tables: ${file} is not as expected:\n${faults.join('\n')}\nAn example: ${EXAMPLE}`);
  }
  return new Map(
    Object.entries(result.output).map(([name, { primaryKey, partitionKey, active, onTruncate }]) => [
      name,
      {
        ...(primaryKey && { primaryKey }),
        ...(partitionKey && { partitionKey }),
        ...(active !== undefined && { active }),
        ...(onTruncate && { onTruncate }),
      },
    ]),
  );
}

async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new WrongUsage(`--tables: ${file} cannot be read: ${messageOf(cause)}. It holds JSON such as ${EXAMPLE}`, {
      cause,
    });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new WrongUsage(`--tables: ${file} is not JSON: ${messageOf(cause)}. An example: ${EXAMPLE}`, { cause });
  }
}

function fieldOf({ path }: v.BaseIssue<unknown>): string {
  const [table, ...fields] = (path ?? []).map(({ key }) => String(key));
  if (table === undefined) return 'the whole file';
  return [JSON.stringify(table), ...fields].join(' → ');
}

function expectationOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    return 'unknown field; expected primaryKey, partitionKey, active or onTruncate';
  }
  if (issue.type === 'strict_object' || issue.type === 'record') {
    return `expected an object, not ${issue.received}`;
  }
  return `${issue.message}, not ${issue.received}`;
}
