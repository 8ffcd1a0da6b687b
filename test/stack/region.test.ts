/** Where `sls` deploys to is where `tidemark` looks: test/aws/stack.test.ts says the same of the command. */
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
