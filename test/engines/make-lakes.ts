/**
 * Makes lakes for other engines to read: random tables, loaded and then merged change file by change file, so that their
 * lake files have grown again and again.
 *
 *     tsx test/engines/make-lakes.ts --out FOLDER [--seed 1] [--count 12]
 *
 * After each merge the lake is held against SQL over the raw files, each grown file against its old version, and what
 * the old lengths show against the old rows. FOLDER/manifest.json then says where the lakes are and what should be found
 * there: `read_lakes.py` goes by it. Exit code 0 if all was as it should be.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DEFAULT_LIMITS, type Limits } from '../../lib/config.ts';
import { runLocal } from '../../lib/local/run.ts';
import type { DmsType } from '../../lib/sample/dms-column.ts';
import { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { Oracle } from '../streams/oracle.ts';
import { CanonicalRows } from './canonical-rows.ts';
import { type ChainTable, chainTable } from './chain-table.ts';
import { ForeignWriter } from './foreign-writer.ts';
import { type Findings, GrownTable, type ManifestTable, type Witnesses } from './grown-table.ts';
import { type Snapshot, snapshot } from './lake-versions.ts';

/** A lake by itself, with limits of its own. */
interface Setting {
  name: string;
  loadRows: [min: number, max: number];
  limits: Limits;
}

const SETTINGS: readonly Setting[] = [
  {
    name: 'tiny-groups',
    loadRows: [800, 2_000],
    limits: { ...DEFAULT_LIMITS, rowsPerRowGroup: 64, deadBytesShare: 1 },
  },
  { name: 'anew', loadRows: [1_500, 3_000], limits: { ...DEFAULT_LIMITS, rowsPerRowGroup: 200, deadBytesShare: 0.4 } },
  {
    name: 'many-files',
    loadRows: [2_000, 4_000],
    limits: { ...DEFAULT_LIMITS, rowsPerRowGroup: 512, targetFileBytes: 100_000, deadBytesShare: 0.8 },
  },
  { name: 'default', loadRows: [8_500, 9_500], limits: DEFAULT_LIMITS },
];

const TYPES: readonly DmsType[] = [
  ...(['boolean', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64', 'float'] as const),
  ...(['double', 'date', 'timestampMillis', 'timestampMicros', 'timeMillis', 'timeMicros', 'string', 'bytes'] as const),
]
  .map((kind): DmsType => ({ kind }))
  .concat(
    { kind: 'decimal', precision: 9, scale: 2, storedAs: 'INT32' },
    { kind: 'decimal', precision: 18, scale: 6, storedAs: 'INT64' },
    { kind: 'decimal', precision: 12, scale: 3 },
    { kind: 'decimal', precision: 38, scale: 10 },
  );
const TYPES_PER_TABLE = 7;
/** One fault in a table brings others in all its later merges. */
const FAULTS_SHOWN_MAX = 10;

const { values: options } = parseArgs({
  options: {
    out: { type: 'string' },
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '12' },
  },
});
if (options.out === undefined) throw new Error('--out FOLDER is missing');
const out = resolve(options.out);
const seed = Number(options.seed);
await rm(out, { recursive: true, force: true });

const findings: Findings = { merges: 0, grown: 0, laidOutAnew: 0, oldVersionsRead: 0, faults: [] };
const chains = randomChains(Number(options.count));
const lakes = SETTINGS.map((setting) => makeLake(setting, chains.get(setting) ?? []));
const tables = (await Promise.all(lakes)).flat();
await writeFile(join(out, 'manifest.json'), JSON.stringify({ seed, tables }, undefined, 1));
report();

/** Deals the types out, so that tables together have them all. */
function randomChains(count: number): Map<Setting, ChainTable[]> {
  const random = new SeededRandom(seed);
  const bySetting = new Map<Setting, ChainTable[]>();
  let deck: DmsType[] = [];
  for (let number = 0; number < count; number++) {
    const setting = SETTINGS[number % SETTINGS.length]!;
    if (deck.length < TYPES_PER_TABLE) deck = [...deck, ...random.shuffle(TYPES)];
    const types = deck.splice(0, TYPES_PER_TABLE);
    const loadRows = random.integer(...setting.loadRows);
    const chain = chainTable(random, { name: `shop/table_${number}`, number, types, loadRows });
    bySetting.set(setting, [...(bySetting.get(setting) ?? []), chain]);
  }
  return bySetting;
}

async function makeLake({ name, limits }: Setting, chains: readonly ChainTable[]): Promise<ManifestTable[]> {
  const below = (folder: string) => join(out, name, folder);
  const folders = { out, raw: below('raw'), lake: below('lake'), rows: below('rows'), views: below('views') };
  await mkdir(folders.raw, { recursive: true });
  await mkdir(folders.lake);
  const tablesFile = below('tables.json');
  const settings = chains.map(({ name, primaryKey, partitionKey }) => [
    name,
    { primaryKey, partitionKey, active: true },
  ]);
  await writeFile(tablesFile, JSON.stringify(Object.fromEntries(settings)));

  const witnesses: Witnesses = {
    oracle: await Oracle.create(),
    canonical: await CanonicalRows.open(),
    foreignWriter: await ForeignWriter.open(),
  };
  const grown = chains.map((chain) => new GrownTable(chain, folders, witnesses, findings));
  let before: Snapshot = new Map();
  for (let merge = 0; merge < Math.max(0, ...grown.map(({ merges }) => merges)); merge++) {
    for (const table of grown) await table.place(merge);
    await mergeOnce({ ...folders, tables: tablesFile }, limits);
    const after = await snapshot(folders.lake);
    for (const table of grown) if (merge < table.merges) await table.check(merge, before, after);
    before = after;
  }
  witnesses.oracle.close();
  witnesses.canonical.close();
  await witnesses.foreignWriter.close();
  return grown.map((table) => table.manifest());
}

async function mergeOnce(folders: { raw: string; lake: string; tables: string }, limits: Limits): Promise<void> {
  const said: string[] = [];
  const io = { out: () => undefined, err: (line: string) => said.push(line), limits };
  const exitCode = await runLocal({ ...folders, once: true }, io);
  if (exitCode !== 0) throw new Error(`the merge into ${folders.lake} ended with ${exitCode}: ${said.join('\n')}`);
}

function report(): void {
  const { faults, ...counts } = findings;
  if (counts.grown <= counts.laidOutAnew || counts.oldVersionsRead === 0) faults.push('files hardly grow');
  for (const fault of faults.slice(0, FAULTS_SHOWN_MAX)) process.stdout.write(`${fault}\n`);
  const counted = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
  process.stdout.write(`make-lakes: ${tables.length} tables of seed ${seed}: ${counted.join(', ')}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
