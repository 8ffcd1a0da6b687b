import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { parseDocument, visit } from 'yaml';
import { customTags, readDmsTemplate } from './dms-template.ts';

interface Statement {
  Sid?: string;
  Action: string | string[];
  Resource?: unknown;
  Principal?: { Service: unknown };
  Condition?: unknown;
}

const KMS = 'arn:aws:kms:eu-west-1:123456789012:';
const { text, template } = await readDmsTemplate();
const properties = (name: string) => template.Resources[name]!.Properties;

function statementsOf(role: string): Statement[] {
  const { Policies } = properties(role) as {
    Policies: { PolicyDocument: { Statement: (Statement | { If: unknown[] })[] } }[];
  };
  return Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement).map((statement) =>
    'If' in statement ? (statement.If[1] as Statement) : statement,
  );
}

describe('the stack with the database', () => {
  it('is a template as it stands, without aliases, which CloudFormation does not read', () => {
    const aliases: unknown[] = [];
    visit(parseDocument(text, { customTags }), { Alias: (_, alias) => void aliases.push(alias.source) });
    expect(aliases).toEqual([]);
  });

  it.each(Object.entries(template.Parameters))('uses the parameter %s, and says what it is', (name, parameter) => {
    expect(parameter.Description).toMatch(/\.$/);
    expect(text).toMatch(new RegExp(`!Ref ${name}\\b|\\$\\{${name}\\}`));
  });

  it('writes raw files as Tidemark reads them best', () => {
    expect(properties('TargetEndpoint')).toMatchObject({
      EngineName: 's3',
      S3Settings: {
        DataFormat: 'parquet',
        EnableStatistics: true,
        IncludeOpForFullLoad: true,
        ParquetTimestampInMillisecond: false,
        PreserveTransactions: false,
        CdcMaxBatchInterval: { Ref: 'CdcMaxBatchInterval' },
        ExpectedBucketOwner: { Ref: 'AWS::AccountId' },
      },
    });
    expect(template.Parameters.CdcMaxBatchInterval!.Default).toBeLessThanOrEqual(10);
    expect(properties('ReplicationTask')).toHaveProperty('MigrationType', 'full-load-and-cdc');
  });

  it('keeps the slot of an idle PostgreSQL moving where that is asked for', () => {
    const { PostgreSqlSettings } = properties('SourceEndpoint') as { PostgreSqlSettings: { If: unknown[] } };
    expect(PostgreSqlSettings.If.slice(0, 2)).toEqual([
      'IsPostgreSql',
      expect.objectContaining({ HeartbeatEnable: { Ref: 'SourceHeartbeat' } }),
    ]);
    expect(template.Parameters['SourceHeartbeat']).toMatchObject({ Default: 'false' });
  });

  it('gives its task settings and table mappings that are JSON, whatever the numbers', () => {
    for (const name of ['ReplicationTaskSettings', 'TableMappings']) {
      const { Sub } = properties('ReplicationTask')[name] as { Sub: string };
      expect(() => JSON.parse(Sub.replace(/\$\{\w+\}/g, '1')) as unknown).not.toThrow();
    }
  });

  it('stops a table rather than leave a row out, or the task where that is asked for', () => {
    const { Sub } = properties('ReplicationTask').ReplicationTaskSettings as { Sub: string };
    const { AllowedValues, Default } = template.Parameters['TableErrorPolicy']!;
    expect([Default, AllowedValues]).toEqual(['SUSPEND_TABLE', ['SUSPEND_TABLE', 'STOP_TASK']]);
    for (const policy of AllowedValues!) {
      const settings = Sub.replaceAll('${TableErrorPolicy}', policy).replace(/\$\{\w+\}/g, '1');
      expect((JSON.parse(settings) as { ErrorBehavior: unknown }).ErrorBehavior).toMatchObject({
        DataErrorPolicy: policy,
        DataTruncationErrorPolicy: policy,
        TableErrorPolicy: policy,
      });
    }
  });

  it('lets DMS write below the prefix of the raw bucket, list the bucket, and use its key', () => {
    const permissions = statementsOf('TargetRole').map(({ Sid, Action, Resource }) => ({ Sid, Action, Resource }));
    expect(permissions).toEqual([
      { Sid: 'ListBucket', Action: 's3:ListBucket', Resource: { Sub: 'arn:${AWS::Partition}:s3:::${RawBucket}' } },
      {
        Sid: 'WriteFiles',
        Action: ['s3:PutObject', 's3:DeleteObject', 's3:PutObjectTagging'],
        Resource: {
          If: [
            'HasPrefix',
            { Sub: 'arn:${AWS::Partition}:s3:::${RawBucket}/${RawPrefix}/*' },
            { Sub: 'arn:${AWS::Partition}:s3:::${RawBucket}/*' },
          ],
        },
      },
      { Sid: 'UseKey', Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: { Ref: 'RawBucketKmsKeyArn' } },
    ]);
  });

  it('lets DMS read one secret, and decrypt it', () => {
    expect(statementsOf('SecretRole').map(({ Resource }) => Resource)).toEqual([
      { Ref: 'SourceSecretArn' },
      { Ref: 'SourceSecretKmsKeyArn' },
    ]);
  });

  it.each(['SecretRole', 'TargetRole'])('lets DMS take the %s for this account only', (role) => {
    const { AssumeRolePolicyDocument } = properties(role) as { AssumeRolePolicyDocument: { Statement: Statement[] } };
    for (const { Condition } of AssumeRolePolicyDocument.Statement) {
      expect(Condition).toEqual({ StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } });
    }
  });

  it("leaves the account's roles when it is removed, but not when it could not be made", () => {
    const kept = Object.entries(template.Resources).filter(([, { DeletionPolicy }]) => DeletionPolicy !== undefined);
    expect(kept.map(([name, { DeletionPolicy }]) => [name, DeletionPolicy])).toEqual([
      ['VpcRole', 'RetainExceptOnCreate'],
      ['CloudWatchLogsRole', 'RetainExceptOnCreate'],
    ]);
  });

  it('has all its parameters in DEPLOYING.md, and no others', async () => {
    const page = await readFile('resources/DEPLOYING.md', 'utf8');
    const table = /^\| parameter .+?\n\n/ms.exec(page)![0];
    const listed = table.split('\n').flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)]);
    expect(listed.map(([, name]) => name).sort()).toEqual(Object.keys(template.Parameters).sort());
  });

  it.each(['SourceLatencyAlarm', 'TargetLatencyAlarm'])(
    'has the %s look at the instance by the name that DMS knows it by, and at its task',
    (alarm) => {
      const name = { Ref: 'InstanceName' };
      expect(properties('ReplicationInstance')).toHaveProperty('ReplicationInstanceIdentifier', name);
      expect(properties(alarm)).toHaveProperty('Dimensions', [
        { Name: 'ReplicationInstanceIdentifier', Value: name },
        { Name: 'ReplicationTaskIdentifier', Value: { Select: [6, { Split: [':', { Ref: 'ReplicationTask' }] }] } },
      ]);
    },
  );

  it.each([
    ['tidemark-prod', true],
    ['a', true],
    ['Tidemark-prod', false],
    ['tidemark--prod', false],
    ['tidemark-', false],
    ['1tidemark', false],
  ])('takes a name of the instance only as DMS keeps it: %s', (name, isTaken) => {
    const { AllowedPattern } = template.Parameters['InstanceName']!;
    expect(new RegExp(AllowedPattern!).test(name)).toBe(isTaken);
    expect(template.Parameters['InstanceName']).toHaveProperty('MaxLength', 63);
  });

  it.each(Object.keys(template.Parameters).filter((name) => name.endsWith('KmsKeyArn')))(
    'takes the ARN of a key as %s, or none, and not that of an alias, by which IAM knows no key',
    (name) => {
      const { AllowedPattern, ConstraintDescription } = template.Parameters[name]!;
      const taken = ['', `${KMS}key/1234abcd-12ab-34cd-56ef-1234567890ab`, `${KMS}key/mrk-1234abcd`];
      const refused = [`${KMS}alias/lake`, 'alias/lake', '1234abcd-12ab-34cd-56ef-1234567890ab'];
      const isTaken = (value: string) => new RegExp(AllowedPattern!).test(value);
      expect([...taken, ...refused].filter(isTaken)).toEqual(taken);
      expect(ConstraintDescription).toMatch(/ARN of a key.*not that of an alias.*or empty/);
    },
  );

  it('tells the topic of all that happens to the task, of which a stopped one has no metric', () => {
    expect(template.Resources['TaskEvents']).toMatchObject({ Type: 'AWS::Events::Rule', Condition: 'HasAlarmTopic' });
    expect(properties('TaskEvents')).toMatchObject({
      EventPattern: {
        source: ['aws.dms'],
        'detail-type': ['DMS Replication Task State Change'],
        resources: [{ Ref: 'ReplicationTask' }],
      },
      Targets: [{ Id: 'alarm-topic', Arn: { Ref: 'AlarmTopicArn' } }],
    });
  });

  it('is not reachable from the internet', () => {
    expect(properties('ReplicationInstance')).toHaveProperty('PubliclyAccessible', false);
  });
});
