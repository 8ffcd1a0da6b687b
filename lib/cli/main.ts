import { tidemarkProgram } from './program.ts';

// A reader that has seen enough, such as head, closes the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

// The AWS SDK warns on every start that its versions of 2027 will not run on Node.js 20. The version in use does.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

await tidemarkProgram().parseAsync();
