import { loadSharedConfigFiles } from '@smithy/core/config';
import { didYouMean } from '../nearest.ts';
import { StackNotFound } from './stack.ts';

/**
 * Makes sure that a profile is there, which the SDK takes for one without a region and without credentials if it is not. The
 * profile `default` need not be.
 * @param profile undefined or empty: none is named
 * @param env names other files than ~/.aws/config and ~/.aws/credentials (AWS CLI user guide, "Configuration and credential file
 *   settings")
 * @throws StackNotFound
 */
export async function requireProfile(
  profile: string | undefined,
  { AWS_CONFIG_FILE: configFilepath, AWS_SHARED_CREDENTIALS_FILE: filepath }: Env,
): Promise<void> {
  if (!profile || profile === 'default') return;
  const { configFile, credentialsFile } = await loadSharedConfigFiles({
    ...(configFilepath && { configFilepath }),
    ...(filepath && { filepath }),
  });
  const known = new Set([...Object.keys(configFile), ...Object.keys(credentialsFile)]);
  if (known.has(profile)) return;
  throw new StackNotFound(
    `There is no profile ${profile} in ${configFilepath || '~/.aws/config'} or ${filepath || '~/.aws/credentials'}. ` +
      `${didYouMean(profile, known)}Those that are: aws configure list-profiles. Give one with --profile or AWS_PROFILE, or make ` +
      `this one: aws configure --profile ${profile}`,
  );
}

type Env = Readonly<Record<string, string | undefined>>;
