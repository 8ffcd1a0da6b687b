import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { exitCodeOf } from '../../lib/cli/command-io.ts';
import { Interrupted, terminalConfirm } from '../../lib/cli/confirm.ts';

describe('a question at a terminal', () => {
  it.each([
    ['y', 'y\r', true],
    ['Yes', 'Yes\r', true],
    ['n', 'n\r', false],
    ['nothing', '\r', false],
    ['Ctrl-D', '\u0004', false],
  ])('is answered with %s', async (_, keys, answer) => {
    const [input, output] = [terminalStream(), terminalStream()];
    const answered = terminalConfirm(input, output)?.('Shall I?');
    input.write(keys);
    expect(await answered).toBe(answer);
    expect(String(output.read())).toContain('Shall I? [y/N] ');
  });

  it('ends the command by Ctrl-C: with 130, as interrupted, and not with 1, as refused', async () => {
    const [input, output] = [terminalStream(), terminalStream()];
    const err: string[] = [];
    const io = { err: (line: string) => err.push(line), confirm: terminalConfirm(input, output) };
    const ended = exitCodeOf('forget', io, async ({ confirm }) => ((await confirm?.('Shall I?')) ? 0 : 1));
    input.write('\u0003');
    expect(await ended).toBe(130);
    expect(err).toEqual([new Interrupted().message]);
  });

  it('is not asked where there is none', () => {
    expect(terminalConfirm(new PassThrough(), terminalStream())).toBeUndefined();
    expect(terminalConfirm(terminalStream(), new PassThrough())).toBeUndefined();
  });
});

function terminalStream(): PassThrough & { isTTY: boolean } {
  return Object.assign(new PassThrough(), { isTTY: true });
}
