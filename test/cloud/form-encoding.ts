/** As S3 writes keys in events and in listings with EncodingType url: a space is a plus, other bytes are %XX. */
export function formEncode(key: string): string {
  const encoded = encodeURIComponent(key).replace(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return encoded.replaceAll('%20', '+').replaceAll('%2F', '/');
}
