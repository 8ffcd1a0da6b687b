/** A deployed stack as a place: its functions merge, and its rows say how far they are. */
import { setTimeout as sleep } from 'node:timers/promises';
import { planConnection } from '../aws/bucket-notifications.ts';
import { portsOf } from '../aws/connect.ts';
import { DeadLetters } from '../aws/dead-letters.ts';
import { requireProfile } from '../aws/profile.ts';
import type { GivenStack, Stack } from '../aws/stack.ts';
import { findStack, StackNotFound } from '../aws/stack.ts';
import type { StackClients } from '../aws/stack-clients.ts';
import { stackClients } from '../aws/stack-clients.ts';
import { lineLog } from '../local/line-log.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import type { Threads } from '../ports/threads.ts';
import { rowOfItem } from '../table/item.ts';
import type { Place, PlaceIo } from './place.ts';
import { watchRow } from './watch-row.ts';

export interface StackIo extends PlaceIo {
  threads: Threads;
  verbose?: boolean;
}

/** @throws WrongUsage if no such stack can be read: which one was looked for, where, and how to name another. */
export async function openStackPlace(given: GivenStack, io: StackIo): Promise<Place> {
  const clients = io.clients ?? stackClients(given, io.env ?? process.env);
  const stack = await findGiven(given, clients, io).catch((error: unknown) => {
    if (error instanceof StackNotFound) throw new WrongUsage(error.message, { cause: error });
    throw error;
  });
  const log = lineLog(io.err, { verbose: io.verbose ?? false });
  const connected = portsOf(stack.config, clients, log);
  const ports = { ...connected, threads: io.threads, ...(io.clock && { clock: io.clock }) };
  const pause = io.sleep ?? sleep;
  return {
    name: `stack ${stack.name}, ${stack.region}`,
    ports,
    bringUpToDate: async (wakeUp, onProgress) => {
      const item = await ports.tables.get(wakeUp.table);
      await ports.queue.send([wakeUp]);
      return watchRow(wakeUp.table, item && rowOfItem(item), ports, { sleep: pause, onProgress });
    },
    planConnection: (request) => planConnection(request, stack, clients.s3),
    wake: (wakeUp) => ports.queue.send([wakeUp]),
    redrive: async (onProgress) => {
      const queues = stack.deadLetterQueueUrls.map((url) => new DeadLetters(clients.sqs, url, { sleep: pause }));
      const moved = await Promise.all(queues.map((queue) => queue.moveBack(onProgress)));
      return { kind: 'moved', queues: moved };
    },
  };
}

async function findGiven(given: GivenStack, clients: StackClients, io: StackIo): Promise<Stack> {
  const env = io.env ?? process.env;
  if (!io.clients) await requireProfile(given.profile || env['AWS_PROFILE'], env);
  return findStack(given.stage, clients);
}
