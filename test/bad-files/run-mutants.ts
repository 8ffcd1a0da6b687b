/**
 * Files with one fault each, as many as wanted, given to whole runs of `local --once`:
 *
 *     npm run test:mutants -- --count 5000 --seed 1
 *
 * Exit code 0 if none did harm; a failure names the seed that gives it again.
 */
import { parseArgs } from 'node:util';
import { runMutants } from './mutants.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    /** Runs side by side. */
    processes: { type: 'string', default: '2' },
  },
});
const started = performance.now();
let told = 0;
let shown = 0;
const { faults, ...figures } = await runMutants(
  { count: Number(values.count), seed: Number(values.seed), processes: Number(values.processes) },
  ({ mutants, faults: found }) => {
    for (; told < found.length; told++) process.stdout.write(`${found[told] ?? ''}\n`);
    if (mutants < shown + 500) return;
    shown = mutants;
    process.stderr.write(`${mutants} mutants, ${found.length} faults\n`);
  },
);
const all = { ...figures, faults: faults.length, seconds: (performance.now() - started) / 1000 };
process.stdout.write(
  `${Object.entries(all)
    .map(([what, figure]) => `${Math.round(figure).toLocaleString('en')} ${what}`)
    .join(', ')}\n`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
