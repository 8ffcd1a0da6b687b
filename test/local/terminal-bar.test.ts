import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';

const BAR = join(import.meta.dirname, '../../lib/local/terminal-bar.ts');
const SHOW_CURSOR = '\u001b[?25h';
const WRAP_LINES = '\u001b[?7h';
const DRAW_FOR_EVER = `
  const { startBar } = await import(${JSON.stringify(BAR)});
  startBar(Object.assign(process.stderr, { isTTY: true, columns: 80 }), '{value} of {total}', 2, 1);
  setInterval(() => undefined, 1000);
  process.stdout.write('drawn');
`;
const LISTEN = "process.on('SIGINT', () => { process.stderr.write('listened'); process.exit(7); });";

describe('a progress bar that is interrupted', () => {
  async function interrupted(program: string): Promise<{ code: unknown; signal: unknown; shown: string }> {
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.once('data', () => child.kill('SIGINT'));
    const [shown, [code, signal]] = (await Promise.all([text(child.stderr), once(child, 'exit')])) as [
      string,
      unknown[],
    ];
    return { code, signal, shown };
  }

  it('gives the cursor and long lines back, and ends the process', async () => {
    const { signal, shown } = await interrupted(DRAW_FOR_EVER);
    expect(signal).toBe('SIGINT');
    expect(shown).toContain(SHOW_CURSOR);
    expect(shown).toContain(WRAP_LINES);
  });

  it('is gone before what else listens says a word, and leaves the end to it', async () => {
    const { code, shown } = await interrupted(LISTEN + DRAW_FOR_EVER);
    expect(code).toBe(7);
    expect(shown).toMatch(/\?25h.*listened$/s);
  });
});
