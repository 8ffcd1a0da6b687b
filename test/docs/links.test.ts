import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const PAGES = execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' }).split('\n').filter(Boolean);

describe.each(PAGES)('%s', (page) => {
  it('points to files and headings that are there', () => {
    expect(linksOf(page).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
  });
});

it('takes a link to no file and one to no heading for broken', () => {
  expect(leadsSomewhere('README.md', 'resources/NONE.md')).toBe(false);
  expect(leadsSomewhere('README.md', 'resources/DEPLOYING.md#none')).toBe(false);
  expect(leadsSomewhere('README.md', 'resources/DEPLOYING.md#2-prepare-the-database')).toBe(true);
});

/** Relative targets of a page's links and pictures. */
function linksOf(page: string): string[] {
  const links = proseOf(page).matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g);
  return [...links].map(([, link, attribute]) => link ?? attribute!).filter((link) => !/^[a-z]+:/.test(link));
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', heading] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  return existsSync(target) && (heading === undefined || headingsOf(target).includes(heading));
}

/** The anchors that GitHub gives a page's headings. */
function headingsOf(page: string): string[] {
  const headings = proseOf(page).matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, text]) =>
    text!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** A page without its blocks of code. */
function proseOf(page: string): string {
  return readFileSync(page, 'utf8').replace(/^( *)```[\s\S]*?^\1```/gm, '');
}
