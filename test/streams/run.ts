/**
 * Random streams against the oracle, as many as wanted:
 *
 *     npm run test:streams -- --count 1000 --seed 1
 *     npm run test:streams -- --kill 50 --seed 1
 *
 * Exit code 0 if every lake was as SQL gives it; a failure names the seed that gives it again.
 */
import { parseArgs } from 'node:util';
import { killAndRestart } from './kill.ts';
import { mergeStream } from './merge-stream.ts';
import { Oracle } from './oracle.ts';
import { randomStream } from './random-stream.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    /** Kills of a process in the middle of a merge, instead of undisturbed streams. */
    kill: { type: 'string' },
  },
});
const firstSeed = Number(values.seed);
const oracle = await Oracle.create();
const started = performance.now();

if (values.kill === undefined) {
  const figures = { streams: 0, tables: 0, runs: 0, files: 0, rows: 0, failures: 0 };
  for (let seed = firstSeed; seed < firstSeed + Number(values.count); seed++) {
    const stream = randomStream(seed);
    const faults = await mergeStream(stream, oracle, 'each run').catch((error: unknown) => [String(error)]);
    figures.streams++;
    figures.runs += stream.runs;
    figures.tables += stream.tables.length;
    for (const { files, rows } of stream.tables) {
      figures.files += files.length;
      figures.rows += rows;
    }
    if (faults.length > 0) {
      figures.failures++;
      process.stdout.write(`seed ${seed}: ${faults.join('\n  ')}\n`);
    }
    if (figures.streams % 100 === 0) process.stderr.write(`${figures.streams} streams, ${figures.failures} failures\n`);
  }
  report(figures);
} else {
  const { faults, ...figures } = await killAndRestart({ kills: Number(values.kill), seed: firstSeed }, oracle);
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  report({ ...figures, failures: faults.length });
}

function report(figures: Record<string, number> & { failures: number }): void {
  const all = { ...figures, seconds: Math.round((performance.now() - started) / 100) / 10 };
  const text = Object.entries(all).map(([what, count]) => `${count.toLocaleString('en')} ${what}`);
  process.stdout.write(`${text.join(', ')}\n`);
  process.exitCode = figures.failures === 0 ? 0 : 1;
}
