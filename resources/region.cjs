const { env } = require('node:process');

/**
 * The region to deploy to where --region is not given: found by the code that finds it for the tidemark command, so as the
 * AWS CLI does (AWS_REGION, AWS_DEFAULT_REGION, the profile). There is no default: one who has set none is told so.
 *
 * CommonJS, since this is how the packager loads it.
 */
module.exports = async ({ options }) => {
  const { tsImport } = await import('tsx/esm/api');
  const { stackClients } = await tsImport('../lib/aws/stack-clients.ts', module.filename);
  const { regionOf } = await tsImport('../lib/aws/stack.ts', module.filename);
  const { cloudFormation } = stackClients({ profile: options['aws-profile'] }, env);
  return regionOf(cloudFormation).catch((error) => {
    error.stack = ''; // which the packager would print after what is to be done
    throw error;
  });
};
