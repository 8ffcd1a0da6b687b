import { byId, element, setText } from './elements.js';
import { counted, timeText } from './texts.js';

/** @import { NewestRows as Rows, TableView } from '../view.ts' */

/** A table that is merged all the time is read at most so often. */
const PAUSE_MS = 1_000;
/** While a person marks text in the rows, they stay. */
const MARKED_MS = 3_000;

/** The newest rows of the table that is chosen, read again when it was merged. */
export class NewestRows {
  /** @type {string | undefined} */
  #table;
  /** The state of the table that the rows were asked for. */
  #version = -1;
  #askedAt = 0;
  #timer = 0;

  /** @param {string} table */
  choose(table) {
    this.#table = table;
    this.#version = -1;
    setText(byId('rows-title'), `Newest rows of ${table}`);
    this.#ask(0);
  }

  /** @param {readonly TableView[]} views */
  update(views) {
    const view = views.find(({ table }) => table === this.#table);
    if (!view || view.version === this.#version) return;
    this.#version = view.version;
    this.#ask(PAUSE_MS);
  }

  /** @param {number} pause */
  #ask(pause) {
    if (this.#timer && pause > 0) return;
    window.clearTimeout(this.#timer);
    const wait = Math.max(0, this.#askedAt + pause - Date.now());
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      this.#askedAt = Date.now();
      if (isMarked()) this.#ask(MARKED_MS);
      else this.#read(this.#table ?? '').catch(() => this.#ask(MARKED_MS));
    }, wait);
  }

  /** @param {string} table */
  async #read(table) {
    const response = await fetch(`/api/rows?table=${encodeURIComponent(table)}`);
    const body = await response.json();
    if (table !== this.#table) return;
    if (response.status === 503) this.#ask(MARKED_MS);
    else if (response.ok) this.#show(body);
    else this.#note(body.error);
  }

  /** @param {Rows} rows */
  #show({ file, writtenAt, columns, moreColumns, rows, rowsInFile, note }) {
    if (note !== undefined || file === undefined) {
      this.#note(note ?? 'It has no rows in the lake yet.');
      return;
    }
    const more = moreColumns > 0 ? `, ${counted(moreColumns, 'more column')}` : '';
    const written = writtenAt === undefined ? '' : `, written at ${timeText(writtenAt)}`;
    setText(byId('rows-summary'), `last ${rows.length} of ${counted(rowsInFile, 'row')} in ${file}${written}${more}`);
    const head = columns.map(({ name, type }) => element('th', { scope: 'col' }, name, element('small', {}, type)));
    byId('rows-head').replaceChildren(element('tr', {}, ...head));
    byId('rows-body').replaceChildren(
      ...rows.map((row) => element('tr', {}, ...row.map((value, i) => cell(value, columns[i]?.type ?? '')))),
    );
    byId('rows-empty').hidden = true;
    byId('rows-scroll').hidden = false;
  }

  /** @param {string} text */
  #note(text) {
    setText(byId('rows-summary'), '');
    setText(byId('rows-empty'), text);
    byId('rows-empty').hidden = false;
    byId('rows-scroll').hidden = true;
  }
}

const NUMBERS = /^(?:u?int|decimal|float|double)/;

/** @param {string | null} value @param {string} type */
function cell(value, type) {
  if (value === null) return element('td', { class: 'null' }, 'null');
  return element('td', NUMBERS.test(type) ? { class: 'number' } : {}, value);
}

function isMarked() {
  const selection = document.getSelection();
  return selection !== null && !selection.isCollapsed && byId('rows-body').contains(selection.anchorNode);
}
