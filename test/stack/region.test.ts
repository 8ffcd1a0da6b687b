/** Where `sls` deploys to is where `tidemark` looks, region and account: test/aws/stack.test.ts says the same of the command. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { offline } from './packaged-stack.ts';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  const profiles = '[default]\nregion = eu-south-1\n[profile team]\nregion = ap-south-1\n';
  await writeFile(join(folder, 'config'), profiles);
  await writeFile(join(folder, 'empty'), '');
});

/** What the packager takes for the region. @throws what it printed if it refuses */
async function regionOf(options: string[], env: Record<string, string>, config = 'config'): Promise<string> {
  const print = ['node_modules/serverless/bin/serverless.js', 'print', '--path', 'provider.region', '--format', 'text'];
  const files = { AWS_CONFIG_FILE: join(folder, config), AWS_SHARED_CREDENTIALS_FILE: join(folder, 'empty') };
  const all = { ...offline(), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', ...files, ...env };
  try {
    return (await promisify(execFile)(process.execPath, [...print, ...options], { env: all })).stdout.trim();
  } catch (refused) {
    throw new Error((refused as { stdout: string }).stdout, { cause: refused });
  }
}

describe('the region that is deployed to', () => {
  it.each<[string, string[], Record<string, string>, string]>([
    ['as it is given', ['--region', 'eu-west-3'], { AWS_REGION: 'us-west-1' }, 'eu-west-3'],
    ['as AWS_REGION says', [], { AWS_REGION: 'us-west-1', AWS_DEFAULT_REGION: 'us-west-2' }, 'us-west-1'],
    ['as AWS_DEFAULT_REGION says', [], { AWS_DEFAULT_REGION: 'us-west-2', AWS_PROFILE: 'team' }, 'us-west-2'],
    ['as the profile says that is given', ['--aws-profile', 'team'], {}, 'ap-south-1'],
    ['as the profile of AWS_PROFILE says', [], { AWS_PROFILE: 'team' }, 'ap-south-1'],
    ['as the default profile says', [], {}, 'eu-south-1'],
    ['none that is set to nothing', ['--region='], { AWS_REGION: '', AWS_DEFAULT_REGION: 'us-west-2' }, 'us-west-2'],
  ])(
    'is %s',
    async (_, options, env, expected) => {
      expect(await regionOf(options, env)).toBe(expected);
    },
    60_000,
  );

  it('must be set; what to do is said, and nothing printed after it', async () => {
    await expect(regionOf([], {}, 'empty')).rejects.toThrow(
      /No AWS region is set\. Give --region, such as --region eu-west-1, or set AWS_REGION, or a region in the profile \(aws configure\)\.\s*$/,
    );
  }, 60_000);
});

describe('credentials that sls would take and tidemark would not', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };
  const given = ['--region', 'eu-west-3', '--stage', 'prod'];

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'a profile in AWS_PROFILE, beside keys',
      { ...keys, AWS_PROFILE: 'team' },
      /AWS_PROFILE and AWS_ACCESS_KEY_ID are both set: sls would deploy with the profile team, .* Unset one of them, or .*--aws-profile NAME .*\.\s*$/,
    ],
    [
      'a profile of the stage alone',
      { ...keys, AWS_PROD_PROFILE: 'team' },
      /AWS_PROD_PROFILE is set: sls would deploy with the profile team, .* Unset it; .*--aws-profile NAME .*\.\s*$/,
    ],
    [
      'keys of the stage alone',
      { AWS_PROD_ACCESS_KEY_ID: 'key', AWS_PROD_SECRET_ACCESS_KEY: 'secret', AWS_PROFILE: 'team' },
      /AWS_PROD_ACCESS_KEY_ID is set: sls would deploy with these keys, .* Unset it; /,
    ],
    [
      'a profile in AWS_DEFAULT_PROFILE, where nothing goes before it',
      { AWS_DEFAULT_PROFILE: 'team' },
      /AWS_DEFAULT_PROFILE is set: sls would deploy with the profile team, .* Unset it; /,
    ],
  ])(
    'are refused, also where the region is given: %s',
    async (_, env, message) => {
      await expect(regionOf(given, env)).rejects.toThrow(message);
    },
    60_000,
  );

  it.each<[string, string[], Record<string, string>]>([
    ['where the profile is given by name', ['--aws-profile', 'team'], { ...keys, AWS_PROFILE: 'team' }],
    ['where both take the keys', [], { ...keys, AWS_DEFAULT_PROFILE: 'team', AWS_DEV_PROFILE: 'team' }],
    ['where what is set to nothing is not set', [], { ...keys, AWS_PROFILE: '', AWS_PROD_PROFILE: '' }],
  ])(
    'are none %s',
    async (_, options, env) => {
      expect(await regionOf([...given, ...options], env)).toBe('eu-west-3');
    },
    60_000,
  );
});
