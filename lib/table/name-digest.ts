import { createHash } from 'node:crypto';

/**
 * A set of names in eight bytes: the sum of their hashes. Names are added and taken away in any order, and two sets have
 * the same digest if they hold the same names; that others do is as likely as that two hashes of 64 bits agree.
 */
export type NameDigest = bigint;

export const NO_NAMES: NameDigest = 0n;

export function plusNames(digest: NameDigest, names: Iterable<string>): NameDigest {
  let sum = digest;
  for (const name of names) sum += hashOf(name);
  return BigInt.asUintN(BITS, sum);
}

export function minusNames(digest: NameDigest, names: Iterable<string>): NameDigest {
  let sum = digest;
  for (const name of names) sum -= hashOf(name);
  return BigInt.asUintN(BITS, sum);
}

/** As the table's row keeps it: 16 hexadecimal digits. */
export function digestText(digest: NameDigest): string {
  return digest.toString(16).padStart(BITS / 4, '0');
}

/** @returns undefined for what is no digest */
export function parseDigest(text: string): NameDigest | undefined {
  return /^[0-9a-f]{16}$/.test(text) ? BigInt(`0x${text}`) : undefined;
}

const BITS = 64;

function hashOf(name: string): bigint {
  return createHash('sha256').update(name).digest().readBigUInt64BE(0);
}
