/**
 * The AWS adapters, and the command on a stack, against a moto server that is running:
 *
 *     python test/moto/serve.py
 *     npm run test:moto -- --endpoint http://127.0.0.1:5000
 *
 * The first prints the URL; `.ci/run` installs (`test/moto/requirements.txt`) and starts it. Exit code 0 if what moto does
 * as AWS does came out right, and what is named in `exceptions.ts` did not.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { endpoint: { type: 'string' } } });
if (values.endpoint === undefined) {
  process.stderr.write('Give the URL of a moto server: npm run test:moto -- --endpoint http://127.0.0.1:5000\n');
  process.exit(1);
}
const jest = spawn(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--testMatch',
    '**/test/moto/*.moto.ts',
  ],
  { stdio: 'inherit', env: { ...process.env, TIDEMARK_TEST_MOTO_ENDPOINT: values.endpoint } },
);
const [code] = (await once(jest, 'close')) as [number | null];
process.exitCode = code ?? 1;
