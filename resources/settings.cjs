/**
 * What serverless.yml derives from its settings: names and prefixes as they are used, times that follow from others, and
 * the environment of the functions. The functions' own reader checks that environment here already, so that settings
 * which they would refuse are never deployed.
 *
 * CommonJS, since this is how the packager loads it.
 */
module.exports = async ({ resolveVariable }) => {
  const param = async (name) => String(await resolveVariable(`param:${name}`)).trim();
  const integer = async (name, min, max) => integerBetween(name, await param(name), min, max);
  const keyArn = async (name) => keyArnOrNone(name, await param(name));

  const ownRawBucket = (await param('existingRawBucket')) === '';
  const ownLakeBucket = (await param('existingLakeBucket')) === '';
  const rawBucket = await param(ownRawBucket ? 'rawBucket' : 'existingRawBucket');
  const lakeBucket = await param(ownLakeBucket ? 'lakeBucket' : 'existingLakeBucket');
  if (rawBucket === lakeBucket && (ownRawBucket || ownLakeBucket)) {
    throw new Error(
      `The raw bucket and the lake bucket are both ${rawBucket}, which the stack cannot make twice. ` +
        'Name two buckets, or make it beforehand and set existingRawBucket and existingLakeBucket.',
    );
  }
  const rawRetention = await param('rawRetentionDays');
  // Less than a weekend would leave a blocked table no time. 0: never.
  const rawRetentionDays =
    rawRetention === 'off' ? 0 : integerBetween('rawRetentionDays', rawRetention, 3, 3650, "'off'");
  if (rawRetentionDays > 0 && !ownRawBucket) {
    throw new Error(
      `rawRetentionDays is ${rawRetentionDays}, and ${rawBucket} is a bucket of yours, whose rules the stack does not change. ` +
        "Leave rawRetentionDays 'off', and give the bucket a lifecycle rule of your own.",
    );
  }
  oneOf('existingRawBucketEvents', await param('existingRawBucketEvents'), ['notification', 'eventbridge']);

  const environment = {
    RAW_BUCKET: deployedName(rawBucket),
    RAW_PREFIX: await param('rawPrefix'),
    RAW_RETENTION_DAYS: String(rawRetentionDays),
    LAKE_BUCKET: deployedName(lakeBucket),
    LAKE_PREFIX: await param('lakePrefix'),
    CATALOG_DATABASE: await param('catalogDatabase'),
    CONTROLLER_TABLE: { Ref: 'ControllerTable' },
    WAKE_UPS_QUEUE_URL: { Ref: 'WakeUpsQueue' },
    HISTORY_TABLE: { Ref: 'HistoryTable' },
    HISTORY_DAYS: await param('historyDays'),
    STAGE: String(await resolveVariable('sls:stage')),
    LOG_LEVEL: await param('logLevel'),
    METRICS_PER_TABLE: await param('metricsPerTable'),
    ROWS_PER_ROW_GROUP: await param('rowsPerRowGroup'),
    TARGET_FILE_BYTES: await param('targetFileBytes'),
    DEAD_BYTES_SHARE: await param('deadBytesShare'),
    SMALL_ROW_GROUPS: await param('smallRowGroups'),
    VALUES_PER_MERGE: await param('valuesPerMerge'),
    FILES_PER_MERGE: await param('filesPerMerge'),
    TABLES_AT_ONCE: await param('tablesAtOnce'),
  };
  const { tsImport } = await import('tsx/esm/api');
  const { readConfig } = await tsImport('../lib/config-from-environment.ts', module.filename);
  const { formEncode } = await tsImport('../lib/form-encoding.ts', module.filename);
  const { rawPrefix, lakePrefix, catalogDatabase = '' } = readConfig(asDeployed(environment));

  const mergeTimeout = await integer('mergeTimeout', 60, 900);
  const tracing = oneOf('tracing', await param('tracing'), ['true', 'false']);
  const kmsKey = await keyArn('kmsKeyArn');
  const existingRawKmsKey = await keyArn('existingRawBucketKmsKeyArn');
  const existingLakeKmsKey = await keyArn('existingLakeBucketKmsKeyArn');
  const rawKmsKey = ownRawBucket ? kmsKey : existingRawKmsKey;
  const lakeKmsKey = ownLakeBucket ? kmsKey : existingLakeKmsKey;
  const prefixed = {
    ...environment,
    RAW_PREFIX: rawPrefix,
    LAKE_PREFIX: lakePrefix,
    CATALOG_DATABASE: catalogDatabase,
  };
  return {
    environment: prefixed,
    settingsText: settingsText(prefixed),
    rawBucket,
    rawBucketName: deployedName(rawBucket),
    rawPrefix,
    rawPrefixInEvents: formEncode(rawPrefix),
    rawRetentionDays,
    lakeBucket,
    lakeBucketName: deployedName(lakeBucket),
    lakePrefix,
    // As a policy names them.
    catalogDatabases: catalogDatabase.replace('{schema}', '*'),
    mergeMemory: await integer('mergeMemory', 128, 10_240),
    mergeTimeout,
    mergeConcurrency: await integer('mergeConcurrency', 2, 1000),
    // AWS asks for six times the timeout: below it a message could come back while its function still runs.
    wakeUpsVisibilitySeconds: 6 * mergeTimeout,
    mergeKmsKeyArns: [...new Set([kmsKey, rawKmsKey, lakeKmsKey])].filter((key) => key !== '').join(),
    alarmFreshnessMs: 1000 * (await integer('alarmFreshnessSeconds', 1, 1_209_600)),
    alarmErrors: await integer('alarmErrors', 0, 1_000_000),
    // merge ends in good order fifteen seconds before its timeout: one that runs into the last five did not come to that.
    alarmMergeDurationMs: 1000 * mergeTimeout - 5_000,
    tracing: tracing === 'true',
    tracingText: tracing,
    alarmQueueAgeSeconds: await integer('alarmQueueAgeSeconds', 60, 1_209_600),
    sweepEnabled: oneOf('sweepEnabled', await param('sweepEnabled'), ['true', 'false']) === 'true',
  };
};

