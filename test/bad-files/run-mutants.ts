/**
 * Files with one fault each, as many as wanted, given to whole runs of `local --once`:
 *
 *     npm run test:mutants -- --count 5000 --seed 1
 *
 * or, with `--bombs`, the files that take the most memory, each as a full load and as changes of all its rows:
 *
 *     npm run test:mutants -- --bombs [--only TEXT] [--node-option --max-old-space-size=1024]
 *
 * Exit code 0 if none did harm; a failure names the seed that gives it again.
 */
import { parseArgs } from 'node:util';
import { runMutants } from './mutants.ts';
import type { Measured } from './run-worst-files.ts';
import { runWorstFile } from './run-worst-files.ts';
import { WORST_FILES } from './worst-files.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    /** Runs side by side. */
    processes: { type: 'string', default: '2' },
    bombs: { type: 'boolean', default: false },
    /** Of the bombs, those that have this in their description. */
    only: { type: 'string', default: '' },
    'node-option': { type: 'string', multiple: true, default: [] },
  },
});

/** On a machine that does other things, too. */
const MS_MAX = 180_000;

process.exitCode = (await (values.bombs ? worstFiles() : mutants())) ? 0 : 1;

async function mutants(): Promise<boolean> {
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
  return faults.length === 0;
}

async function worstFiles(): Promise<boolean> {
  let faults = 0;
  process.stdout.write('| file | end | peak MiB: load | change | ms: load | change |\n|---|---|---:|---:|---:|---:|\n');
  for (const worst of WORST_FILES.filter(({ what }) => what.includes(values.only))) {
    const { what, load, change } = await runWorstFile(worst, { nodeOptions: values['node-option'], msMax: MS_MAX });
    const cells = [load, change].map((run) => [run?.peakMiB, run?.ms].map(rounded));
    process.stdout.write(
      `| ${[what, load.end, cells[0]?.[0], cells[1]?.[0], cells[0]?.[1], cells[1]?.[1]].join(' | ')} |\n`,
    );
    for (const { fault } of [load, change].filter((run): run is Measured => run?.fault !== undefined)) {
      faults++;
      process.stderr.write(`${what}: ${fault ?? ''}\n`);
    }
  }
  return faults === 0;
}

function rounded(figure: number | undefined): string {
  return figure === undefined ? '' : Math.round(figure).toLocaleString('en');
}
