/** A line of the function's log. */
export function writeToStdout(line: string): void {
  process.stdout.write(`${line}\n`);
}
