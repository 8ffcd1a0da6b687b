/**
 * Text as HTML forms are encoded, with slashes left alone: how S3 spells keys in its notifications, in listings that ask for
 * it, and in the filters of notifications (Amazon S3 user guide, "Configuring event notifications using object key name
 * filtering": a space is a plus, and special characters are percent-encoded).
 */
export function formEncode(key: string): string {
  const encoded = encodeURIComponent(key).replace(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return encoded.replaceAll('%2F', '/').replaceAll('%20', '+');
}

/** @throws URIError on a bad escape */
export function formDecode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
