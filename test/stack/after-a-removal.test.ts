/** What DEPLOYING.md has people give back to CloudFormation is a template that holds together by itself. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { packageStack, type PackagedStack, type Resource } from './packaged-stack.ts';

interface Template {
  Parameters: Record<string, { Default?: string }>;
  Conditions: Record<string, unknown>;
  Resources: Record<string, Resource & { Condition?: string }>;
}

interface Substituted {
  'Fn::Sub': string;
}

let stack: PackagedStack;
let page: string;
let kept: Template;
beforeAll(async () => {
  [stack, page] = await Promise.all([
    packageStack({ kmsKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000001' }),
    readFile('resources/DEPLOYING.md', 'utf8'),
  ]);
  const script = /^node --input-type=commonjs --eval '\n(.+?)\n' > /ms.exec(page)![1]!;
  const node = promisify(execFile)(process.execPath, ['--input-type=commonjs', '--eval', script], {
    cwd: dirname(stack.directory),
  });
  kept = JSON.parse((await node).stdout) as Template;
}, 120_000);
afterAll(() => stack.remove());

/** Names of what `key` names below a node: `{ "Ref": "Name" }`, `{ "Condition": "Name" }`, … */
function namesUnder(node: unknown, key: string): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, value]: [string, unknown]) =>
    name === key ? [String(Array.isArray(value) ? value[0] : value)] : namesUnder(value, key),
  );
}

describe('the template that is given back after a removal', () => {
  it('has all that was kept, and nothing else', () => {
    const policies = Object.entries(stack.resources).filter(([, { DeletionPolicy }]) =>
      DeletionPolicy?.startsWith('R'),
    );
    expect(Object.keys(kept.Resources).sort()).toEqual(policies.map(([name]) => name).sort());
  });

  it('refers to nothing that is not in it', () => {
    const there = [...Object.keys(kept.Resources), ...Object.keys(kept.Parameters)];
    const references = [...namesUnder(kept.Resources, 'Ref'), ...namesUnder(kept.Resources, 'Fn::GetAtt')];
    expect(references).toContain('KmsKeyArn');
    expect(references.filter((name) => !name.startsWith('AWS::') && !there.includes(name))).toEqual([]);
    const conditions = [kept.Resources, kept.Conditions].flatMap((node) => [
      ...namesUnder(node, 'Condition'),
      ...namesUnder(node, 'Fn::If'),
    ]);
    expect(conditions.filter((name) => !(name in kept.Conditions))).toEqual([]);
    for (const { DependsOn } of Object.values(kept.Resources)) expect(DependsOn).toBeUndefined();
  });

  it('needs no parameter to be given', () => {
    for (const { Default } of Object.values(kept.Parameters)) expect(Default).toBeDefined();
  });

  it('is told the names of all that it has', () => {
    const told = [
      ...page.matchAll(/ResourceType=([\w:]+),LogicalResourceId=(\w+),ResourceIdentifier={(\w+)=([^}]+)}/g),
    ];
    const propertiesOf = (id: string) =>
      kept.Resources[id]!.Properties as { TableName: string; BucketName: Substituted };
    expect(told.map(([, type, id, property, value]) => [id, type, property, asDeployed(value!)])).toEqual([
      ['ControllerTable', 'AWS::DynamoDB::Table', 'TableName', propertiesOf('ControllerTable').TableName],
      ['RawBucket', 'AWS::S3::Bucket', 'BucketName', propertiesOf('RawBucket').BucketName['Fn::Sub']],
      ['LakeBucket', 'AWS::S3::Bucket', 'BucketName', propertiesOf('LakeBucket').BucketName['Fn::Sub']],
    ]);
  });
});

/** A name of the page as the template of stage `test` has it. */
function asDeployed(name: string): string {
  return name
    .replace('tidemark-prod-', 'tidemark-test-')
    .replace('$ACCOUNT', '${AWS::AccountId}')
    .replace('$AWS_REGION', '${AWS::Region}');
}
