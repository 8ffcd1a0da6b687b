/**
 * The stack as `sls package` makes it for stage `test`, with its conditions decided and its references as text:
 * `{"Fn::GetAtt": ["WakeUpsQueue", "Arn"]}` reads `WakeUpsQueue.Arn`. It is packaged in a directory of its own, so that
 * tests and people can package side by side.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface PackagedStack {
  /** Where the template and the zips are. */
  directory: string;
  resources: Record<string, Resource>;
  outputs: Record<string, { Value: string }>;
  remove(): Promise<void>;
}

export interface Resource {
  Type: string;
  // The shape depends on the type of the resource, which a test names right beside it.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  Properties: any;
  DependsOn?: string[];
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

/** Throws what the packager printed if it refuses. */
export async function packageStack(settings: Record<string, string> = {}): Promise<PackagedStack> {
  const service = await mkdtemp(join(tmpdir(), 'tidemark-stack-'));
  const remove = () => rm(service, { recursive: true });
  // The packager does not follow a link to its own file.
  await copyFile('serverless.yml', join(service, 'serverless.yml'));
  for (const name of ['resources', 'functions', 'lib', 'node_modules', 'package.json']) {
    await symlink(join(process.cwd(), name), join(service, name));
  }
  const params = Object.entries(settings).map(([name, value]) => `--param=${name}=${value}`);
  const sls = join(service, 'node_modules', 'serverless', 'bin', 'serverless.js');
  try {
    const options = ['--stage', 'test', '--region', 'us-east-1', ...params];
    await run(process.execPath, [sls, 'package', ...options], { cwd: service, env: offline() });
  } catch (refused) {
    await remove();
    throw new Error((refused as { stdout: string }).stdout + (refused as { stderr: string }).stderr, {
      cause: refused,
    });
  }
  const directory = join(service, '.serverless');
  const template = await readFile(join(directory, 'cloudformation-template-update-stack.json'), 'utf8');
  return { directory, remove, ...decide(JSON.parse(template) as Template) };
}

/** Resources of one type, by logical id. */
export function resourcesOf(stack: PackagedStack, type: string): Record<string, Resource> {
  return Object.fromEntries(Object.entries(stack.resources).filter(([, resource]) => resource.Type === type));
}

const run = promisify(execFile);

/** Without an account: the environment has no credentials, profile or region. Nor jest's own options for Node.js. */
export function offline(): NodeJS.ProcessEnv {
  const ours = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_') && name !== 'NODE_OPTIONS');
  return Object.fromEntries(ours);
}

interface Template {
  Parameters: Record<string, { Default: string }>;
  Conditions: Record<string, unknown>;
  Resources: Record<string, Resource & { Condition?: string }>;
  Outputs: Record<string, { Value: string }>;
}

function decide(template: Template): Pick<PackagedStack, 'resources' | 'outputs'> {
  const resources = Object.entries(template.Resources)
    .filter(([, { Condition }]) => Condition === undefined || holds({ Condition }, template))
    .map(([name, resource]) => [name, resolve(resource, template) as Resource]);
  return {
    resources: Object.fromEntries(resources) as Record<string, Resource>,
    outputs: resolve(template.Outputs, template) as PackagedStack['outputs'],
  };
}

/** The node with what is decided decided; undefined for what is not there. */
function resolve(node: unknown, template: Template): unknown {
  if (Array.isArray(node)) {
    return node.map((element: unknown) => resolve(element, template)).filter((element) => element !== undefined);
  }
  if (typeof node !== 'object' || node === null) return node;
  const call = Object.entries(node)[0] as [string, never] | undefined;
  if (call !== undefined && call[0] in FUNCTIONS) return FUNCTIONS[call[0]]!(call[1], template);
  const entries = Object.entries(node).map(([name, value]) => [name, resolve(value, template)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

const FUNCTIONS: Record<string, (argument: never, template: Template) => unknown> = {
  Ref: (name: string, template) => (name === 'AWS::NoValue' ? undefined : (template.Parameters[name]?.Default ?? name)),
  'Fn::GetAtt': (path: string[]) => path.join('.'),
  'Fn::Sub': (text: string, template) =>
    text.replace(/\$\{(\w+)\}/g, (whole, name: string) => template.Parameters[name]?.Default ?? whole),
  'Fn::Join': ([separator, parts]: [string, unknown[]], template) =>
    (resolve(parts, template) as string[]).join(separator),
  'Fn::Split': ([separator, text]: [string, unknown], template) => (resolve(text, template) as string).split(separator),
  'Fn::If': ([condition, then, otherwise]: [string, unknown, unknown], template) =>
    resolve(holds({ Condition: condition }, template) ? then : otherwise, template),
};

function holds(condition: unknown, template: Template): boolean {
  const [name, argument] = Object.entries(condition as object)[0] as [string, unknown];
  switch (name) {
    case 'Condition':
      return holds(template.Conditions[argument as string], template);
    case 'Fn::Equals': {
      const [left, right] = resolve(argument, template) as unknown[];
      return left === right;
    }
    case 'Fn::Not':
      return !holds((argument as unknown[])[0], template);
    case 'Fn::And':
      return (argument as unknown[]).every((each) => holds(each, template));
    default:
      throw new Error(`The template has a condition that these tests cannot decide: ${name}`);
  }
}
