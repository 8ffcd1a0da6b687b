/** The page: what the server sends goes to the four parts of the page that show it. */
import { Announcer } from './announcer.js';
import { Arrivals } from './arrivals.js';
import { byId, setText } from './elements.js';
import { FreshnessChart } from './freshness.js';
import { NewestRows } from './newest-rows.js';
import { TableList } from './table-list.js';

/** @import { Update } from '../view.ts' */

/** The browser comes back by itself, but not where the server refused it. */
const COME_BACK_MS = 5_000;

const rows = new NewestRows();
const tables = new TableList((table) => rows.choose(table));
const arrivals = new Arrivals();
const freshness = new FreshnessChart();
const announcer = new Announcer();

/** @param {Update} update @param {boolean} isFirst */
function show(update, isFirst) {
  tables.update(update.tables, isFirst ? tables.missingFrom(update.tables) : update.gone);
  arrivals.update(update.files, isFirst);
  freshness.update(update.freshness);
  rows.update(update.tables);
  announcer.update(update, isFirst);
}

/** @param {'live' | 'lost'} state @param {string} text */
function showConnection(state, text) {
  const connection = byId('connection');
  connection.dataset['state'] = state;
  setText(connection, text);
}

function connect() {
  const events = new EventSource('/api/events');
  events.addEventListener('everything', ({ data }) => {
    arrivals.clear();
    freshness.clear();
    show(JSON.parse(data), true);
    showConnection('live', 'Live');
  });
  events.addEventListener('update', ({ data }) => show(JSON.parse(data), false));
  events.addEventListener('error', () => {
    showConnection('lost', 'The run does not answer. Trying again');
    if (events.readyState === EventSource.CLOSED) window.setTimeout(connect, COME_BACK_MS);
  });
}

connect();
