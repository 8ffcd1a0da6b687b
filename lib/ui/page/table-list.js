import { byId, element, setText } from './elements.js';
import { counted, timeText } from './texts.js';

/** @import { TableView } from '../view.ts' */

/** From so many tables on there is a field to find one. */
const FILTER_MIN = 8;
const COLUMNS = 6;

/** The tables and how they stand: those that are blocked first. One of them is chosen. */
export class TableList {
  /** @type {Map<string, { view: TableView, row: TableRow }>} */
  #tables = new Map();
  /** @type {string | undefined} */
  chosen;
  /** @type {(table: string) => void} */
  #onChoose;

  /** @param {(table: string) => void} onChoose is told what a person chooses */
  constructor(onChoose) {
    this.#onChoose = onChoose;
    byId('tables-filter-text').addEventListener('input', () => this.#arrange());
  }

  /** Tables that are shown and not among these. @param {readonly TableView[]} views */
  missingFrom(views) {
    const names = new Set(views.map(({ table }) => table));
    return [...this.#tables.keys()].filter((table) => !names.has(table));
  }

  /** @param {readonly TableView[]} views @param {readonly string[]} gone names of tables that are no more */
  update(views, gone) {
    for (const table of gone) this.#tables.delete(table);
    if (this.chosen !== undefined && !this.#tables.has(this.chosen)) this.chosen = undefined;
    for (const view of views) {
      const known = this.#tables.get(view.table);
      const row = known?.row ?? new TableRow(view.table, () => this.#choose(view.table));
      this.#tables.set(view.table, { view, row });
      row.show(view);
    }
    this.#arrange();
    if (this.chosen === undefined) {
      const first = this.#sorted().find(({ view }) => view.lastFullLoad ?? view.lastChangeFile);
      if (first) this.#choose(first.view.table);
    }
  }

  /** @param {string} table */
  #choose(table) {
    if (this.chosen !== undefined) this.#tables.get(this.chosen)?.row.setChosen(false);
    this.chosen = table;
    this.#tables.get(table)?.row.setChosen(true);
    this.#onChoose(table);
  }

  #sorted() {
    return [...this.#tables.values()].sort(
      (a, b) =>
        Number(b.view.state === 'blocked') - Number(a.view.state === 'blocked') ||
        (a.view.table < b.view.table ? -1 : 1),
    );
  }

  #arrange() {
    const all = this.#sorted();
    const count = all.length;
    byId('tables-empty').hidden = count > 0;
    byId('tables-scroll').hidden = count === 0;
    byId('tables-filter').hidden = count < FILTER_MIN;
    setText(byId('tables-summary'), summary(all.map(({ view }) => view)));
    const { value } = /** @type {HTMLInputElement} */ (byId('tables-filter-text'));
    const wanted = value.trim().toLowerCase();
    const shown = all
      .filter(({ view }) => view.table.toLowerCase().includes(wanted))
      .flatMap(({ row }) => row.elements);
    const body = byId('tables-body');
    // Only what moves is touched: a row that has the focus keeps it.
    shown.forEach((row, i) => {
      const there = body.children[i];
      if (there !== row) body.insertBefore(row, there ?? null);
    });
    while (body.children.length > shown.length) body.lastChild?.remove();
  }
}

/** One table's row, and below it what a person should know. */
class TableRow {
  #name;
  #state = element('span', { class: 'state' });
  #key = element('td', { class: 'wide' });
  #file = element('td', { class: 'wide name' });
  #waiting = element('td', { class: 'number' });
  #merged = element('td', { class: 'time' });
  #reason = element('div');
  #catalog = element('div', { class: 'unregistered' });
  #row;
  #below = element('tr', { class: 'reason' }, element('td', { colspan: COLUMNS }, this.#reason, this.#catalog));

