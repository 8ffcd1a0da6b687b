/** Clients of the moto server whose URL the environment gives (`npm run test:moto`). It takes any credentials. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';

const endpoint = process.env['TIDEMARK_TEST_MOTO_ENDPOINT'];
if (endpoint === undefined) throw new Error('These tests need a moto server: npm run test:moto -- --endpoint URL');

export const MOTO = {
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
};

export const s3 = new S3Client({ ...MOTO, forcePathStyle: true });
export const sqs = new SQSClient(MOTO);
export const dynamoDb = new DynamoDBClient(MOTO);
export const glue = new GlueClient(MOTO);