/** The name as CloudFormation takes it: what depends on account and region is known only there. */
function deployedName(name) {
  return name.includes('${') ? { 'Fn::Sub': name } : name;
}

/** What of the environment is neither a resource's name nor URL: those are outputs of their own. */
function settingsText(environment) {
  const resources = ['RAW_BUCKET', 'LAKE_BUCKET', 'CONTROLLER_TABLE', 'WAKE_UPS_QUEUE_URL', 'HISTORY_TABLE'];
  return JSON.stringify(Object.fromEntries(Object.entries(environment).filter(([name]) => !resources.includes(name))));
}

/** The environment as a function would see it, in some account. */
function asDeployed(environment) {
  const references = {
    ControllerTable: 'controller',
    HistoryTable: 'history',
    WakeUpsQueue: 'https://sqs.us-east-1.amazonaws.com/0/wake-ups.fifo',
  };
  const text = (value) => {
    if (typeof value === 'string') return value;
    if (value.Ref !== undefined) return references[value.Ref];
    return value['Fn::Sub'].replace('${AWS::AccountId}', '123456789012').replace('${AWS::Region}', 'us-east-1');
  };
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, text(value)]));
}

function integerBetween(name, value, min, max, orElse = undefined) {
  const number = Number(value);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  const other = orElse === undefined ? '' : `, or ${orElse}`;
  throw new Error(`${name} is '${value}': expected a whole number from ${min} to ${max}${other}.`);
}

/** S3 and SQS would take an alias, too. The roles of the functions name the key, and IAM knows no key by its alias. */
function keyArnOrNone(name, value) {
  if (value === '' || /^arn:aws[\w-]*:kms:[^:]+:\d{12}:key\/[\w-]+$/.test(value)) return value;
  throw new Error(
    `${name} is '${value}': expected the ARN of a key, such as arn:aws:kms:eu-west-1:111122223333:key/KEY-ID, since IAM lets ` +
      `no function use a key by its alias. What it is: aws kms describe-key --key-id ${value} --query KeyMetadata.Arn`,
  );
}

function oneOf(name, value, allowed) {
  if (allowed.includes(value)) return value;
  throw new Error(`${name} is '${value}': expected ${allowed.join(' or ')}.`);
}