  /** @param {string} table @param {() => void} onChoose */
  constructor(table, onChoose) {
    const attributes = { type: 'button', class: 'table', 'aria-pressed': 'false', 'aria-controls': 'rows' };
    // It may break after the schema.
    const [schema = '', name = ''] = table.split('/');
    this.#name = element('button', attributes, `${schema}/`, element('wbr'), name);
    this.#name.title = 'Show its newest rows';
    this.#name.addEventListener('click', onChoose);
    const heading = element('th', { scope: 'row' }, this.#name);
    const state = element('td', {}, this.#state);
    this.#row = element('tr', {}, heading, state, this.#key, this.#file, this.#waiting, this.#merged);
  }

  get elements() {
    return this.#below.hidden ? [this.#row] : [this.#row, this.#below];
  }

  /** @param {boolean} isChosen */
  setChosen(isChosen) {
    this.#name.setAttribute('aria-pressed', String(isChosen));
  }

  /** @param {TableView} view */
  show({ state, primaryKey, partitionKey, lastChangeFile, waiting, mergedAt, blocked, note, catalog, activation }) {
    setText(this.#state, state);
    this.#state.dataset['state'] = state;
    const partition = partitionKey.length > 0 ? `, by ${partitionKey.join(', ')}` : '';
    setText(this.#key, `${primaryKey.join(', ') || 'none'}${partition}`);
    setText(this.#file, lastChangeFile ?? '–');
    setText(this.#waiting, waiting.toLocaleString('en'));
    setText(this.#merged, mergedAt === undefined ? '–' : timeText(mergedAt));
    const lines = blocked
      ? [reasonText(blocked), `What to do: ${blocked.next}`]
      : [...(activation === undefined ? [] : [inactiveText(activation)]), ...(note === undefined ? [] : [note])];
    this.#reason.className = blocked ? 'blocked' : '';
    setLines(this.#reason, lines);
    setLines(this.#catalog, catalogLines(catalog));
    this.#below.hidden = this.#reason.hidden && this.#catalog.hidden;
  }
}

/** @param {string} activation */
function inactiveText(activation) {
  return `It is not merged, and its files wait. To activate it, while this run goes on: ${activation}`;
}

/** A paragraph each; nothing to see without any. @param {HTMLElement} target @param {readonly string[]} lines */
function setLines(target, lines) {
  target.hidden = lines.length === 0;
  const text = lines.join('');
  if (target.dataset['text'] === text) return;
  target.dataset['text'] = text;
  target.replaceChildren(...lines.map((line) => element('p', {}, ...withCommands(line))));
}

/** Commands stand between backticks: without them they can be marked and pasted. @param {string} text */
function withCommands(text) {
  return text.split(COMMAND).map((part, i) => (i % 2 === 0 ? part : element('code', {}, part)));
}

const COMMAND = /`(npx tidemark (?:\\.|'[^']*'|[^`'\\])+)`/;

/** Why the table could not be registered, if so. @param {TableView['catalog']} catalog */
function catalogLines(catalog) {
  if (!catalog?.failed) return [];
  const { reason, next, since } = catalog.failed;
  const line = `It could not be registered in the catalog as ${catalog.table} since ${since}: ${reason}`;
  return [line, ...(next === '' ? [] : [`What to do: ${next}`])];
}

/** Most reasons name the file. @param {{ file: string, reason: string }} blocked */
function reasonText({ file, reason }) {
  return file === '' || reason.includes(file) ? reason : `${file}: ${reason}`;
}

/** `20 tables · 1 blocked · 2 inactive · 1 catalog failure`. @param {readonly TableView[]} views */
function summary(views) {
  if (views.length === 0) return '';
  const counts = ['blocked', 'merging', 'inactive']
    .map((state) => ({ state, count: views.filter((view) => view.state === state).length }))
    .filter(({ count }) => count > 0)
    .map(({ state, count }) => `${count.toLocaleString('en')} ${state}`);
  const unregistered = views.filter(({ catalog }) => catalog?.failed).length;
  const failures = unregistered === 0 ? [] : [counted(unregistered, 'catalog failure')];
  return [counted(views.length, 'table'), ...counts, ...failures].join(' · ');
}
