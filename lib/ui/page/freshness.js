import UPlot from './uplot.js';
import { byId, element, setText } from './elements.js';
import { counted, secondsText, timeText } from './texts.js';

/** @import { Freshness } from '../view.ts' */

const FILES_MAX = 600;
const ROWS_SHOWN = 20;
const HEIGHT = 180;
/** The line is the median of so many files. */
const MEDIAN_OF = 21;

/** How long each of the last files took from its arrival to the lake: figures, a chart, and the same as text. */
export class FreshnessChart {
  /** The newest last. @type {Freshness[]} */
  #files = [];
  /** @type {UPlot | undefined} */
  #chart;
  #isToDraw = false;

  constructor() {
    // Its colours are drawn, not styled.
    window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#redraw());
    new ResizeObserver(() => this.#resize()).observe(byId('freshness-chart'));
  }

  clear() {
    this.#files = [];
  }

  /** @param {readonly Freshness[]} files */
  update(files) {
    if (files.length === 0) return;
    this.#files = [...this.#files, ...files].slice(-FILES_MAX);
    // Once for each frame, however many updates there are; not at all while nobody sees it.
    if (this.#isToDraw) return;
    this.#isToDraw = true;
    requestAnimationFrame(() => {
      this.#isToDraw = false;
      this.#show();
    });
  }

  #show() {
    const seconds = this.#files.map((file) => file.seconds).sort((a, b) => a - b);
    byId('freshness-empty').hidden = true;
    byId('freshness-content').hidden = false;
    const half = secondsText(quantile(seconds, 0.5));
    const slow = secondsText(quantile(seconds, 0.99));
    const slowest = secondsText(seconds.at(-1) ?? 0);
    setText(byId('freshness-median'), half);
    setText(byId('freshness-slow'), slow);
    setText(byId('freshness-count'), this.#files.length.toLocaleString('en'));
    const first = timeText(this.#files[0]?.at ?? 0);
    setText(
      byId('freshness-text'),
      `A point for each of the last ${counted(this.#files.length, 'file')}, since ${first}: ` +
        `half within ${half}, 99 of 100 within ${slow}, the slowest ${slowest}. The line is the median of ${MEDIAN_OF}.`,
    );
    byId('freshness-body').replaceChildren(
      ...this.#files
        .slice(-ROWS_SHOWN)
        .reverse()
        .map(({ at, table, seconds }) =>
          element(
            'tr',
            {},
            element('td', {}, timeText(at)),
            element('td', {}, table),
            element('td', { class: 'number' }, seconds.toFixed(2)),
          ),
        ),
    );
    if (this.#chart) this.#chart.setData(this.#data());
    else this.#redraw();
  }

  /** @returns {[number[], number[], number[]]} */
  #data() {
    const seconds = this.#files.map((file) => file.seconds);
    const half = Math.floor(MEDIAN_OF / 2);
    const medians = seconds.map((_, i) => {
      const around = seconds.slice(Math.max(0, i - half), i + half + 1);
      return quantile(
        around.sort((a, b) => a - b),
        0.5,
      );
    });
    return [this.#files.map(({ at }) => at / 1000), seconds, medians];
  }

  #redraw() {
    this.#chart?.destroy();
    this.#chart = undefined;
    if (this.#files.length === 0) return;
    const colours = getComputedStyle(document.documentElement);
    const colour = (/** @type {string} */ name) => colours.getPropertyValue(name).trim();
    const axis = {
      stroke: colour('--quiet'),
      font: '12px system-ui, sans-serif',
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
    };
    const holder = byId('freshness-chart');
    this.#chart = new UPlot(
      {
        width: Math.max(200, holder.clientWidth),
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        padding: [8, 28, 0, 0],
        scales: { x: { time: true, range: timeRange }, y: { range: (_, __, max) => [0, Math.max(0.1, max * 1.15)] } },
        axes: [
          { ...axis, values: (_, times) => times.map((time) => timeText(time * 1000)), space: 80, size: 28 },
          { ...axis, values: (_, ticks) => ticks.map((tick) => `${Number(tick.toFixed(2))} s`), size: 52 },
        ],
        series: [
          {},
          { stroke: colour('--accent'), paths: () => null, points: { show: true, size: 5, fill: colour('--accent') } },
          { stroke: colour('--median'), width: 2, points: { show: false } },
        ],
      },
      this.#data(),
      holder,
    );
  }

  #resize() {
    const width = byId('freshness-chart').clientWidth;
    if (this.#chart && width > 0 && width !== this.#chart.width) this.#chart.setSize({ width, height: HEIGHT });
  }
}

/**
 * At least ten seconds, so that a single file has an axis; uPlot would give it a day.
 * @param {UPlot} chart @param {number} min @param {number} max @returns {[number, number]}
 */
function timeRange(chart, min, max) {
  const times = chart.data[0];
  const end = times.at(-1) ?? max;
  return [Math.min(times[0] ?? min, end - 10), end];
}

/** @param {readonly number[]} sorted @param {number} share */
function quantile(sorted, share) {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
