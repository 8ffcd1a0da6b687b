import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { terminalConfirm } from '../../lib/cli/confirm.ts';

describe('a question at a terminal', () => {
  it.each([
    ['y', 'y\r', true],
    ['Yes', 'Yes\r', true],
    ['n', 'n\r', false],
    ['nothing', '\r', false],
    ['Ctrl-C', '\u0003', false],
    ['Ctrl-D', '\u0004', false],
  ])('is answered with %s', async (_, keys, answer) => {
    const [input, output] = [terminalStream(), terminalStream()];
    const answered = terminalConfirm(input, output)?.('Shall I?');
    input.write(keys);
    expect(await answered).toBe(answer);
    expect(String(output.read())).toContain('Shall I? [y/N] ');
  });

  it('is not asked where there is none', () => {
    expect(terminalConfirm(new PassThrough(), terminalStream())).toBeUndefined();
    expect(terminalConfirm(terminalStream(), new PassThrough())).toBeUndefined();
  });
});

function terminalStream(): PassThrough & { isTTY: boolean } {
  return Object.assign(new PassThrough(), { isTTY: true });
}
