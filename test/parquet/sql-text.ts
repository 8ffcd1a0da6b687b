/** Pieces of DuckDB's SQL. */

/** A value as text that survives the way through JavaScript, and back: a text decoder drops byte order marks. */
export function written(value: string, type: string): string {
  if (type === 'VARCHAR') return `hex(encode(${value}))`;
  return type === 'BLOB' ? `hex(${value})` : `${value}::VARCHAR`;
}

/** The value that `written` gave as text. */
export function readBack(text: string, type: string): string {
  if (type === 'VARCHAR') return `decode(unhex(${literal(text)}))`;
  return type === 'BLOB' ? `unhex(${literal(text)})` : `${literal(text)}::${type}`;
}

/** Paths as a list. */
export function list(paths: readonly string[]): string {
  return `[${paths.map(literal).join(', ')}]`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name of a column. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
