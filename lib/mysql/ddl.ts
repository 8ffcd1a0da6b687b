/** A table that a statement empties or removes: either way DMS deletes its raw files. */
export interface ClearedTable {
  schema: string;
  table: string;
}

/**
 * The tables that a statement of the binlog truncates or drops.
 * @param schema the session's, for names without one
 */
export function clearedTables(sql: string, schema: string): ClearedTable[] {
  const statement = sql.replace(/\/\*.*?\*\//gs, ' ').trim();
  const names = CLEARING.exec(statement)?.[1];
  if (names === undefined) return [];
  return [...names.matchAll(NAME)].map(([, first = '', second]) =>
    second === undefined ? { schema, table: plain(first) } : { schema: plain(first), table: plain(second) },
  );
}

const CLEARING =
  /^(?:TRUNCATE(?:\s+TABLE)?|DROP\s+TABLE(?:\s+IF\s+EXISTS)?)\s+(.+?)(?:\s+(?:WAIT\s+\d+|NOWAIT|RESTRICT|CASCADE))*;?$/is;
const PART = '(`(?:[^`]|``)+`|[^\\s,.`]+)';
const NAME = new RegExp(`${PART}(?:\\s*\\.\\s*${PART})?`, 'g');

function plain(name: string): string {
  return name.startsWith('`') ? name.slice(1, -1).replaceAll('``', '`') : name;
}
