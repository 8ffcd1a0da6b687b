import { median } from './case-figures.ts';
import type { Phases } from './phase-timer.ts';

/** Where the time of a run goes: medians. */
export function profileOf(runs: readonly { phases: Phases }[]): Phases {
  const of = (phase: keyof Phases): number => median(runs.map(({ phases }) => phases[phase]));
  return { finding: of('finding'), encoding: of('encoding'), writing: of('writing'), copying: of('copying') };
}
