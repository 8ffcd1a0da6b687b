/** Hundreds of tables on one screen: what a person should look at first is there, whole. */
import { describe, expect, it } from '@jest/globals';
import { tablesScreen } from '../../lib/cli/tables-screen.ts';
import type { TableStatus } from '../../lib/table/list-tables.ts';

const REASON = '20260301-101500123.parquet cannot be read: it has no footer, as of a file that is not whole.';
const NEXT = 'Put a good copy in its place, or do without it: `tidemark skip shop/t150 20260301-101500123.parquet`.';

function table(number: number, more: Partial<TableStatus> = {}): TableStatus {
  return {
    table: `shop/t${String(number).padStart(3, '0')}`,
    state: 'active',
    primaryKey: ['order_id', 'line'],
    partitionKey: ['day'],
    lastFullLoad: '2026-03-01 00:00:00',
    lastChangeFile: '20260301-101500123.parquet',
    rowsToday: 1_234_567,
    lag: { files: 0, seconds: 0 },
    ...more,
  };
}

function blocked(number: number): TableStatus {
  const next = NEXT.replace('t150', `t${number}`);
  const why = { file: '20260301-101500123.parquet', reason: REASON, next, since: '2026-03-01T10:15:02.000Z' };
  return table(number, { state: 'blocked', blocked: why, lag: { files: 3, seconds: 60 } });
}

const TABLES = Array.from({ length: 200 }, (_, i) => table(i + 1));
TABLES[149] = blocked(150);
TABLES[59] = table(60, { state: 'merging' });
TABLES[79] = table(80, { lag: { files: 4, seconds: 130 } });
TABLES[99] = table(100, { state: 'inactive' });
TABLES[179] = table(180, {
  catalog: {
    table: 'lake.t180',
    failed: { reason: 'Glue said no.', next: 'Ask it again.', since: '2026-03-01T00:00Z' },
  },
});

const TEXTS = { head: ['stack tidemark-prod'], shown: (text: string) => text.replace('`tidemark', '`npx tidemark') };
const screen = (rows: number, columns: number, tables = TABLES) => tablesScreen(tables, TEXTS, { rows, columns });
const namesIn = (lines: readonly string[]) => lines.flatMap((line) => /^shop\/(t\d+) /.exec(line)?.[1] ?? []);

/** Lines as one text, without how they were broken. */
const textOf = (lines: readonly string[]) => lines.join(' ').replaceAll(/\s+/g, ' ');

describe('200 tables on a screen', () => {
  it('are summed up, and begin with the blocked one, what is not in the catalog, and what is at work or behind', () => {
    const lines = screen(49, 150);
    expect(lines.slice(0, 3)).toEqual([
      'stack tidemark-prod',
      '200 tables: 1 blocked, 1 merging, 1 behind, 196 up to date, 1 inactive; 1 catalog failure',
      '',
    ]);
    expect(lines[3]).toMatch(
      /^TABLE +STATE +KEY +PARTITION +LAST FULL LOAD +LAST CHANGE FILE +ROWS TODAY +FILES BEHIND +LAG$/,
    );
    expect(namesIn(lines).slice(0, 6)).toEqual(['t150', 't180', 't060', 't080', 't001', 't002']);
    expect(lines).toHaveLength(49);
    expect(lines.at(-1)).toBe(`… and ${200 - namesIn(lines).length} more tables`);
  });

  it.each([
    [49, 150],
    [23, 80],
    [40, 60],
    [60, 30],
  ])('say why one is blocked and what to do, every word of it, on %i lines of %i characters', (rows, columns) => {
    const lines = screen(rows, columns);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(columns);
    expect(lines.length).toBeLessThanOrEqual(rows);
    // A word that is wider than the screen is broken.
    const text = textOf(lines).replaceAll(' ', '');
    expect(text).toContain(
      `shop/t150 is blocked by 20260301-101500123.parquet since 2026-03-01T10:15:02.000Z: ${REASON}`.replaceAll(
        ' ',
        '',
      ),
    );
    expect(text).toContain(`What to do: ${TEXTS.shown(NEXT)}`.replaceAll(' ', ''));
  });

  it('leave out the columns that matter least where they do not fit, and name them', () => {
    const lines = screen(23, 80);
    expect(textOf(lines)).toContain('(no room for KEY, PARTITION, LAST FULL LOAD)');
    const heads = lines.find((line) => line.startsWith('TABLE'));
    expect(heads!.split(/ {2,}/)).toEqual(['TABLE', 'STATE', 'LAST CHANGE FILE', 'ROWS TODAY', 'FILES BEHIND', 'LAG']);
    expect(
      lines
        .find((line) => line.startsWith('shop/t080'))!
        .split(/ {2,}/)
        .slice(-2),
    ).toEqual(['4', '2 min']);
  });

  it('shorten names in their middle where there is no room for them', () => {
    const long = `warehouse/${'a_very_long_name_of_a_table_'.repeat(3)}2026`;
    const lines = screen(23, 80, [table(1, { table: long }), table(2, { table: long.replace('2026', '2027') })]);
    const names = lines.flatMap((line) => /^warehouse\S+/.exec(line)?.[0] ?? []);
    expect(names).toEqual([expect.stringMatching(/^warehouse\/\S+…\S+2026$/), expect.stringMatching(/…\S+2027$/)]);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  it('tell of those that do not fit how many are blocked, and cut none of them in two', () => {
    const many = TABLES.map((one, i) => (i >= 110 && i < 150 ? blocked(i + 1) : one));
    const lines = screen(23, 80, many);
    const names = namesIn(lines);
    expect(names.length).toBeGreaterThan(1);
    expect(lines.filter((line) => line.includes('What to do')).length).toBe(names.length);
    expect(lines.at(-1)).toBe(`… and ${200 - names.length} more tables, ${40 - names.length} of them blocked`);
  });

  it('show all there is where it fits', () => {
    const lines = screen(400, 150);
    expect(namesIn(lines)).toHaveLength(200);
    expect(lines.at(-1)).toMatch(/^shop\/t200 /);
    expect(screen(23, 80, [])).toEqual(['stack tidemark-prod', '0 tables', '']);
  });
});
