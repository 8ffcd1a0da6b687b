/** A number of things as people read it: `8,425`. Machines are given the number (`--json`). */
export function countText(count: number): string {
  return count.toLocaleString('en');
}

/** `1 file`, `8,425 rows`. */
export function counted(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`;
}
