/**
 * Theorem: wherever a replay begins, as often as it is begun, and whatever files arrive or are skipped meanwhile, the lake
 * ends with each key's last operation in the order of the files' names, as if every file that is not skipped had been
 * merged once, in order.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Refused } from '../../lib/table/refused.ts';
import { setBack } from '../../lib/table/replay.ts';
import { skipFile } from '../../lib/table/skip.ts';
import type { Fault } from '../cloud/fault.ts';
import type { Change, LabTable } from './table-lab.ts';
import { TableLab } from './table-lab.ts';

type Step =
  /** A change file, `late` places before the newest. */
  | { kind: 'file'; late: number; changes: readonly Change[] }
  | { kind: 'merge' }
  /** A merge that is killed at its n-th write. */
  | { kind: 'killed merge'; at: number }
  | { kind: 'replay'; from: number }
  | { kind: 'replay all' }
  | { kind: 'skip'; file: number; undo: boolean };

const change: fc.Arbitrary<Change> = fc
  .tuple(fc.constantFrom('I', 'U', 'D'), fc.integer({ min: 1, max: 5 }), fc.constantFrom('mon', 'tue'), fc.nat(999))
  .map(([op, id, day, value]) => [op, id, `v${value}`, day]);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('file' as const),
      late: fc.constantFrom(0, 0, 0, 1, 3),
      changes: fc.array(change, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'merge' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('killed merge' as const), at: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('replay' as const), from: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'replay all' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('skip' as const), file: fc.nat(30), undo: fc.boolean() }),
  },
);

const LOAD = [1, 2, 3].map((id) => [id, 'loaded', 'mon'] as const);

/** The rows that the files say, each merged once, in the order of their names. */
function rowsOf(files: ReadonlyMap<string, readonly Change[]>): string[] {
  const rows = new Map<number, string>(LOAD.map(([id, item, day]) => [id, `${id} ${item} ${day}`]));
  for (const name of [...files.keys()].sort())
    for (const [op, id, item, day] of files.get(name) ?? []) {
      if (op === 'D') rows.delete(Number(id));
      else rows.set(Number(id), [id, item, day].map(String).join(' '));
    }
  return [...rows.entries()].sort(([a], [b]) => a - b).map(([, text]) => text);
}

class Scenario {
  readonly #files = new Map<string, readonly Change[]>();
  readonly #skipped = new Set<string>();
  #newest = 1000;

  constructor(readonly table: LabTable) {}

  async take(taken: Step): Promise<void> {
    const { lab } = this.table;
    switch (taken.kind) {
      case 'file': {
        this.#newest += 10;
        const name = `20260301-${String(100_000_000 + this.#newest - 10 * taken.late - (taken.late > 0 ? (this.#files.size % 9) + 1 : 0))}`;
        if (this.#files.has(name)) return;
        this.#files.set(name, taken.changes);
        this.table.change(name, taken.changes);
        return;
      }
      case 'merge':
        await lab.settle();
        return;
      case 'killed merge': {
        let writes = 0;
        lab.onCall = ({ name }): Fault =>
          ['write', 'update', 'delete'].includes(name) && ++writes >= taken.at ? 'reject' : 'none';
        await this.table.merge().catch(() => undefined);
        lab.onCall = () => 'none';
        return;
      }
      case 'skip':
        await this.#skip(taken);
        return;
      case 'replay':
      case 'replay all':
        await this.#replay(taken);
    }
  }

  async #skip({ file, undo }: Step & { kind: 'skip' }): Promise<void> {
    const names = [...this.#files.keys()].sort();
    const name = names[file % Math.max(1, names.length)];
    if (name === undefined) return;
    try {
      const { outcome } = await skipFile(this.table.path, `${name}.parquet`, { undo }, this.table.lab.ports);
      if (outcome === 'skipped') this.#skipped.add(name);
      if (outcome === 'taken back') this.#skipped.delete(name);
    } catch (error) {
      // It is merged, or was not skipped.
      if (!(error instanceof Refused)) throw error;
    }
  }

  async #replay(taken: Step & { kind: 'replay' | 'replay all' }): Promise<void> {
    const names = [...this.#files.keys()].sort();
    const file = taken.kind === 'replay' ? names[taken.from % Math.max(1, names.length)] : undefined;
    if (taken.kind === 'replay' && file === undefined) return;
    const request =
      file === undefined ? ({ kind: 'all' } as const) : ({ kind: 'from file', file: `${file}.parquet` } as const);
    await setBack(this.table.path, request, this.table.lab.ports).catch((error: unknown) => {
      // Before the first merge there is nothing to replay.
      if (!(error instanceof Refused)) throw error;
    });
  }

  expected(): string[] {
    return rowsOf(new Map([...this.#files].filter(([name]) => !this.#skipped.has(name))));
  }
}

describe('a replay at any time', () => {
  it.each([
    ['in one folder', []],
    ['in partitions', ['day']],
  ])(
    'gives the rows that the files say, with live, late and skipped files and killed merges, %s',
    async (_, partitionKey) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 3, maxLength: 14 }),
          fc.constantFrom(1, 2, 100),
          async (steps, filesPerMerge) => {
            const lab = new TableLab({ filesPerMerge });
            const table = await lab.activeTable({ partitionKey });
            table.load('LOAD00000001', LOAD);
            const scenario = new Scenario(table);
            for (const taken of steps) await scenario.take(taken);
            await lab.settle();
            await table.merge();
            await lab.settle();
            const rows = (await table.records()).map(({ id, item, day }) => [id, item, day].map(String).join(' '));
            expect(rows.sort((a, b) => parseInt(a) - parseInt(b))).toEqual(scenario.expected());
            const { Replay, Blocked, Intent } = await table.item();
            expect([Replay, Blocked, Intent]).toEqual([undefined, undefined, undefined]);
          },
        ),
        { numRuns: 40, seed: 4 },
      );
    },
    120_000,
  );
});
