import { tidemarkProgram } from './program.ts';

// A reader that has seen enough, such as head, closes the pipe; a terminal that is closed takes nothing any more.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  process.exit();
});
// What is under way is ended in good order, whether somebody reads of it or not.
process.stderr.on('error', () => undefined);

// The AWS SDK warns on every start that its versions of 2027 will not run on Node.js 20. The version in use does.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

await tidemarkProgram().parseAsync();
