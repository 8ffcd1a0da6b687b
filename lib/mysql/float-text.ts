/** The fewest digits that tell the value, and the sign of zero. */
export function floatText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
