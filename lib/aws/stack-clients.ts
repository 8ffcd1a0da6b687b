import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { loadConfig, NODE_REGION_CONFIG_FILE_OPTIONS, NODE_REGION_CONFIG_OPTIONS } from '@smithy/core/config';
import type { PortClients } from './connect.ts';
import { CLIENT, S3_CLIENT } from './connect.ts';

export interface StackClients extends PortClients {
  cloudFormation: CloudFormationClient;
}

/**
 * Clients for a person at a terminal. What is not given is found as the AWS CLI finds it: the region in AWS_REGION,
 * AWS_DEFAULT_REGION or the profile; the profile in AWS_PROFILE; credentials in the environment or the profile, unless a
 * profile is given, which then goes before the environment (AWS CLI user guide, "Configuration settings and precedence").
 * What is set to nothing, as CI sets a variable that it knows no value of, is not set.
 */
export function stackClients(
  { region, profile }: { region?: string | undefined; profile?: string | undefined },
  env: Env,
): StackClients {
  const config = {
    region: region || env.AWS_REGION || env.AWS_DEFAULT_REGION || regionOfProfile(profile),
    ...(profile && { profile }),
    ...credentialsIn(env, profile),
  };
  return {
    cloudFormation: new CloudFormationClient({ ...CLIENT, ...config }),
    s3: new S3Client({ ...S3_CLIENT, ...config }),
    dynamoDb: new DynamoDBClient({ ...CLIENT, ...config }),
    sqs: new SQSClient({ ...CLIENT, ...config }),
  };
}

/** Without the environment, of whose regions the SDK knows AWS_REGION only, and that for set where it is empty. */
function regionOfProfile(profile: string | undefined): () => Promise<string> {
  const options = { ...NODE_REGION_CONFIG_OPTIONS, environmentVariableSelector: () => undefined };
  return loadConfig(options, { ...NODE_REGION_CONFIG_FILE_OPTIONS, ...(profile && { profile }) });
}

/** The SDK passes keys in the environment over once AWS_PROFILE is set there, too; the AWS CLI takes them first. */
function credentialsIn(
  { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken }: Env,
  profile: string | undefined,
) {
  if (profile || !accessKeyId || !secretAccessKey) return {};
  return { credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } };
}

type Env = Readonly<Record<string, string | undefined>>;
