import { describe, expect, it } from '@jest/globals';
import { ConfigurationError, readConfig } from '../lib/config-from-environment.ts';
import { DEFAULT_LIMITS } from '../lib/config.ts';

const REQUIRED = {
  RAW_BUCKET: 'raw-bucket',
  LAKE_BUCKET: 'lake-bucket',
  CONTROLLER_TABLE: 'tidemark-dev-controller',
  HISTORY_TABLE: 'tidemark-dev-history',
  WAKE_UPS_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/123456789012/tidemark-dev-wake-ups.fifo',
};

describe('what is read', () => {
  it('what is left out has its default', () => {
    expect(readConfig(REQUIRED)).toEqual({
      rawBucket: 'raw-bucket',
      rawPrefix: '',
      rawFilesExpire: false,
      lakeBucket: 'lake-bucket',
      lakePrefix: '',
      controllerTable: 'tidemark-dev-controller',
      wakeUpsQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/123456789012/tidemark-dev-wake-ups.fifo',
      historyTable: 'tidemark-dev-history',
      historyDays: 30,
      stage: 'dev',
      logLevel: 'info',
      metricsPerTable: false,
      cores: 1,
      limits: DEFAULT_LIMITS,
    });
  });

  it('how to log, to measure and to keep the history', () => {
    const given = { STAGE: 'prod', LOG_LEVEL: 'warn', METRICS_PER_TABLE: 'true', HISTORY_DAYS: '90' };
    expect(readConfig({ ...REQUIRED, ...given })).toMatchObject({
      stage: 'prod',
      logLevel: 'warn',
      metricsPerTable: true,
      historyDays: 90,
    });
  });

  it('a function has a core for each 1,769 MB of its memory', () => {
    expect(readConfig({ ...REQUIRED, AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '3538' }).cores).toBe(2);
  });

  it('limits are numbers', () => {
    const limits = {
      ROWS_PER_ROW_GROUP: '100',
      TARGET_FILE_BYTES: '1048576',
      DEAD_BYTES_SHARE: '.25',
      SMALL_ROW_GROUPS: '5',
      VALUES_PER_MERGE: '50000',
      FILES_PER_MERGE: '7',
      TABLES_AT_ONCE: '10',
    };
    expect(readConfig({ ...REQUIRED, ...limits }).limits).toEqual({
      rowsPerRowGroup: 100,
      targetFileBytes: 1_048_576,
      deadBytesShare: 0.25,
      smallRowGroups: 5,
      valuesPerMerge: 50_000,
      filesPerMerge: 7,
      tablesAtOnce: 10,
    });
  });

  it.each([
    ['', ''],
    ['/', ''],
    ['dms', 'dms/'],
    ['dms/', 'dms/'],
    ['/dms/out', 'dms/out/'],
    ['Ärger & co/ü', 'Ärger & co/ü/'],
  ])("the prefix '%s' is read as '%s'", (written, read) => {
    expect(readConfig({ ...REQUIRED, RAW_PREFIX: written, LAKE_PREFIX: written })).toMatchObject({
      rawPrefix: read,
      lakePrefix: read,
    });
  });
});

describe('the database of the catalog', () => {
  it.each([
    ['', undefined],
    ['off', undefined],
    ['tidemark_my-stage_{schema}', 'tidemark_my_stage_{schema}'],
    ['Lake', 'lake'],
    ['{schema}', '{schema}'],
  ])("'%s' is read as '%s'", (written, read) => {
    expect(readConfig({ ...REQUIRED, CATALOG_DATABASE: written }).catalogDatabase).toBe(read);
  });
});

describe('what is refused', () => {
  it.each([
    ['CATALOG_DATABASE', '{schema}_{schema}', "CATALOG_DATABASE is '{schema}_{schema}': expected letters, digits"],
    ['RAW_BUCKET', undefined, 'RAW_BUCKET is not set'],
    ['LAKE_BUCKET', 'My_Lake', "LAKE_BUCKET is 'My_Lake': expected the name of a bucket"],
    ['RAW_PREFIX', 'a//b', "RAW_PREFIX is 'a//b': expected folders separated by single slashes"],
    ['LAKE_PREFIX', 'lake*', "LAKE_PREFIX is 'lake*': expected folders"],
    ['LOG_LEVEL', 'loud', "LOG_LEVEL is 'loud': expected info, warn or error"],
    ['METRICS_PER_TABLE', 'yes', "METRICS_PER_TABLE is 'yes': expected true or false"],
    ['HISTORY_DAYS', '0', "HISTORY_DAYS is '0': expected a whole number from 1 to 3650"],
    ['HISTORY_TABLE', undefined, 'HISTORY_TABLE is not set'],
    ['CONTROLLER_TABLE', 'a table', "CONTROLLER_TABLE is 'a table': expected the name of a DynamoDB table"],
    ['WAKE_UPS_QUEUE_URL', 'wake-ups.fifo', "WAKE_UPS_QUEUE_URL is 'wake-ups.fifo': expected the URL of an SQS queue"],
    ['ROWS_PER_ROW_GROUP', '0', "ROWS_PER_ROW_GROUP is '0': expected a whole number from 1 to 1000000"],
    ['FILES_PER_MERGE', '1e3', "FILES_PER_MERGE is '1e3': expected a whole number from 1 to 10000"],
    ['TARGET_FILE_BYTES', '', "TARGET_FILE_BYTES is '': expected a whole number"],
    ['DEAD_BYTES_SHARE', '1.5', "DEAD_BYTES_SHARE is '1.5': expected a number from 0 to 1"],
    ['TABLES_AT_ONCE', '11', "TABLES_AT_ONCE is '11': expected a whole number from 1 to 10"],
  ])('%s = %j', (name, value, complaint) => {
    const read = () => readConfig({ ...REQUIRED, [name]: value });
    expect(read).toThrow(ConfigurationError);
    expect(read).toThrow(complaint);
  });

  it('everything that is wrong is said at once', () => {
    expect(() => readConfig({ ...REQUIRED, RAW_BUCKET: 'x', TABLES_AT_ONCE: 'four' })).toThrow(
      /RAW_BUCKET is 'x'.*\n.*TABLES_AT_ONCE is 'four'/,
    );
  });

  it.each([
    ['', ''],
    ['', 'lake'],
    ['dms', ''],
    ['dms', 'dms'],
    ['/dms/', 'dms'],
    ['dms', '/dms/lake/'],
    ['dms', 'dms/lake'],
    ['lake/dms', 'lake'],
  ])("one bucket with the raw prefix '%s' and the lake prefix '%s', which would feed itself", (raw, lake) => {
    const read = () => readConfig({ ...REQUIRED, LAKE_BUCKET: 'raw-bucket', RAW_PREFIX: raw, LAKE_PREFIX: lake });
    expect(read).toThrow(ConfigurationError);
    expect(read).toThrow('the lake would feed itself');
  });

  it('one bucket with prefixes apart is accepted', () => {
    const apart = { ...REQUIRED, LAKE_BUCKET: 'raw-bucket', RAW_PREFIX: 'dms', LAKE_PREFIX: 'dms-lake' };
    expect(readConfig(apart)).toMatchObject({ rawPrefix: 'dms/', lakePrefix: 'dms-lake/' });
  });
});
