/**
 * What happened, for people and for alarms. `facts` are names, counts, sizes and times: never a row's values.
 */
export interface Log {
  info(message: string, facts?: LogFacts): void;
  warn(message: string, facts?: LogFacts): void;
  error(message: string, facts?: LogFacts): void;
}

export type LogFacts = Record<string, unknown>;
