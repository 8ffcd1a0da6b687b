/** What a person asked for is not done, and nothing was changed: the message says why, `next` what to do instead. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly next: string;
  constructor(reason: string, next: string, options?: ErrorOptions) {
    super(reason, options);
    this.next = next;
  }
}
