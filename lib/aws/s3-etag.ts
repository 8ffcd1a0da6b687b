/** ETags travel in quotes; Tidemark keeps them without. */
export function quoted(eTag: string): string {
  return `"${eTag}"`;
}

export function unquoted(eTag: string | undefined): string {
  if (eTag === undefined) throw new Error('S3 answered without an ETag');
  return eTag.replaceAll('"', '');
}
