import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

const { params } = parse(readFileSync('serverless.yml', 'utf8'), { logLevel: 'error' }) as {
  params: { default: Record<string, string | number | boolean> };
};

describe('the settings in resources/DEPLOYING.md', () => {
  it('are all of serverless.yml, each with its default', () => {
    expect(settingsTable()).toEqual(
      Object.fromEntries(Object.entries(params.default).map(([name, value]) => [name, asWritten(String(value))])),
    );
  });
});

/** The table's settings and defaults. A row may hold several settings, with a default for each or one for all. */
function settingsTable(): Record<string, string> {
  const page = readFileSync('resources/DEPLOYING.md', 'utf8');
  const section = page.split(/^## /m).find((text) => text.startsWith('Settings\n'))!;
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return Object.fromEntries(
    rows.flatMap((row) => {
      const [names = [], defaults = []] = row.split('|').slice(1, 3).map(listed);
      return names.map((name, i) => [name, defaults.length === 1 ? defaults[0]! : defaults[i]!]);
    }),
  );
}

function listed(cell: string): string[] {
  return cell.split(',').map((text) => text.trim().replace(/^`(.*)`$/, '$1'));
}

/** A default as the page writes it. */
function asWritten(value: string): string {
  if (value === '') return 'empty';
  return value
    .replace('${sls:stage}', '<stage>')
    .replace('${AWS::AccountId}', '<account>')
    .replace('${AWS::Region}', '<region>');
}
