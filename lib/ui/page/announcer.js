import { byId } from './elements.js';
import { counted } from './texts.js';

/** @import { Update } from '../view.ts' */

/** Who listens to the page is told at most so often. */
const PAUSE_MS = 15_000;

/**
 * Tells screen readers what happens, in one sentence now and then; what blocks a table, or keeps it out of the catalog, is
 * told as soon as may be.
 */
export class Announcer {
  #files = 0;
  /** How each table stood last. @type {Map<string, string>} */
  #states = new Map();
  /** Tables that could not be registered. @type {Set<string>} */
  #unregistered = new Set();
  /** @type {string[]} */
  #news = [];
  #toldAt = 0;
  #timer = 0;

  /** @param {Update} update @param {boolean} isFirst what is there already is no news */
  update({ tables, freshness }, isFirst) {
    this.#files += isFirst ? 0 : freshness.length;
    for (const { table, state, catalog } of tables) {
      const wasUnregistered = this.#unregistered.delete(table);
      if (catalog?.failed) this.#unregistered.add(table);
      if (!isFirst && catalog?.failed && !wasUnregistered)
        this.#news.push(`${table} could not be registered in the catalog.`);
      const before = this.#states.get(table);
      this.#states.set(table, state);
      if (isFirst || before === state) continue;
      if (state === 'blocked') this.#news.push(`${table} is blocked.`);
      else if (before === 'blocked') this.#news.push(`${table} is not blocked any more.`);
    }
    if (this.#timer || (this.#files === 0 && this.#news.length === 0)) return;
    const wait = this.#news.length > 0 ? 1_000 : PAUSE_MS;
    this.#timer = window.setTimeout(() => this.#tell(), Math.max(500, this.#toldAt + wait - Date.now()));
  }

  #tell() {
    this.#timer = 0;
    this.#toldAt = Date.now();
    const merged = this.#files > 0 ? [`${counted(this.#files, 'file')} merged.`] : [];
    byId('announcements').textContent = [...this.#news.slice(0, 3), ...merged].join(' ');
    this.#files = 0;
    this.#news = [];
  }
}
