import type { ColumnType, PhysicalValue } from './column-type.ts';
import { textForm } from './text-form.ts';

/** The text of any value, for people: bytes that are no text are 0x and hexadecimal digits. */
export function valueText(value: NonNullable<PhysicalValue>, type: ColumnType): string {
  const hexadecimal = (): string => `0x${Buffer.from(value as Uint8Array).toString('hex')}`;
  if (type.logical.kind === 'bytes') return hexadecimal();
  try {
    return textForm(value, type);
  } catch (error) {
    // Not UTF-8.
    if (!(error instanceof TypeError && value instanceof Uint8Array)) throw error;
    return hexadecimal();
  }
}
