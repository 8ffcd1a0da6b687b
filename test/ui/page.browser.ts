import { createRequire } from 'node:module';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { runForget } from '../../lib/cli/forget.ts';
import { tidemark } from '../cli/terminal.ts';
import { putDmsFile } from '../local/dms-folder.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { PageOnlooker } from '../../lib/ui/page-onlooker.ts';
import { TableLab } from '../table/table-lab.ts';
import { findChromium, launchChromium } from './chromium.ts';
import { startWatchedRun, type WatchedRun } from './watched-run.ts';

const TABLES = {
  'sales/orders': { primaryKey: ['id'], active: true },
  'sales/items': { primaryKey: ['id'], active: true },
};
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const chromiumPath = findChromium(process.env);
if (chromiumPath === undefined)
  process.stderr.write('The page is not tested in a browser: there is no Chromium (name one in CHROMIUM).\n');

(chromiumPath === undefined ? describe.skip : describe)('the page, in Chromium', () => {
  let browser: Browser;
  let root: string;
  let run: WatchedRun;
  /** What the browser found fault with, in any page. */
  let complaints: string[];

  beforeAll(async () => {
    browser = await launchChromium(chromiumPath ?? '');
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    complaints = [];
    root = await temporaryFolder();
    await putDmsFile(join(root, 'raw'), 'sales/orders/LOAD00000001.parquet', [
      { id: 1, item: 'pen' },
      { id: 2, item: null },
    ]);
    await putDmsFile(join(root, 'raw'), 'sales/stock/LOAD00000001.parquet', [{ id: 1, item: 'ink' }]);
    run = await startWatchedRun(root, TABLES);
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await run.stop();
    // eslint-disable-next-line jest/no-standalone-expect -- holds for each test
    expect(complaints).toEqual([]);
  });

  async function open(options: BrowserContextOptions = {}, url = run.url): Promise<Page> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(url)) complaints.push(`a request to ${request.url()}`);
    });
    await page.goto(url);
    await page.getByText('Live', { exact: true }).waitFor();
    return page;
  }

  /** What is written on canvases from now on. */
  async function textsDrawn(page: Page): Promise<() => Promise<string[]>> {
    const texts = await page.evaluateHandle(() => {
      const drawn: string[] = [];
      const context = CanvasRenderingContext2D.prototype;
      // eslint-disable-next-line @typescript-eslint/unbound-method -- called on the context below
      const { fillText } = context;
      context.fillText = function (text, ...at) {
        drawn.push(text);
        fillText.call(this, text, ...at);
      };
      return drawn;
    });
    return () => texts.jsonValue();
  }

  const tableRow = (page: Page, table: string) =>
    page.locator('#tables-body tr').filter({ has: page.getByRole('button', { name: table, exact: true }) });
  const peek = (page: Page) => page.locator('#rows-body');
  const stream = (page: Page) => page.locator('#arrivals-list li');

  it('shows the tables with their states, and the newest rows of one of them', async () => {
    const page = await open();
    await tableRow(page, 'sales/orders').getByText('active', { exact: true }).waitFor();
    await tableRow(page, 'sales/stock').getByText('inactive', { exact: true }).waitFor();
    const inactive = page.locator('#tables-body .reason').filter({ hasText: 'It is not merged' });
    const place = `--raw ${run.raw} --lake ${run.lake}`;
    expect(await inactive.locator('code').innerText()).toBe(
      `npx tidemark activate sales/stock --primary-key … ${place}`,
    );
    await page.getByRole('heading', { name: 'Newest rows of sales/', exact: false }).waitFor();
    await page.getByRole('button', { name: 'sales/orders', exact: true }).click();
    await peek(page).getByRole('cell', { name: 'pen' }).waitFor();
    expect(await peek(page).locator('tr').allInnerTexts()).toEqual(['I\t2\tnull', 'I\t1\tpen']);
    await page.getByText('No file has come since this run began.').waitFor({ state: 'hidden' });
    expect(await stream(page).first().innerText()).toContain('1 file · 2 inserted');
  });

  it('shows a file as it arrives and merges, its freshness, and its rows, without being asked', async () => {
    const page = await open();
    const drawn = await textsDrawn(page);
    await putDmsFile(run.raw, 'sales/orders/20260301-101500123.parquet', [
      { Op: 'I', id: 3, item: '<img src=x onerror=alert(1)>' },
      { Op: 'D', id: 1, item: 'pen' },
    ]);
    await stream(page).filter({ hasText: '20260301-101500123.parquet' }).getByText('merged in').waitFor();
    await stream(page).filter({ hasText: '1 inserted, 1 deleted' }).waitFor();
    await peek(page).getByRole('cell', { name: '<img src=x onerror=alert(1)>' }).waitFor();
    await tableRow(page, 'sales/orders').getByText('20260301-101500123.parquet').waitFor();
    await page.getByText(/A point for each of the last 1 file, since .*: half within \d/).waitFor();
    expect(await page.locator('#freshness-chart canvas').count()).toBe(1);
    // The axis of a single file is of seconds.
    const times = new Set((await drawn()).filter((text) => /^\d\d:\d\d:\d\d$/.test(text)));
    expect(times.size).toBeGreaterThan(1);
    await page.getByText('The last files as a table').click();
    expect(await page.locator('#freshness-body').innerText()).toContain('sales/orders');
  });

  it('shows which file blocks a table, why and what to do, until it is whole', async () => {
    const page = await open();
    const key = 'sales/orders/20260301-101500123.parquet';
    await writeFile(join(run.raw, key), 'PAR1 and nothing more');
    await tableRow(page, 'sales/orders').getByText('blocked', { exact: true }).waitFor();
    const reason = page.locator('#tables-body .blocked');
    expect(await reason.innerText()).toMatch(/^20260301-101500123\.parquet .+\n+What to do: .+/);
    const skip = `npx tidemark skip sales/orders 20260301-101500123.parquet --raw ${run.raw} --lake ${run.lake}`;
    expect(await reason.locator('code').innerText()).toBe(skip);
    await stream(page).getByText('blocked', { exact: true }).waitFor();
    await page.locator('#announcements', { hasText: 'sales/orders is blocked.' }).waitFor({ state: 'attached' });
    await putDmsFile(run.raw, key, [{ Op: 'U', id: 1, item: 'fountain pen' }]);
    await tableRow(page, 'sales/orders').getByText('active', { exact: true }).waitFor();
    await reason.waitFor({ state: 'hidden' });
    await stream(page).getByText('dropped').waitFor();
    await stream(page).filter({ hasText: '1 updated' }).getByText('merged in').waitFor();
  });

  it('counts the files that were there before the run, such as the one that blocks a table, until they are merged', async () => {
    const key = 'sales/orders/20260301-101500123.parquet';
    await run.stop();
    await writeFile(join(run.raw, key), 'PAR1 and nothing more');
    await putDmsFile(run.raw, 'sales/orders/20260301-101600123.parquet', [{ Op: 'I', id: 4, item: 'glue' }]);
    run = await startWatchedRun(root, TABLES);
    const page = await open();
    await tableRow(page, 'sales/orders').getByText('blocked', { exact: true }).waitFor();
    const waiting = (table: string) => tableRow(page, table).locator('.number');
    await waiting('sales/orders').getByText('2', { exact: true }).waitFor();
    await waiting('sales/stock').getByText('1', { exact: true }).waitFor();
    // Nobody saw them come.
    expect(await stream(page).filter({ hasText: '20260301-10' }).count()).toBe(0);
    await putDmsFile(run.raw, key, [{ Op: 'U', id: 1, item: 'fountain pen' }]);
    await waiting('sales/orders').getByText('0', { exact: true }).waitFor();
    await stream(page).filter({ hasText: '20260301-101500123.parquet' }).getByText('merged in').waitFor();
    expect(await stream(page).filter({ hasText: '101600123' }).count()).toBe(0);
  });

  it('shows a table no more once it is forgotten', async () => {
    const page = await open();
    await tableRow(page, 'sales/stock').waitFor();
    await rm(join(run.raw, 'sales/stock'), { recursive: true });
    const io = { out: () => undefined, err: () => undefined };
    expect(await runForget('sales/stock', { raw: run.raw, lake: run.lake, yes: true }, io)).toBe(0);
    await tableRow(page, 'sales/stock').waitFor({ state: 'detached' });
    await page.getByText('1 table', { exact: true }).waitFor();
  });

  it('activates a table by the command that it shows, while the run goes on', async () => {
    const page = await open();
    const command = await page.locator('#tables-body .reason code').innerText();
    const [, words = ''] = /^npx tidemark (.*)$/.exec(command) ?? [];
    const { exitCode } = await tidemark(words.replace('…', 'id').split(' '));
    expect(exitCode).toBe(0);
    await tableRow(page, 'sales/stock').getByText('active', { exact: true }).waitFor();
    await tableRow(page, 'sales/stock').locator('.number').getByText('0', { exact: true }).waitFor();
  });

  it('shows which table the catalog does not take, why and what to do, until it does', async () => {
    const lab = new TableLab();
    lab.registersTables();
    const name = { database: 'lake_shop', table: 'orders' };
    await lab.catalog.createTable(name, { location: 's3://other/', columns: [], partitionColumns: [], parameters: {} });
    const table = await lab.activeTable();
    let url = '';
    const shown = new PageOnlooker(0, (line) => (url = /http:\S+(?=\/ )/.exec(line)?.[0] ?? ''));
    await shown.begin(lab.ports);
    try {
      const page = await open({}, url);
      table.load('LOAD00000001', [[1, 'apple']]);
      await lab.settle();
      const reason = page.locator('#tables-body .unregistered');
      await reason.getByText('is in the catalog already and is not made by Tidemark.').waitFor();
      expect(await reason.innerText()).toMatch(
        /^It could not be registered in the catalog as lake_shop\.orders since 20.+: .+\n+What to do: Remove it from the catalog/,
      );
      await tableRow(page, 'shop/orders').getByText('active', { exact: true }).waitFor();
      await page.getByText('1 table · 1 catalog failure').waitFor();
      const told = 'shop/orders could not be registered in the catalog.';
      await page.locator('#announcements', { hasText: told }).waitFor({ state: 'attached' });

      lab.catalog.remove('lake_shop.orders');
      lab.clock.advance(60_000);
      await table.merge();
      await reason.waitFor({ state: 'hidden' });
      await page.getByText('1 table', { exact: true }).waitFor();
    } finally {
      // Before what they watch is taken down.
      for (const context of browser.contexts()) await context.close();
      await shown.end();
    }
  });

  it('can be walked through with the keyboard alone, and shows where one is', async () => {
    const page = await open();
    await putDmsFile(run.raw, 'sales/orders/20260301-101500123.parquet', [{ Op: 'I', id: 3, item: 'paper' }]);
    await page.getByText(/A point for each of the last 1 file/).waitFor();
    await peek(page).getByRole('cell', { name: 'paper' }).waitFor();
    const reached: string[] = [];
    for (let i = 0; i < 30; i++) {
      await page.keyboard.press('Tab');
      const focus = await page.evaluate(() => {
        const at = document.activeElement;
        if (!at || at === document.body) return undefined;
        const { outlineStyle, outlineWidth } = getComputedStyle(at);
        return { name: at.id || at.textContent, isVisible: outlineStyle !== 'none' && outlineWidth !== '0px' };
      });
      if (!focus) break;
      expect(focus).toMatchObject({ isVisible: true });
      reached.push(focus.name.trim());
    }
    expect(reached).toEqual([
      'Skip to the tables',
      'tables-scroll',
      'sales/orders',
      'sales/stock',
      'The last files as a table',
      'arrivals-pause',
      'arrivals-scroll',
      'rows-scroll',
    ]);
    await page.getByRole('button', { name: 'sales/stock' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('It has no rows in the lake yet.').waitFor();
    await page.getByRole('button', { name: 'Pause' }).focus();
    await page.keyboard.press('Space');
    await putDmsFile(run.raw, 'sales/orders/20260301-101600123.parquet', [{ Op: 'I', id: 4, item: 'glue' }]);
    await page.getByText('paused, 1 new file').waitFor();
    expect(await stream(page).filter({ hasText: '101600123' }).count()).toBe(0);
    await page.keyboard.press('Space');
    await stream(page).filter({ hasText: '101600123' }).waitFor();
  });

  it.each(['light', 'dark'] as const)(
    'has no fault that axe finds, contrast included, in %s colours',
    async (colorScheme) => {
      const page = await open({ colorScheme, bypassCSP: true, reducedMotion: 'reduce' });
      await putDmsFile(run.raw, 'sales/orders/20260301-101500123.parquet', [{ Op: 'I', id: 3, item: 'paper' }]);
      await page.getByText(/A point for each of the last 1 file/).waitFor();
      await writeFile(join(run.raw, 'sales/orders/20260301-101600123.parquet'), 'PAR1 and nothing more');
      await tableRow(page, 'sales/orders').getByText('blocked', { exact: true }).waitFor();
      await page.getByText('The last files as a table').click();
      await page.addScriptTag({ path: AXE });
      const findings = await page.evaluate(async () => {
        const { axe } = globalThis as unknown as { axe: Axe };
        const { violations, passes } = await axe.run(document, { resultTypes: ['violations', 'passes'] });
        return {
          violations: violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
          contrasts: passes.find(({ id }) => id === 'color-contrast')?.nodes.length ?? 0,
        };
      });
      expect(findings.violations).toEqual([]);
      expect(findings.contrasts).toBeGreaterThan(20);
    },
  );

  it('obeys its Content-Security-Policy: nothing inline, nothing from elsewhere', async () => {
    const page = await open();
    const blocked = await page.evaluate(async () => {
      const found: string[] = [];
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => found.push(effectiveDirective));
      const image = document.createElement('img');
      image.src = 'http://192.0.2.1/x.png';
      const script = document.createElement('script');
      try {
        script.textContent = 'document.title = "taken"';
      } catch {
        found.push('trusted types');
      }
      document.body.append(image, script);
      await fetch('http://192.0.2.1/').catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 100));
      return { found, title: document.title };
    });
    expect(blocked.title).toBe('Tidemark');
    expect(blocked.found).toEqual(expect.arrayContaining(['img-src', 'connect-src', 'trusted types']));
    // These are what was provoked.
    complaints = complaints.filter(
      (text) => !/192\.0\.2\.1|Content Security Policy|Trusted ?(?:Script|Type)/i.test(text),
    );
  });

  it('fits a narrow screen', async () => {
    const page = await open({ viewport: { width: 360, height: 700 } });
    await page.getByRole('cell', { name: 'pen' }).waitFor();
    const { wide, view } = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth,
      view: document.documentElement.clientWidth,
    }));
    expect(wide).toBe(view);
  });

  it('finds back to a run that was away, and shows how it stands then', async () => {
    const page = await open();
    await tableRow(page, 'sales/orders').waitFor();
    const port = Number(new URL(run.url).port);
    await run.stop();
    await page.getByText('The run does not answer. Trying again').waitFor();
    await putDmsFile(run.raw, 'sales/orders/20260301-101500123.parquet', [{ Op: 'I', id: 3, item: 'paper' }]);
    run = await startWatchedRun(root, TABLES, port);
    await page.getByText('Live', { exact: true }).waitFor();
    await tableRow(page, 'sales/orders').getByText('20260301-101500123.parquet').waitFor();
    await peek(page).getByRole('cell', { name: 'paper' }).waitFor();
    // It tried while nobody was there, and finds no other fault.
    complaints = complaints.filter((text) => !text.includes('net::ERR_'));
    expect(complaints).toEqual([]);
  });
});

/** What is used of axe-core. */
interface Axe {
  run: (
    root: unknown,
    options: object,
  ) => Promise<Record<'violations' | 'passes', { id: string; nodes: { html: string }[] }[]>>;
}
