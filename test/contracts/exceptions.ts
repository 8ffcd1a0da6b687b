/* eslint jest/expect-expect: "off", jest/valid-title: "off" -- the contracts name their tests, and expect */
import { it } from '@jest/globals';

/** What a store under test does not keep of a contract: name of the test → why. */
export type Exceptions = Readonly<Record<string, string>>;

/**
 * `it` for a contract. A test that is excepted must fail, and says why it does: once the store keeps the promise, its
 * exception has to go.
 */
export function testsExcept(exceptions: Exceptions): (name: string, work: () => void | Promise<void>) => void {
  return (name, work) => {
    const reason = exceptions[name];
    if (reason === undefined) it(name, work);
    else it.failing(`${name} (not so: ${reason})`, work);
  };
}
