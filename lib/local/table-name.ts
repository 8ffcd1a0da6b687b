import type { Config } from '../config.ts';
import type { TableName } from '../dms/object-key.ts';
import { tableOfPath, tablePath } from '../dms/object-key.ts';
import { WrongUsage } from './wrong-usage.ts';

/**
 * The table that a person named.
 * @param text `<schema>/<table>`
 * @throws WrongUsage if it is no table's name.
 */
export function namedTable(text: string, config: Config): { path: string; name: TableName } {
  const [schema = '', table = '', ...rest] = text.split('/');
  const path = tablePath(config.rawBucket, config.rawPrefix, schema, table);
  const name = tableOfPath(path, config);
  if (!name || rest.length > 0)
    throw new WrongUsage(`${text} is no table's name. Give it as <schema>/<table>, such as sales/orders.`);
  return { path, name };
}
