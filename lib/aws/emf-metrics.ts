import { Metrics as PowertoolsMetrics } from '@aws-lambda-powertools/metrics';
import type { Log } from '../ports/log.ts';
import type { Measures, MetricName, Metrics } from '../ports/metrics.ts';
import { METRICS } from '../ports/metrics.ts';
import { currentRequestId } from './request.ts';
import { writeToStdout } from './stdout.ts';

export const METRICS_NAMESPACE = 'Tidemark';
export const METRICS_SERVICE = 'tidemark';

/**
 * Values of one metric in one line. CloudWatch takes 100 ("Embedded metric format specification"); at the hundredth the
 * library would write the line by itself, before all was said.
 */
const VALUES_MAX = 99;

export interface EmfOptions {
  /** The stage that was deployed: a dimension beside `service`. */
  stage: string;
  /**
   * Whether a table's measures are metrics of that table, too. Each metric of each table is one that CloudWatch charges
   * for. Either way every line names its table, where Logs Insights finds it.
   */
  perTable: boolean;
  log: Log;
  writeLine?: (line: string) => void;
}

/**
 * Metrics as lines of the function's log in CloudWatch's embedded metric format: no request is made, and nothing is
 * waited for. Dimensions: service and stage; and these with the table, if that is asked for.
 */
export class EmfMetrics implements Metrics {
  readonly #emf: PowertoolsMetrics;
  readonly #options: EmfOptions;

  constructor(options: EmfOptions) {
    this.#options = options;
    this.#emf = new PowertoolsMetrics({
      namespace: METRICS_NAMESPACE,
      serviceName: METRICS_SERVICE,
      defaultDimensions: { stage: options.stage },
    });
  }

  add(measures: Measures, table?: string): void {
    const { log, writeLine = writeToStdout } = this.#options;
    try {
      const samples = Object.entries(measures).map(([name, value]) => [name as MetricName, [value].flat()] as const);
      const longest = samples.reduce((most, [, values]) => Math.max(most, values.length), 0);
      for (let from = 0; from < longest; from += VALUES_MAX) writeLine(this.#line(samples, from, table));
    } catch (error) {
      log.warn('metrics could not be written', { error });
    }
  }

  #line(samples: readonly (readonly [MetricName, readonly number[]])[], from: number, table?: string): string {
    const emf = this.#emf;
    try {
      for (const [name, values] of samples)
        for (const value of values.slice(from, from + VALUES_MAX)) emf.addMetric(name, METRICS[name], value);
      const requestId = currentRequestId();
      if (requestId !== undefined) emf.addMetadata('requestId', requestId);
      if (table !== undefined) {
        emf.addMetadata('table', table);
        // What is said of a table counts for all of them, too.
        if (this.#options.perTable) emf.addDimensions({}).addDimensions({ Table: dimensionValue(table) });
      }
      return JSON.stringify(emf.serializeMetrics());
    } finally {
      emf.clearMetrics();
      emf.clearDimensions();
      emf.clearMetadata();
    }
  }
}

/** Values of dimensions are printable ASCII, and do not begin with a colon. */
function dimensionValue(table: string): string {
  return table.replace(/[^\x20-\x7e]/gu, encodeURIComponent).replace(/^:/, '%3A');
}
