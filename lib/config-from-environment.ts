/**
 * The functions' configuration, read from environment variables. Refuses what cannot work before anything is touched;
 * serverless.yml runs it too, before it packages.
 */
import * as v from 'valibot';
import { DEFAULT_LIMITS, type Config } from './config.ts';

export interface DeployedConfig extends Config {
  /** Name of the DynamoDB table. */
  controllerTable: string;
  wakeUpsQueueUrl: string;
  /** Name of the DynamoDB table of what was done to each table, and for how many days it keeps that. */
  historyTable: string;
  historyDays: number;
  /** The stage that was deployed. */
  stage: string;
  /** Entries below it are not logged. */
  logLevel: 'info' | 'warn' | 'error';
  /** Whether a table's metrics are metrics of their own, beside the sums over all tables. */
  metricsPerTable: boolean;
  /** Of the function, in fractions: it has one per 1,769 MB of memory (AWS Lambda developer guide, "Memory"). */
  cores: number;
}

/**
 * Reads `RAW_BUCKET`, `RAW_PREFIX`, `RAW_RETENTION_DAYS`, `LAKE_BUCKET`, `LAKE_PREFIX`, `CONTROLLER_TABLE`, `HISTORY_TABLE`, `WAKE_UPS_QUEUE_URL`,
 * `CATALOG_DATABASE`, `STAGE`, how to log and measure, and one variable per limit. Prefixes may be left out (the top of the
 * bucket) and are normalised to '' or 'x/y/'; without the database of the catalog tables are not registered; a limit left
 * out has its default.
 * @throws ConfigurationError naming each variable that is wrong, what it holds and what is expected.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): DeployedConfig {
  const read = v.safeParse(Environment, env);
  if (!read.success) throw new ConfigurationError(read.issues.map((issue) => describe(issue, env)).join('\n'));
  const variables = read.output;
  const config: DeployedConfig = {
    rawBucket: variables.RAW_BUCKET,
    rawPrefix: variables.RAW_PREFIX,
    lakeBucket: variables.LAKE_BUCKET,
    lakePrefix: variables.LAKE_PREFIX,
    rawFilesExpire: variables.RAW_RETENTION_DAYS > 0,
    catalogDatabase: variables.CATALOG_DATABASE || undefined,
    controllerTable: variables.CONTROLLER_TABLE,
    wakeUpsQueueUrl: variables.WAKE_UPS_QUEUE_URL,
    historyTable: variables.HISTORY_TABLE,
    historyDays: variables.HISTORY_DAYS,
    stage: variables.STAGE,
    logLevel: variables.LOG_LEVEL,
    metricsPerTable: variables.METRICS_PER_TABLE === 'true',
    cores: variables.AWS_LAMBDA_FUNCTION_MEMORY_SIZE / MEMORY_MB_PER_CORE,
    limits: {
      rowsPerRowGroup: variables.ROWS_PER_ROW_GROUP,
      targetFileBytes: variables.TARGET_FILE_BYTES,
      deadBytesShare: variables.DEAD_BYTES_SHARE,
      smallRowGroups: variables.SMALL_ROW_GROUPS,
      valuesPerMerge: variables.VALUES_PER_MERGE,
      filesPerMerge: variables.FILES_PER_MERGE,
      tablesAtOnce: variables.TABLES_AT_ONCE,
    },
  };
  refuseOverlap(config);
  return config;
}

/** The environment is not one that Tidemark can run in. Nothing was read or written. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

const MEMORY_MB_PER_CORE = 1769;

const BucketName = v.pipe(
  v.string(),
  v.regex(
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    'the name of a bucket: 3 to 63 lower-case letters, digits, dots, hyphens',
  ),
);

// Characters that would mean something else in a policy of IAM or in a template are refused.
const Prefix = v.optional(
  v.pipe(
    v.string(),
    v.transform((prefix) => prefix.replace(/^\/+|\/+$/g, '')),
    v.regex(/^(?!.*\/\/)[^*?${}\\\p{Cc}]*$/u, 'folders separated by single slashes, without * ? $ { } \\'),
    v.transform((folders) => (folders === '' ? '' : `${folders}/`)),
  ),
  '',
);

const TableName = v.pipe(v.string(), v.regex(/^[\w.-]{3,255}$/, 'the name of a DynamoDB table'));
// What Athena takes without quotes; names of stages have hyphens.
const CatalogDatabase = v.optional(
  v.pipe(
    v.string(),
    v.transform((name) => name.trim().toLowerCase().replaceAll('-', '_')),
    v.regex(
      /^(?:\w*\{schema\}\w*|\w+)?$/,
      "letters, digits and underscores, with {schema} where the name of the schema is to be, or 'off'",
    ),
    v.maxLength(200, 'at most 200 characters'),
    v.transform((name) => (name === 'off' ? '' : name)),
  ),
  '',
);

const Environment = v.object({
  RAW_BUCKET: BucketName,
  RAW_PREFIX: Prefix,
  // 0: raw files never expire.
  RAW_RETENTION_DAYS: integer(0, 3650, 0),
  LAKE_BUCKET: BucketName,
  LAKE_PREFIX: Prefix,
  CATALOG_DATABASE: CatalogDatabase,
  CONTROLLER_TABLE: TableName,
  HISTORY_TABLE: TableName,
  WAKE_UPS_QUEUE_URL: v.pipe(v.string(), v.url('the URL of an SQS queue')),
  HISTORY_DAYS: integer(1, 3650, 30),
  STAGE: v.optional(v.pipe(v.string(), v.regex(/^[\w-]{1,128}$/, 'a name of letters, digits and hyphens')), 'dev'),
  LOG_LEVEL: v.optional(v.picklist(['info', 'warn', 'error'], 'info, warn or error'), 'info'),
  METRICS_PER_TABLE: v.optional(v.picklist(['true', 'false'], 'true or false'), 'false'),
  // Set by the runtime itself.
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: integer(1, 1_000_000, MEMORY_MB_PER_CORE),
  ROWS_PER_ROW_GROUP: integer(1, 1_000_000, DEFAULT_LIMITS.rowsPerRowGroup),
  TARGET_FILE_BYTES: integer(1024 * 1024, 5 * 1024 ** 3, DEFAULT_LIMITS.targetFileBytes),
  DEAD_BYTES_SHARE: share(DEFAULT_LIMITS.deadBytesShare),
  SMALL_ROW_GROUPS: integer(0, 100_000, DEFAULT_LIMITS.smallRowGroups),
  VALUES_PER_MERGE: integer(1000, 1_000_000_000, DEFAULT_LIMITS.valuesPerMerge),
  FILES_PER_MERGE: integer(1, 10_000, DEFAULT_LIMITS.filesPerMerge),
  // A batch of a FIFO queue has at most ten messages, so at most ten tables.
  TABLES_AT_ONCE: integer(1, 10, DEFAULT_LIMITS.tablesAtOnce),
});

function integer(min: number, max: number, byDefault: number) {
  const expected = `a whole number from ${min} to ${max}`;
  return v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d+$/, expected),
      v.transform(Number),
      v.minValue(min, expected),
      v.maxValue(max, expected),
    ),
    String(byDefault),
  );
}

function share(byDefault: number) {
  const expected = 'a number from 0 to 1, such as 0.25';
  return v.optional(
    v.pipe(v.string(), v.regex(/^\d*\.?\d+$/, expected), v.transform(Number), v.maxValue(1, expected)),
    String(byDefault),
  );
}

function describe(issue: v.BaseIssue<unknown>, env: Readonly<Record<string, string | undefined>>): string {
  const name = v.getDotPath(issue) ?? 'The environment';
  const found = env[name];
  if (found === undefined) return `${name} is not set. Set it to what the stack made.`;
  return `${name} is '${found}': expected ${issue.message}.`;
}

/**
 * A lake inside the raw prefix would be read as raw files, which would be merged into the lake, for ever. A raw prefix
 * inside the lake would mix raw files with the lake's tables.
 */
function refuseOverlap({ rawBucket, rawPrefix, lakeBucket, lakePrefix }: Config): void {
  if (rawBucket !== lakeBucket) return;
  if (!rawPrefix.startsWith(lakePrefix) && !lakePrefix.startsWith(rawPrefix)) return;
  throw new ConfigurationError(
    `RAW_BUCKET and LAKE_BUCKET are both '${rawBucket}', and RAW_PREFIX '${rawPrefix}' and LAKE_PREFIX '${lakePrefix}' ` +
      'overlap: the lake would feed itself. Use two buckets, or two prefixes of which neither begins with the other.',
  );
}
