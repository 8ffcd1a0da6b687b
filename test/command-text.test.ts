import { describe, expect, it } from '@jest/globals';
import { aboutTable, commandText, runnableText, TABLE } from '../lib/command-text.ts';

const FOLDERS = ['--raw', './raw', '--lake', './my lake'];

describe('commands in a text of what to do', () => {
  const text = `Put a good copy in its place, or ${commandText('skip', TABLE, '20260301-101500123.parquet')}, or remove it.`;

  it('stand between backticks, and say TABLE as long as the table is not known', () => {
    expect(text).toContain('or `tidemark skip TABLE 20260301-101500123.parquet`, or');
  });

  it('get the table once it is known', () => {
    expect(aboutTable(text, 'sales/orders')).toContain('`tidemark skip sales/orders 20260301-101500123.parquet`');
    expect(aboutTable(commandText('tables'), 'sales/orders')).toBe('`tidemark tables`');
    expect(aboutTable(commandText('skip', 'a/b', TABLE), 'sales/orders')).toBe('`tidemark skip a/b TABLE`');
  });

  it('get the place from who shows them, so that they can be pasted', () => {
    expect(runnableText(aboutTable(text, 'sales/orders'), FOLDERS)).toBe(
      "Put a good copy in its place, or `npx tidemark skip sales/orders 20260301-101500123.parquet --raw ./raw --lake './my lake'`, or remove it.",
    );
    expect(runnableText('Run `tidemark demo`.', [])).toBe('Run `npx tidemark demo`.');
  });

  it('are quoted for a shell, whatever names hold', () => {
    const odd = ['a b', "it's", 'a`b', '$HOME', 'é', ''];
    const command = commandText('skip', ...odd, '…');
    expect(command).toBe(String.raw`${'`'}tidemark skip 'a b' 'it'\''s' 'a${'`'}b' '$HOME' 'é' '' …${'`'}`);
    expect(runnableText(`${command} and ${command}`, ['--stage', 'dev'])).toBe(
      [command, command]
        .map((one) => one.replace('tidemark', 'npx tidemark').replace(/`$/, ' --stage dev`'))
        .join(' and '),
    );
  });

  it('have what cannot be shown in a form that a shell reads', () => {
    const command = commandText('skip', TABLE, "it's\n\u001b[31m\u009b\\é.parquet");
    expect(command).toBe(String.raw`${'`'}tidemark skip TABLE $'it\x27s\x0a\x1b[31m\u009b\x5cé.parquet'${'`'}`);
    expect(runnableText(aboutTable(command, 'a/b'), [])).toBe(
      command.replace('tidemark', 'npx tidemark').replace('TABLE', 'a/b'),
    );
  });

  it('leave all else of a text as it is', () => {
    const other = "The column `id` isn't there. `tidemark";
    expect(runnableText(aboutTable(other, 'sales/orders'), FOLDERS)).toBe(other);
  });
});
