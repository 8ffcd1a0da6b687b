import {
  CancelMessageMoveTaskCommand,
  ListMessageMoveTasksCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { DeadLetters } from '../../lib/aws/dead-letters.ts';
import type { RedriveProgress } from '../../lib/place/place.ts';
import { Cloud } from '../cloud/cloud.ts';
import type { Queue } from '../cloud/queue.ts';
import { VirtualClock } from '../cloud/virtual-clock.ts';

const ARN = 'arn:aws:sqs:eu-central-1:000000000000:dead.fifo';

describe('moving dead letters back', () => {
  let clock: VirtualClock;
  let cloud: Cloud;
  let queue: Queue;
  let dead: Queue;
  let progress: RedriveProgress[];

  beforeEach(() => {
    clock = new VirtualClock();
    cloud = new Cloud({ clock });
    dead = cloud.createQueue('dead.fifo', { fifo: true, visibilitySeconds: 30 });
    const limits = { visibilitySeconds: 30, maxReceiveCount: 1 };
    queue = cloud.createQueue('alive.fifo', { fifo: true, ...limits, deadLetters: dead });
    progress = [];
  });

  /** Sends messages of as many groups and receives them too often. */
  function die(count: number): void {
    for (let i = 0; i < count; i++)
      queue.send({ body: `body ${i}`, groupId: `group ${i}`.replace(' ', '-'), deduplicationId: `id-${i}` });
    for (let receives = 0; receives <= 1; receives++) {
      queue.receive(count);
      clock.advance(31_000);
    }
  }

  function moveBack(sleep: (milliseconds: number) => Promise<unknown> = passTime) {
    const letters = new DeadLetters(cloud.sqsClient(), cloud.queueUrl(dead), { sleep });
    return letters.moveBack((step) => progress.push(step));
  }

  function passTime(milliseconds: number): Promise<void> {
    clock.advance(milliseconds);
    return Promise.resolve();
  }

  it('moves all of them, oldest first, as new messages, and tells how far it is', async () => {
    die(1200);
    expect([queue.size, dead.size]).toEqual([0, 1200]);
    expect(await moveBack()).toEqual({ queue: 'dead.fifo', found: 1200, moved: 1200, joined: false });
    expect([queue.size, dead.size]).toEqual([1200, 0]);
    expect(progress.map(({ moved, of }) => [moved, of])).toEqual([
      [0, 1200],
      [500, 1200],
      [1000, 1200],
      [1200, 1200],
    ]);
    expect(queue.receive(2)).toMatchObject([
      { body: 'body 0', groupId: 'group-0', receiveCount: 1 },
      { body: 'body 1', groupId: 'group-1', receiveCount: 1 },
    ]);
  });

  it('moves the same ones again after they died again', async () => {
    die(3);
    await moveBack();
    for (let receives = 0; receives <= 1; receives++) {
      queue.receive(10);
      clock.advance(31_000);
    }
    expect(await moveBack()).toMatchObject({ found: 3, moved: 3, joined: false });
    expect(queue.size).toBe(3);
  });

  it('begins nothing where there are none', async () => {
    expect(await moveBack()).toEqual({ queue: 'dead.fifo', found: 0, moved: 0, joined: false });
    const { Results } = await cloud.sqsClient().send(new ListMessageMoveTasksCommand({ SourceArn: ARN }));
    expect(Results).toEqual([]);
  });

  it('joins a task that is running, and waits for it', async () => {
    die(1200);
    await cloud.sqsClient().send(new StartMessageMoveTaskCommand({ SourceArn: ARN }));
    clock.advance(1000);
    expect(await moveBack()).toEqual({ queue: 'dead.fifo', found: 1200, moved: 1200, joined: true });
  });

  it('joins a task that someone else began at the same moment, and its own whose answer was lost', async () => {
    die(10);
    let starts = 0;
    cloud.fault = ({ name }) => (name === 'StartMessageMoveTask' && ++starts === 1 ? 'apply-then-fail' : 'none');
    expect(await moveBack()).toMatchObject({ moved: 10, joined: true });
    expect(starts).toBe(2);
  });

  it('says when not all were moved', async () => {
    die(1200);
    const cancel = async (milliseconds: number): Promise<void> => {
      clock.advance(milliseconds);
      const sqs = cloud.sqsClient();
      const { Results } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn: ARN }));
      await sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle: Results![0]!.TaskHandle }));
    };
    expect(await moveBack(cancel)).toMatchObject({ moved: 500, failure: 'the task ended as CANCELLED' });
    expect(dead.size).toBe(700);
  });

  it('does not swallow a refusal', async () => {
    const alive = new DeadLetters(cloud.sqsClient(), cloud.queueUrl(queue), { sleep: passTime });
    queue.send({ body: 'any', groupId: 'any', deduplicationId: 'any' });
    await expect(alive.moveBack()).rejects.toThrow('Source queue must be configured as a Dead Letter Queue.');
  });
});
