import { Command } from 'commander';
import { commandText } from '../command-text.ts';
import { counted, countText } from '../count-text.ts';
import { tableOfPath } from '../dms/object-key.ts';
import { jsonLine } from '../json-line.ts';
import { exitCodeOfTable, notUpToDateText } from '../place/brought-text.ts';
import type { MovedQueue, Place, PlaceOptions, Redriven, RedriveProgress } from '../place/place.ts';
import { openPlace } from '../place/place.ts';
import type { CommandIo } from './command-io.ts';
import { exitCodeOf, processIo } from './command-io.ts';
import type { CommandHelp } from './help.ts';
import { addCommonOptions } from './help.ts';
import { placedIo } from './placed-io.ts';

const HELP: CommandHelp = {
  examples: [
    [
      '--stage dev',
      'moves the dead letters of the stack that was deployed as stage dev back to their queues, and shows how far it is',
    ],
    [
      '--raw ./raw --lake ./lake',
      'folders have no dead letters: wakes every table whose raw files are not all merged, and merges',
    ],
  ],
  notes: [
    'Do it once what failed is mended: a table whose merges failed five times in a row, such as by an outage, is waiting there. What cannot be merged is not: such a table is blocked (tidemark tables), and goes on when its file is mended. It does no harm to do it twice, or to stop it: SQS goes on moving, and the next redrive waits for that.',
    'On AWS it takes, on both queues of dead letters, sqs:GetQueueAttributes, sqs:StartMessageMoveTask, sqs:ListMessageMoveTasks, sqs:ReceiveMessage and sqs:DeleteMessage; sqs:SendMessage on the queues that they came from; cloudformation:DescribeStacks; and kms:Decrypt and kms:GenerateDataKey where the queues have a key of yours.',
  ],
  json: 'on AWS a line per queue: {"queue", "found", "moved", "joined", "failure"?}; on folders a line per table: {"table", "state", "blocked"?}.',
  exitCodes: {
    0: 'all is done',
    1: 'not all could be moved or merged',
    2: '(folders) a table is blocked',
  },
};

export interface RedriveOptions extends PlaceOptions {
  json?: boolean;
}

/** `tidemark redrive`: dead letters back to their queues. */
export function redriveCommand(): Command {
  const command = new Command('redrive').description('Moves dead letters back to their queues, to be tried again.');
  return addCommonOptions(command, HELP).action(async (options: RedriveOptions) => {
    process.exitCode = await runRedrive(options, processIo());
  });
}

/** @returns the exit code: 0 all is done, 1 not all could be moved or merged, 2 a table is blocked. */
export function runRedrive(options: RedriveOptions, given: CommandIo): Promise<number> {
  return exitCodeOf('redrive', placedIo(given, options), async (io) => {
    const place = await openPlace(options, io);
    return reportRedriven(await place.redrive(progressLines(io)), place, options, io);
  });
}

/** Says what was moved, or woken. @returns the exit code */
export function reportRedriven(redriven: Redriven, place: Place, options: RedriveOptions, io: CommandIo): number {
  return redriven.kind === 'moved' ? reportMoved(redriven, options, io) : reportWoken(redriven, place, options, io);
}

/** Says how far each queue is whenever that changes. */
function progressLines({ err }: CommandIo): (progress: RedriveProgress) => void {
  const said = new Map<string, number>();
  return ({ queue, moved, of }) => {
    if (said.get(queue) === moved) return;
    said.set(queue, moved);
    err(`${queue}: ${countText(moved)} of about ${countText(of)} moved`);
  };
}

function reportMoved({ queues }: Redriven & { kind: 'moved' }, { json }: RedriveOptions, io: CommandIo): number {
  for (const queue of queues) io.out(json ? jsonLine(queue) : movedText(queue));
  return queues.some(({ failure }) => failure !== undefined) ? 1 : 0;
}

function movedText({ queue, found, moved, joined, failure }: MovedQueue): string {
  if (found === 0 && moved === 0 && failure === undefined) return `${queue}: no dead letters`;
  const begun = joined ? ' (begun before)' : '';
  const moves = `${queue}: ${countText(moved)} of about ${countText(found)} dead letters moved back${begun}`;
  return failure === undefined ? moves : `${moves}; the rest was not: ${failure}. Try again: ${commandText('redrive')}`;
}

function reportWoken(
  { tables }: Redriven & { kind: 'woken' },
  { ports }: Place,
  { json }: RedriveOptions,
  io: CommandIo,
): number {
  const found =
    tables.length === 0 ? 'no table waits' : `${counted(tables.length, 'table')} not settled, woken and merged`;
  if (!json) io.out(`Folders have no dead letters: ${found}.`);
  const codes = tables.map(({ path, brought }) => {
    const name = tableOfPath(path, ports.config);
    const table = name ? `${name.schema}/${name.table}` : path;
    if (json) io.out(jsonLine({ table, ...brought }));
    const trouble = notUpToDateText(table, brought);
    if (trouble !== undefined) io.err(trouble);
    // A table that was just registered is inactive, and well.
    return brought.state === 'inactive' ? 0 : exitCodeOfTable(brought);
  });
  if (codes.includes(1)) return 1;
  return codes.includes(2) ? 2 : 0;
}
