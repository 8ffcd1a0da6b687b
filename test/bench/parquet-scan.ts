/** SQL for the rows of Parquet files. */
export function parquetScan(paths: readonly string[], options = ''): string {
  const texts = paths.map((path) => `'${path.replaceAll("'", "''")}'`);
  return `read_parquet([${texts.join(', ')}]${options})`;
}
