/** What people look at names only what is there: metrics, functions, queues, and for each alarm what to do. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { METRICS_NAMESPACE, METRICS_SERVICE } from '../../lib/aws/emf-metrics.ts';
import { METRICS } from '../../lib/ports/metrics.ts';
import { readDmsTemplate } from './dms-template.ts';
import { packageStack, resourcesOf, type PackagedStack } from './packaged-stack.ts';

interface Alarm {
  AlarmName: string;
  Namespace?: string;
  MetricName?: string;
  Dimensions?: { Name: string; Value: string }[];
}

interface Widget {
  type: 'metric' | 'log';
  x: number;
  y: number;
  width: number;
  height: number;
  properties: { title: string; metrics?: (string | object)[][]; query?: string };
}

let stack: PackagedStack;
let alarms: Alarm[];
let widgets: Widget[];
let runbook: string;
beforeAll(async () => {
  stack = await packageStack();
  alarms = Object.values(resourcesOf(stack, 'AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties as Alarm);
  const { DashboardBody } = stack.resources['Dashboard']!.Properties as { DashboardBody: string };
  widgets = (JSON.parse(DashboardBody) as { widgets: Widget[] }).widgets;
  runbook = await readFile('resources/RUNBOOK.md', 'utf8');
}, 120_000);
afterAll(() => stack.remove());

const shown = (namespace: string) =>
  widgets
    .flatMap(({ properties: { metrics = [] } }) => metrics)
    .filter(([first]) => first === namespace)
    .map((metric) => metric.filter((part) => typeof part === 'string').slice(1));

/** Names of a section's headings or of a table's first column. */
const found = (pattern: RegExp) => [...runbook.matchAll(pattern)].map(([, name]) => name!);

describe('metrics', () => {
  it('that alarms and the dashboard name are metrics that the code knows, with the dimensions it gives them', () => {
    const ofAlarms = alarms.filter(({ Namespace }) => Namespace === METRICS_NAMESPACE);
    expect(ofAlarms.length).toBeGreaterThan(2);
    for (const { MetricName, Dimensions } of ofAlarms) {
      expect(Object.keys(METRICS)).toContain(MetricName);
      expect(Dimensions).toEqual([
        { Name: 'service', Value: METRICS_SERVICE },
        { Name: 'stage', Value: 'test' },
      ]);
    }
    expect(shown(METRICS_NAMESPACE).length).toBeGreaterThan(10);
    for (const [name, ...dimensions] of shown(METRICS_NAMESPACE)) {
      expect(Object.keys(METRICS)).toContain(name);
      expect(dimensions).toEqual(['service', METRICS_SERVICE, 'stage', 'test']);
    }
  });

  it('are all said somewhere in the code', async () => {
    const names = (await readdir('lib', { recursive: true })).filter((name) => name.endsWith('.ts'));
    const sources = names.filter((name) => name !== join('ports', 'metrics.ts'));
    const code = (await Promise.all(sources.map((name) => readFile(join('lib', name), 'utf8')))).join('\n');
    for (const name of Object.keys(METRICS)) expect(code).toMatch(new RegExp(`\\b${name}:`));
  });

  it('are all in the list of the runbook, with their units, and no others', () => {
    const listed = [...runbook.matchAll(/^\| `(\w+)` +\| (\w+) +\|/gm)].map(([, name, unit]) => [name, unit]);
    const units = Object.entries(METRICS).map(([name, unit]) => [name, unit.toLowerCase()]);
    expect(listed).toEqual(units);
  });
});

/** What alarms are called without their stack's name: those of the stack itself, and those of the one with the database. */
async function namesOfAlarms(): Promise<string[]> {
  const { template } = await readDmsTemplate();
  const ofDms = Object.entries(template.Resources).flatMap(([id, { Type, Properties }]) => {
    // A rule tells the topic by itself; its name is CloudFormation's.
    if (Type === 'AWS::Events::Rule') return [id.replace(/(?<!^)[A-Z]/g, '-$&').toLowerCase()];
    if (Type !== 'AWS::CloudWatch::Alarm') return [];
    return [(Properties['AlarmName'] as { Sub: string }).Sub.replace('${AWS::StackName}-', '')];
  });
  return [...alarms.map(({ AlarmName }) => AlarmName.replace('tidemark-test-', '')), ...ofDms];
}

describe('alarms', () => {
  it('each have their paragraph in the runbook, and no other has one', async () => {
    const names = await namesOfAlarms();
    expect(names).toEqual(expect.arrayContaining(['source-latency', 'target-latency', 'task-events']));
    expect(found(/^## ([a-z-]+)$/gm).sort()).toEqual(names.sort());
  });

  it('that the runbook mentions are there', async () => {
    const names = await namesOfAlarms();
    const mentioned = found(/`([a-z]+(?:-[a-z]+)+)`/g);
    expect(mentioned.length).toBeGreaterThan(5);
    for (const name of mentioned) expect(names).toContain(name);
  });
});

describe('the dashboard', () => {
  it('shows the functions and queues of the stack', () => {
    const ofType = (type: string, name: string) =>
      Object.values(resourcesOf(stack, type)).map(({ Properties }) => (Properties as Record<string, string>)[name]);
    const functions = ofType('AWS::Lambda::Function', 'FunctionName');
    const queues = ofType('AWS::SQS::Queue', 'QueueName');
    for (const [, dimension, name] of shown('AWS/Lambda')) {
      expect([dimension, functions.includes(name) ? 'is there' : name]).toEqual(['FunctionName', 'is there']);
    }
    for (const [, dimension, name] of shown('AWS/SQS')) {
      expect([dimension, queues.includes(name) ? 'is there' : name]).toEqual(['QueueName', 'is there']);
    }
    expect(new Set(shown('AWS/Lambda').map(([, , name]) => name)).size).toBe(4);
    expect(new Set(shown('AWS/SQS').map(([, , name]) => name)).size).toBe(5);
  });

  it('searches the log of merge for lines that merge writes', async () => {
    const code = await readFile('functions/merge.ts', 'utf8');
    const queries = widgets.flatMap(({ properties: { query } }) => query ?? []);
    expect(queries.length).toBeGreaterThan(1);
    for (const query of queries) {
      expect(query).toContain("SOURCE '/aws/lambda/tidemark-test-merge'");
      expect(code).toContain(`'${/message = '([^']+)'/.exec(query)![1]!}'`);
    }
  });

  it('has queries of its log that the setting logLevel leaves without an answer, and DEPLOYING.md says which', async () => {
    const [code, page] = await Promise.all([
      readFile('functions/merge.ts', 'utf8'),
      readFile('resources/DEPLOYING.md', 'utf8'),
    ]);
    const row = /^\| `logLevel` .+$/m.exec(page)![0];
    const ofInfo = widgets.filter(({ properties: { query } }) => {
      const message = /message = '([^']+)'/.exec(query ?? '')?.[1];
      return message !== undefined && code.includes(`log.info('${message}'`);
    });
    expect(ofInfo.length).toBeGreaterThan(0);
    for (const { properties } of ofInfo) expect(row).toContain(`"${properties.title}"`);
  });

  it('has widgets beside and below each other, within 24 columns', () => {
    const cells = widgets.flatMap(({ x, y, width, height }) =>
      Array.from({ length: width * height }, (_, i) => `${x + (i % width)} ${y + Math.floor(i / width)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...widgets.map(({ x, width }) => x + width))).toBe(24);
  });
});
