/** Which stack is looked for where, and what a person without region or credentials is told. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { requireProfile } from '../../lib/aws/profile.ts';
import { stackClients } from '../../lib/aws/stack-clients.ts';
import { findStack } from '../../lib/aws/stack.ts';
import { openStackPlace } from '../../lib/place/stack-place.ts';
import { OWN_THREAD } from '../../lib/threads/own-thread.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';

const OURS = [
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_PROFILE',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_EC2_METADATA_DISABLED',
];
const before = OURS.map((name) => [name, process.env[name]] as const);

beforeAll(async () => {
  const folder = await temporaryFolder();
  const config = join(folder, 'config');
  await writeFile(
    config,
    '[profile team]\nregion = ap-south-1\naws_access_key_id = of the profile\naws_secret_access_key = secret\n',
  );
  for (const name of OURS) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, {
    AWS_CONFIG_FILE: config,
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
  });
});
afterAll(() => {
  for (const [name, value] of before)
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
});

describe('the region of a stack', () => {
  it.each([
    ['as it is given', { region: 'eu-west-3', profile: 'team' }, { AWS_REGION: 'us-west-1' }, 'eu-west-3'],
    ['as AWS_REGION says', { profile: 'team' }, { AWS_REGION: 'us-west-1' }, 'us-west-1'],
    ['as AWS_DEFAULT_REGION says, which the AWS CLI knows too', {}, { AWS_DEFAULT_REGION: 'us-west-2' }, 'us-west-2'],
    ['as the profile says', { profile: 'team' }, {}, 'ap-south-1'],
    ['as AWS_REGION says, where it is given as nothing', { region: '' }, { AWS_REGION: 'us-west-1' }, 'us-west-1'],
    [
      'as AWS_DEFAULT_REGION says, where AWS_REGION is set to nothing',
      { profile: '' },
      { AWS_REGION: '', AWS_DEFAULT_REGION: 'us-west-2' },
      'us-west-2',
    ],
  ])('is %s', async (_, given, env, expected) => {
    const { cloudFormation, s3, dynamoDb, sqs } = stackClients(given, env);
    for (const { config } of [cloudFormation, s3, dynamoDb, sqs]) expect(await config.region()).toBe(expected);
  });

  it('must be known', async () => {
    await expect(findStack('dev', stackClients({}, {}))).rejects.toThrow(/^No AWS region is set\. Give --region/);
  });

  describe('where the environment sets it to nothing, as CI does with a variable that it has no value of', () => {
    const env = { AWS_REGION: '', AWS_DEFAULT_REGION: '', AWS_PROFILE: '' };
    // The SDK looks there by itself.
    beforeAll(() => void Object.assign(process.env, env));
    afterAll(() => {
      for (const name of Object.keys(env)) Reflect.deleteProperty(process.env, name);
    });

    it('is the one of the profile', async () => {
      const { s3 } = stackClients({ profile: 'team' }, env);
      expect(await s3.config.region()).toBe('ap-south-1');
    });

    it('must be known; no profile without a name is looked for', async () => {
      const io = { err: () => undefined, threads: OWN_THREAD, env };
      const open = openStackPlace({ stage: 'dev', region: '', profile: '' }, io);
      await expect(open).rejects.toThrow(/^No AWS region is set\. Give --region/);
      await expect(open).rejects.toMatchObject({ name: 'WrongUsage' });
    });
  });
});

describe('a profile that is not there', () => {
  it.each([
    ['nope', /^There is no profile nope in .*config or .*credentials\. Those that are: aws configure list-profiles\. /],
    ['teams', /^There is no profile teams in .*\. Did you mean team\? /],
  ])('is told by its name, and not as a region that is missing: %s', async (profile, message) => {
    const io = { err: () => undefined, threads: OWN_THREAD };
    for (const given of [{ profile }, { profile, region: 'eu-west-3' }]) {
      const open = openStackPlace({ stage: 'dev', ...given }, { ...io, env: process.env });
      await expect(open).rejects.toThrow(message);
      await expect(open).rejects.toMatchObject({ name: 'WrongUsage' });
    }
    await expect(
      openStackPlace({ stage: 'dev' }, { ...io, env: { ...process.env, AWS_PROFILE: profile } }),
    ).rejects.toThrow(message);
  });

  it('is none of those that are there, nor the default one', async () => {
    for (const profile of ['team', 'default', '', undefined])
      await expect(requireProfile(profile, process.env)).resolves.toBeUndefined();
  });
});

describe('credentials', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'of the environment', AWS_SECRET_ACCESS_KEY: 'secret' };

  it.each([
    ['of the environment, though AWS_PROFILE is set', {}, { ...keys, AWS_PROFILE: 'team' }, 'of the environment'],
    ['of the profile that is given', { profile: 'team' }, keys, 'of the profile'],
    ['of the environment, where the profile is given as nothing', { profile: '' }, keys, 'of the environment'],
  ])('are those %s, as for the AWS CLI', async (_, given, env, expected) => {
    const { s3 } = stackClients({ region: 'eu-west-3', ...given }, env);
    expect(await s3.config.credentials()).toMatchObject({ accessKeyId: expected });
  });

  it('must be found; the message says for which stack and where', async () => {
    await expect(findStack('dev', stackClients({ region: 'eu-west-3' }, {}))).rejects.toThrow(
      /^The stack tidemark-dev in eu-west-3 cannot be read: .*credentials.*--profile, AWS_PROFILE/,
    );
  });
});
