/** What the command was given cannot be run; the message says what to give instead. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage';
}
