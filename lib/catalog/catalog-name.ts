import type { TableName } from '../dms/object-key.ts';
import type { CatalogName } from '../ports/catalog.ts';

/**
 * The name of a table in the catalog. Athena and Spark take lower case, letters, digits and underscores without quotes
 * (Athena user guide, "Name databases, tables, and columns"): whatever else is in a name becomes an underscore.
 * @param databasePattern the setting catalogDatabase; `{schema}` stands for the table's schema
 */
export function catalogName(databasePattern: string, { schema, table }: TableName): CatalogName {
  return { database: databasePattern.replace('{schema}', () => plainName(schema)), table: plainName(table) };
}

/** `<database>.<table>` */
export function catalogNameText({ database, table }: CatalogName): string {
  return `${database}.${table}`;
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{M}\p{N}_]/gu, '_');
}
