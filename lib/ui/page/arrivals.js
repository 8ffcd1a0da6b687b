import { byId, element, setText } from './elements.js';
import { bytesText, counted, mergeText, secondsText, timeText } from './texts.js';

/** @import { FileView } from '../view.ts' */

const FILES_MAX = 200;
const STATES = { waiting: 'waits', blocked: 'blocked', merged: 'merged', dropped: 'dropped' };

/** The files that arrived, the newest first, and what became of them. The list can be held still to read it. */
export class Arrivals {
  /** By id, the newest last. @type {Map<number, FileView>} */
  #files = new Map();
  /** @type {Map<number, FileLine>} */
  #lines = new Map();
  #isPaused = false;
  /** Files that came while it was held still. */
  #unseen = 0;

  constructor() {
    byId('arrivals-pause').addEventListener('click', () => this.#pause(!this.#isPaused));
  }

  /** Begins anew: what was shown may be from before the connection was lost. */
  clear() {
    this.#files.clear();
    this.#lines.clear();
    byId('arrivals-list').replaceChildren();
  }

  /** @param {readonly FileView[]} files @param {boolean} isFirst */
  update(files, isFirst) {
    for (const file of files) {
      if (!this.#files.has(file.id)) this.#unseen++;
      this.#files.set(file.id, file);
    }
    for (const id of this.#files.keys()) {
      if (this.#files.size <= FILES_MAX) break;
      this.#files.delete(id);
    }
    if (isFirst || !this.#isPaused) this.#show(files, !isFirst);
    this.#summarize();
  }

  /** @param {boolean} isPaused */
  #pause(isPaused) {
    this.#isPaused = isPaused;
    const button = byId('arrivals-pause');
    button.setAttribute('aria-pressed', String(isPaused));
    if (!isPaused) this.#show([...this.#files.values()], false);
    this.#summarize();
  }

  /** @param {readonly FileView[]} files @param {boolean} isNews */
  #show(files, isNews) {
    const list = byId('arrivals-list');
    for (const file of files) {
      if (!this.#files.has(file.id)) continue;
      const line = this.#lines.get(file.id) ?? new FileLine(isNews);
      if (!this.#lines.has(file.id)) list.prepend(line.element);
      this.#lines.set(file.id, line);
      line.show(file);
    }
    for (const [id, line] of this.#lines) {
      if (this.#files.has(id)) continue;
      line.element.remove();
      this.#lines.delete(id);
    }
    this.#unseen = 0;
    byId('arrivals-empty').hidden = this.#files.size > 0;
    byId('arrivals-scroll').hidden = this.#files.size === 0;
  }

  #summarize() {
    const paused = this.#unseen === 0 ? 'paused' : `paused, ${counted(this.#unseen, 'new file')}`;
    setText(byId('arrivals-summary'), this.#isPaused ? paused : '');
  }
}

class FileLine {
  #table = element('span');
  #file = element('span', { class: 'name' });
  #facts = element('span');
  #state = element('span', { class: 'state' });
  #what = element('span', { class: 'what' }, this.#file, this.#facts);
  element;

  /** @param {boolean} isNews */
  constructor(isNews) {
    this.element = element('li', isNews ? { class: 'fresh' } : {}, this.#table, this.#state, this.#what);
  }

  /** @param {FileView} file */
  show({ table, file, bytes, appearedAt, state, mergedAt, merge }) {
    setText(this.#table, table);
    this.#state.dataset['state'] = state;
    const isFile = file !== undefined;
    const took = isFile && mergedAt !== undefined ? ` in ${secondsText((mergedAt - appearedAt) / 1000)}` : '';
    setText(this.#state, STATES[state] + took);
    setText(this.#file, file ?? '');
    const count = !isFile && merge ? counted(merge.files, 'file') : '';
    const size = bytes === undefined ? '' : bytesText(bytes);
    const rows = merge ? mergeText(isFile ? merge : { ...merge, files: 1 }) : '';
    const facts = [count, size, rows, timeText(appearedAt)].filter((text) => text !== '').join(' · ');
    setText(this.#facts, isFile ? ` · ${facts}` : facts);
  }
}
