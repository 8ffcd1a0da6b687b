/**
 * The simulation as one module, as fast as it gets, with changes to its sources: limits that only large tables come to are
 * made small, and bugs are planted.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

/** `find` stands in the file exactly once; a change of the file that takes it away is noticed. */
export interface SourcePatch {
  /** Relative to the project's folder. */
  file: string;
  find: string;
  replace: string;
}

/** What comes about with thousands of files only, with a few. */
const SMALL_LIMITS: readonly SourcePatch[] = [
  { file: 'lib/table/coverage.ts', find: 'NAMES_MAX = 1_000;', replace: 'NAMES_MAX = 1;' },
  { file: 'lib/lake/table-index.ts', find: 'INDEX_FILES_MIN = 16;', replace: 'INDEX_FILES_MIN = 2;' },
];

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** @throws Error if a patch does not fit */
export async function bundleSimulation(outfile: string, patches: readonly SourcePatch[] = []): Promise<void> {
  const all = [...SMALL_LIMITS, ...patches];
  const applied = new Set<string>();
  await build({
    entryPoints: [`${ROOT}test/sim/worker.ts`],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'warning',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    plugins: [patching(all, applied)],
  });
  for (const { file } of all) if (!applied.has(file)) throw new Error(`${file} is patched, but takes no part`);
}

function patching(patches: readonly SourcePatch[], applied: Set<string>): Plugin {
  return {
    name: 'patch',
    setup: (patchedBuild) => {
      patchedBuild.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const file = path.slice(ROOT.length);
        const own = patches.filter((patch) => patch.file === file);
        if (!path.startsWith(ROOT) || own.length === 0) return undefined;
        applied.add(file);
        return { contents: own.reduce(patched, await readFile(path, 'utf8')), loader: 'ts' };
      });
    },
  };
}

export function patched(source: string, { file, find, replace }: SourcePatch): string {
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} places, not one, of:\n${find}`);
  return parts.join(replace);
}
