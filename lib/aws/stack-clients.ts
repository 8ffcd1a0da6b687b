import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { PortClients } from './connect.ts';
import { CLIENT, S3_CLIENT } from './connect.ts';

export interface StackClients extends PortClients {
  cloudFormation: CloudFormationClient;
}

/**
 * Clients for a person at a terminal. What is not given is found as the AWS CLI finds it: the region in AWS_REGION,
 * AWS_DEFAULT_REGION or the profile; the profile in AWS_PROFILE; credentials in the environment or the profile, unless a
 * profile is given, which then goes before the environment (AWS CLI user guide, "Configuration settings and precedence").
 */
export function stackClients(
  given: { region?: string | undefined; profile?: string | undefined },
  env: Env,
): StackClients {
  // Of the environment's regions the SDK knows the first only.
  const region = given.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  const config = {
    ...(region !== undefined && { region }),
    ...(given.profile !== undefined && { profile: given.profile }),
    ...credentialsIn(env, given.profile),
  };
  return {
    cloudFormation: new CloudFormationClient({ ...CLIENT, ...config }),
    s3: new S3Client({ ...S3_CLIENT, ...config }),
    dynamoDb: new DynamoDBClient({ ...CLIENT, ...config }),
    sqs: new SQSClient({ ...CLIENT, ...config }),
  };
}

/** The SDK passes keys in the environment over once AWS_PROFILE is set there, too; the AWS CLI takes them first. */
function credentialsIn(
  { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken }: Env,
  profile: string | undefined,
) {
  if (profile !== undefined || !accessKeyId || !secretAccessKey) return {};
  return { credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } };
}

type Env = Readonly<Record<string, string | undefined>>;
