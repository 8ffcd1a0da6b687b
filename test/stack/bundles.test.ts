import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { packageStack, type PackagedStack } from './packaged-stack.ts';
import { unzip } from './zip.ts';

const FUNCTIONS = ['route', 'merge', 'wake', 'sweep'];

/** What the stack sets, and what Lambda sets. No credentials: nothing is called. */
const ENVIRONMENT = {
  RAW_BUCKET: 'raw-bucket',
  LAKE_BUCKET: 'lake-bucket',
  CONTROLLER_TABLE: 'controller',
  HISTORY_TABLE: 'history',
  WAKE_UPS_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/123456789012/wake-ups.fifo',
  AWS_REGION: 'eu-west-1',
};

let stack: PackagedStack;
let unpacked: string; // outside the project: a bundle finds no packages but its own
beforeAll(async () => {
  stack = await packageStack();
  unpacked = await mkdtemp(join(tmpdir(), 'tidemark-bundles-'));
  for (const name of FUNCTIONS) await writeFile(join(unpacked, `${name}.mjs`), (await bundle(name)).code);
}, 120_000);
afterAll(async () => {
  await stack.remove();
  await rm(unpacked, { recursive: true });
});

async function bundle(name: string) {
  const zip = await readFile(join(stack.directory, `${name}.zip`));
  const files = unzip(zip);
  return { zipBytes: zip.length, names: [...files.keys()], code: files.get(`functions/${name}.mjs`)! };
}

/** Runs `script` with the bundle imported as `bundle`, in a process of its own; answers with what it printed. */
async function withBundle(name: string, script: string, environment: NodeJS.ProcessEnv = ENVIRONMENT): Promise<string> {
  const url = pathToFileURL(join(unpacked, `${name}.mjs`)).href;
  const program = `const bundle = await import(${JSON.stringify(url)}); ${script}`;
  const node = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], { env: environment });
  return (await node).stdout.trim();
}

describe.each(FUNCTIONS)('the bundle of %s', (name) => {
  it('is one module of bounded size', async () => {
    const { names, code, zipBytes } = await bundle(name);
    expect(names).toEqual([`functions/${name}.mjs`]);
    expect(code.length).toBeLessThan(6 * 1024 * 1024);
    expect(zipBytes).toBeLessThan(2 * 1024 * 1024);
  });

  it('holds no client of AWS that only the command needs', async () => {
    expect((await bundle(name)).code.includes('DescribeStacks')).toBe(false);
  });

  it('holds the client of the catalog in merge only', async () => {
    expect((await bundle(name)).code.includes('AWSGlue')).toBe(name === 'merge');
  });

  it('is the module that the function names', () => {
    const { Handler } = stack.resources[`${name[0]!.toUpperCase()}${name.slice(1)}LambdaFunction`]!.Properties as {
      Handler: string;
    };
    expect(Handler).toBe(`functions/${name}.handler`);
  });

  it('loads by itself and has a handler', async () => {
    await expect(withBundle(name, 'console.log(typeof bundle.handler)')).resolves.toBe('function');
  });

  it('refuses to start with a configuration that cannot work, and says why', async () => {
    await expect(withBundle(name, '', { ...ENVIRONMENT, LAKE_BUCKET: 'raw-bucket' })).rejects.toThrow(
      'ConfigurationError',
    );
  });
});

describe('a batch of nothing hands back nothing', () => {
  it.each(['route', 'merge', 'wake'])('%s', async (name) => {
    const context = `{ awsRequestId: 'request', getRemainingTimeInMillis: () => 900_000 }`;
    const call = `console.log(JSON.stringify(await bundle.handler({ Records: [] }, ${context})))`;
    await expect(withBundle(name, call)).resolves.toBe('{"batchItemFailures":[]}');
  });
});
