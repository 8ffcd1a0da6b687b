import type { Config } from '../config.ts';

/**
 * Where DMS puts things: `<prefix><schema>/<table>/<file>`, the file possibly in folders of its own
 * (AWS DMS user guide, "Using Amazon S3 as a target", BucketFolder and DatePartitionEnabled).
 */
export type ObjectKey =
  | { kind: 'table'; schema: string; table: string; file: string }
  /** Not a table's file, and why; nothing to do with it. */
  | { kind: 'other'; why: string };

/** @param key decoded key of a raw object  @param prefix of the schemas: empty, or ending in '/' */
export function parseObjectKey(key: string, prefix: string): ObjectKey {
  if (!key.startsWith(prefix)) return { kind: 'other', why: `it is not below the raw prefix ${prefix}` };
  const [schema, table, ...rest] = key.slice(prefix.length).split('/');
  const file = rest.join('/');
  if (!schema || !table || rest.length === 0) return { kind: 'other', why: 'it is not in a folder <schema>/<table>/' };
  if (isNotATable(schema) || isNotATable(table)) return { kind: 'other', why: 'DMS keeps its own records there' };
  if (schema === OWN_RECORDS) return { kind: 'other', why: 'Tidemark keeps its own records in a folder of that name' };
  if (leadsElsewhere(schema) || leadsElsewhere(table))
    return { kind: 'other', why: 'its schema or table is named . or .., or with a control character' };
  if (file === '' || file.endsWith('/')) return { kind: 'other', why: 'it is a folder' };
  return { kind: 'table', schema, table, file };
}

/** `<bucket>/<prefix><schema>/<table>/`, the key of the table's row. */
export function tablePath(bucket: string, prefix: string, schema: string, table: string): string {
  return `${bucket}/${prefix}${schema}/${table}/`;
}

/** Control tables (`awsdms_status`, `awsdms_apply_exceptions`, …) and validation's records are not replicated tables. */
function isNotATable(folder: string): boolean {
  return folder.startsWith('awsdms_') || folder === 's3_validation_failures';
}

/** Folder of a lake on this machine that holds the controller table: no schema's. */
const OWN_RECORDS = '_tidemark';

/** As folders, such names would be other folders, or none. */
function leadsElsewhere(folder: string): boolean {
  // eslint-disable-next-line no-control-regex -- control characters are what this is about
  return folder === '.' || folder === '..' || /[\u0000-\u001f\u007f]/.test(folder);
}

export interface TableName {
  schema: string;
  table: string;
}

/** @returns undefined if the path is none of this raw bucket and prefix: a message that is not ours. */
export function tableOfPath(
  path: string,
  { rawBucket, rawPrefix }: Pick<Config, 'rawBucket' | 'rawPrefix'>,
): TableName | undefined {
  if (!path.startsWith(`${rawBucket}/`) || !path.endsWith('/')) return undefined;
  const key = parseObjectKey(`${path.slice(rawBucket.length + 1)}any`, rawPrefix);
  return key.kind === 'table' && key.file === 'any' ? { schema: key.schema, table: key.table } : undefined;
}
