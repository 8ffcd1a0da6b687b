import type { Stack as StackDescription } from '@aws-sdk/client-cloudformation';
import { CloudFormationServiceException, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { DeployedConfig } from '../config-from-environment.ts';
import { readConfig } from '../config-from-environment.ts';
import { messageOf } from '../errors.ts';
import type { StackClients } from './stack-clients.ts';

/** What a person says of a stack; what is left out is found as the AWS CLI finds it. */
export interface GivenStack {
  stage: string;
  region?: string | undefined;
  profile?: string | undefined;
}

/** A deployed stack, as its outputs describe it (`resources/outputs.yml`). */
export interface Stack {
  name: string;
  region: string;
  config: DeployedConfig;
  deadLetterQueueUrls: readonly string[];
  /** Of the queue that raw buckets send their events to. */
  arrivalsQueueArn: string;
  /** What it was deployed with (`resources/conditions.yml`). */
  parameters: ReadonlyMap<string, string>;
}

/** The stack is not there, or cannot be read; the message says which, where, and what to give instead. */
export class StackNotFound extends Error {
  override readonly name: string = 'StackNotFound';
}

/** None is given, nor set anywhere that the AWS CLI looks; the message says how to. */
export class NoRegion extends StackNotFound {
  override readonly name = 'NoRegion';
}

/**
 * Finds the stack of a stage, `tidemark-<stage>`, by its outputs.
 * @throws StackNotFound
 */
export async function findStack(
  stage: string,
  { cloudFormation }: Pick<StackClients, 'cloudFormation'>,
): Promise<Stack> {
  const name = `tidemark-${stage}`;
  const region = await regionOf(cloudFormation);
  const { Outputs: outputs = [], Parameters = [] } = await readStack(name, region, cloudFormation);
  const output = (key: string): string => {
    const value = outputs.find(({ OutputKey }) => OutputKey === key)?.OutputValue;
    if (value !== undefined) return value;
    throw new StackNotFound(
      `The stack ${name} in ${region} has no output ${key}: it was deployed by an older version, or its deployment is not ` +
        `finished. Deploy it with this version: npx sls deploy --stage ${stage} --region ${region}`,
    );
  };
  const config = readConfig({
    ...(JSON.parse(output('Settings')) as Record<string, string>),
    RAW_BUCKET: output('RawBucketName'),
    LAKE_BUCKET: output('LakeBucketName'),
    CONTROLLER_TABLE: output('ControllerTableName'),
    HISTORY_TABLE: output('HistoryTableName'),
    WAKE_UPS_QUEUE_URL: output('WakeUpsQueueUrl'),
  });
  const deadLetterQueueUrls = [output('ArrivalsDeadLetterQueueUrl'), output('WakeUpsDeadLetterQueueUrl')];
  const parameters = new Map(Parameters.map((given) => [given.ParameterKey ?? '', given.ParameterValue ?? '']));
  return { name, region, config, deadLetterQueueUrls, arrivalsQueueArn: output('ArrivalsQueueArn'), parameters };
}

/**
 * The region that a client would ask.
 * @throws NoRegion
 */
export async function regionOf({ config }: StackClients['cloudFormation']): Promise<string> {
  try {
    return await config.region();
  } catch (cause) {
    throw new NoRegion(
      'No AWS region is set. Give --region, such as --region eu-west-1, or set AWS_REGION, or a region in the profile ' +
        '(aws configure).',
      { cause },
    );
  }
}

async function readStack(
  name: string,
  region: string,
  client: StackClients['cloudFormation'],
): Promise<Pick<StackDescription, 'Outputs' | 'Parameters'>> {
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: name }));
    return Stacks?.[0] ?? {};
  } catch (cause) {
    throw new StackNotFound(refusal(name, region, cause), { cause });
  }
}

function refusal(name: string, region: string, error: unknown): string {
  const reason = messageOf(error);
  if (error instanceof CloudFormationServiceException) {
    if (error.name === 'ValidationError' && reason.includes('does not exist'))
      return (
        `There is no stack ${name} in ${region} in this account. Give the stage, region and profile that it was deployed ` +
        'with: --stage, --region, --profile; npx sls deploy makes one.'
      );
    return (
      `The stack ${name} in ${region} cannot be read: ${reason} It takes the permission cloudformation:DescribeStacks; ` +
      '--profile gives other credentials.'
    );
  }
  return (
    `The stack ${name} in ${region} cannot be read: ${reason}. Credentials are found as the AWS CLI finds them: set them ` +
    'in the environment or in a profile (--profile, AWS_PROFILE; aws sso login where it has expired).'
  );
}
