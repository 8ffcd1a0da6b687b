import { WrongUsage } from '../local/wrong-usage.ts';
import type { FreshnessPace } from '../sample/freshness-run.ts';

export interface DemoOptions {
  keep?: string;
  ui?: string | boolean;
  freshness?: boolean;
  files?: string;
  rate?: string;
  tables?: string;
  /** true: a server of the demo's own */
  mysql?: string | true;
  json?: boolean;
}

/**
 * How `--freshness` measures.
 * @throws WrongUsage if a number makes no sense, or options do not go together: none is passed over in silence
 */
export function paceOf(options: DemoOptions): FreshnessPace {
  refuseWhatIsNotDone(options);
  const { files = '1000', rate = '5', tables = '20' } = options;
  return {
    files: numberFrom('--files', files, 1_000_000),
    rate: numberFrom('--rate', rate, 200),
    tables: numberFrom('--tables', tables, 500),
  };
}

function refuseWhatIsNotDone({ freshness, mysql, ui, ...options }: DemoOptions): void {
  if (freshness && mysql !== undefined)
    throw new WrongUsage(
      '--freshness measures with files of its own, --mysql replicates from a server. Give one of the two.',
    );
  if (freshness && ui)
    throw new WrongUsage('--freshness shows no page: it would take time of its own. Give one of the two.');
  const pace = (['files', 'rate', 'tables'] as const).find((name) => options[name] !== undefined);
  if (pace !== undefined && !freshness) throw new WrongUsage(`--${pace} is for --freshness. Give both, or none.`);
}

function numberFrom(option: string, text: string, max: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > max)
    throw new WrongUsage(`${option} is ${text}. Give a whole number from 1 to ${max}.`);
  return number;
}
