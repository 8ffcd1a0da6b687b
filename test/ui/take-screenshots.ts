/** `npm run screenshots`: pictures of the page for the README, from the demo as it runs, in light and in dark colours. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findChromium, launchChromium } from './chromium.ts';
import { smallPng } from './small-png.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'lib/ui/screenshots');
const SIZE = { width: 1180, height: 720 };
const BYTES_MAX = 60_000;

const chromium = findChromium(process.env);
if (chromium === undefined) throw new Error('There is no Chromium. Install one, or name one in CHROMIUM.');

const demo = spawn(process.execPath, ['--import', 'tsx', 'lib/cli/main.ts', 'demo', '--ui', '0'], { cwd: ROOT });
let said = '';
demo.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
while (!said.includes('Page: ')) await once(demo.stdout, 'data');
const url = /Page: (\S+)/.exec(said)?.[1] ?? '';
const browser = await launchChromium(chromium);
try {
  await mkdir(FOLDER, { recursive: true });
  const pages = await Promise.all(
    (['light', 'dark'] as const).map(async (colorScheme) => {
      const page = await browser.newPage({ colorScheme, viewport: SIZE, reducedMotion: 'reduce' });
      await page.goto(url);
      return { colorScheme, page };
    }),
  );
  for (const { page, colorScheme } of pages) {
    // A broken file comes after some changes.
    await page.locator('#tables-body .blocked').waitFor({ timeout: 120_000 });
    await page.getByRole('button', { name: 'sampledb/productorder' }).click();
    await page.locator('#rows-body tr').nth(5).waitFor();
    await page.mouse.move(0, 0);
    const png = await page.screenshot();
    const pixels = await page.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes]));
      const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
      if (!context) throw new Error('the browser draws nothing');
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, image.width, image.height);
      return [...data].map((value) => String.fromCharCode(value)).join('');
    }, png.toString('base64'));
    const small = smallPng(Buffer.from(pixels, 'latin1'), SIZE.width, SIZE.height);
    if (small.length > BYTES_MAX) throw new Error(`The picture has ${small.length} bytes, more than ${BYTES_MAX}.`);
    await writeFile(join(FOLDER, `${colorScheme}.png`), small);
    process.stdout.write(`lib/ui/screenshots/${colorScheme}.png: ${small.length} bytes\n`);
  }
} finally {
  await browser.close();
  demo.kill('SIGINT');
  await once(demo, 'exit');
}
