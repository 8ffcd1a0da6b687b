/**
 * What merges cost, beside DuckDB writing the same table's files anew:
 *
 *     npm run bench
 *     npm run bench -- --data ~/bench-data --case hot-end --case hot-end-large
 *     npm run bench -- --quick
 *     npm run bench -- --json
 *
 * Each side works in a process of its own, one after the other, on copies of the same files; what they come to is compared
 * row for row. Nothing is forced to the disk on either side. Exit code 0 if all rows are right, whatever it took; 1 if not.
 */
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchCases, type BenchSize } from './bench-cases.ts';
import { caseFigures, type CaseFigures } from './case-figures.ts';
import { figuresTable } from './figures-table.ts';
import { machine, machineText } from './machine.ts';
import { measureCase } from './measure-case.ts';

/** Of the table whose merges have targets. */
const FULL_ROWS = 3_000_000;

const { values } = parseArgs({
  options: {
    /** A smaller table and fewer runs, in two minutes; the targets are for the full size. */
    quick: { type: 'boolean', default: false },
    /** A line of JSON for the machine, and one a case as soon as it is measured. */
    json: { type: 'boolean', default: false },
    /** Only the cases named, and those they are compared with. */
    case: { type: 'string', multiple: true },
    /** Folder for raw files and loaded tables, kept for the next run; else a temporary one, removed at the end. */
    data: { type: 'string' },
    rows: { type: 'string' },
    iterations: { type: 'string' },
    /** Of each side. */
    threads: { type: 'string', default: '2' },
    /** Leave out the table of ten times as many rows. */
    'no-large': { type: 'boolean', default: false },
  },
});
const rows = Number(values.rows ?? (values.quick ? 500_000 : FULL_ROWS));
const size: BenchSize = {
  rows,
  iterations: Number(values.iterations ?? (values.quick ? 3 : 5)),
  streamFiles: Math.min(1_000, Math.ceil(rows / 2_500)),
  threads: Number(values.threads),
  large: !values['no-large'],
};
const all = benchCases(size);
const named = new Set(values.case ?? all.map(({ name }) => name));
for (const name of named) {
  const bench = all.find((one) => one.name === name);
  if (!bench) throw new Error(`there is no case ${name}, but ${all.map((one) => one.name).join(', ')}`);
  if (bench.small !== undefined) named.add(bench.small);
}

const folder = values.data ?? (await mkdtemp(join(tmpdir(), 'tidemark-bench-')));
await mkdir(folder, { recursive: true });
const facts = await machine();
process.stdout.write(values.json ? `${JSON.stringify({ machine: facts, ...size })}\n` : `${machineText(facts)}\n`);
const measured: CaseFigures[] = [];
try {
  for (const bench of all.filter(({ name }) => named.has(name))) {
    process.stderr.write(`${bench.title} … `);
    const started = performance.now();
    const small = measured.find((figures) => figures.case === bench.small);
    const figures = caseFigures(bench, await measureCase(bench, size, await realpath(folder)), small);
    process.stderr.write(`${Math.round((performance.now() - started) / 1000)} s with what it needs\n`);
    measured.push(figures);
    if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  }
} finally {
  if (values.data === undefined) await rm(folder, { recursive: true });
}
if (!values.json) {
  const targets = rows === FULL_ROWS ? '' : `; the targets are for ${FULL_ROWS.toLocaleString('en')} rows`;
  const what = `${rows.toLocaleString('en')} rows, medians of ${size.iterations} runs of a warm process, ${size.threads} threads on each side${targets}`;
  process.stdout.write(`${what}\n\n${figuresTable(measured)}\n`);
}
process.exitCode = measured.every(({ difference }) => difference === undefined) ? 0 : 1;
