const { env } = require('node:process');

/**
 * The region to deploy to: as --region says, or found by the code that finds it for the tidemark command, so as the AWS CLI
 * does (AWS_REGION, AWS_DEFAULT_REGION, the profile). There is no default: one who has set none is told so. Refused is an
 * environment in which sls would take other credentials than tidemark does.
 *
 * CommonJS, since this is how the packager loads it.
 */
module.exports = async ({ options, resolveVariable }) => {
  try {
    const profile = options['aws-profile'];
    // Given by name it goes before all of the environment.
    if (!profile) requireSameCredentials(String(await resolveVariable('sls:stage')));
    if (options.region) return options.region;
    const { tsImport } = await import('tsx/esm/api');
    const { stackClients } = await tsImport('../lib/aws/stack-clients.ts', module.filename);
    const { regionOf } = await tsImport('../lib/aws/stack.ts', module.filename);
    return await regionOf(stackClients({ profile }, env).cloudFormation);
  } catch (error) {
    error.stack = ''; // which the packager would print after what is to be done
    throw error;
  }
};

/**
 * Of what the environment has, sls takes the first of: a profile and keys of the stage's own, AWS_PROFILE, keys,
 * AWS_DEFAULT_PROFILE (its lib/aws/credentials.js); tidemark takes keys, then AWS_PROFILE, as the AWS CLI does.
 * @throws Error where that is not the same: a stack would be deployed to one account and looked for in another.
 */
function requireSameCredentials(stage) {
  const ofStage = `AWS_${stage.toUpperCase()}`;
  const byName = 'give the profile by name: --aws-profile NAME to sls, --profile NAME to tidemark and aws.';
  const refuse = (variable, takes) => {
    throw new Error(
      `${variable} is set: sls would deploy with ${takes}, but tidemark does not know the variable, and may look into ` +
        `another account. Unset it; then set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ${byName}`,
    );
  };
  if (env[`${ofStage}_PROFILE`]) refuse(`${ofStage}_PROFILE`, `the profile ${env[`${ofStage}_PROFILE`]}`);
  if (hasKeys(ofStage)) refuse(`${ofStage}_ACCESS_KEY_ID`, 'these keys');
  if (env.AWS_PROFILE && hasKeys('AWS'))
    throw new Error(
      `AWS_PROFILE and AWS_ACCESS_KEY_ID are both set: sls would deploy with the profile ${env.AWS_PROFILE}, but tidemark ` +
        `and the AWS CLI take the keys, which may be of another account. Unset one of them, or ${byName}`,
    );
  if (env.AWS_DEFAULT_PROFILE && !env.AWS_PROFILE && !hasKeys('AWS'))
    refuse('AWS_DEFAULT_PROFILE', `the profile ${env.AWS_DEFAULT_PROFILE}`);
}

function hasKeys(prefix) {
  return Boolean(env[`${prefix}_ACCESS_KEY_ID`] && env[`${prefix}_SECRET_ACCESS_KEY`]);
}
