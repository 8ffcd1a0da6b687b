import { Command } from 'commander';
import { jsonLine } from '../json-line.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import type { BucketNotification, PlannedConnection } from '../place/connection.ts';
import type { Place, PlaceOptions } from '../place/place.ts';
import { openPlace } from '../place/place.ts';
import type { CommandIo } from './command-io.ts';
import { exitCodeOf, processIo } from './command-io.ts';
import type { Confirm } from './confirm.ts';
import { terminalConfirm } from './confirm.ts';
import type { CommandHelp } from './help.ts';
import { addCommonOptions } from './help.ts';

const HELP: CommandHelp = {
  examples: [
    [
      'my-raw-bucket --stage dev',
      'shows what my-raw-bucket tells whom of its objects, asks, and has it tell the stack of new raw files, too',
    ],
    ['my-raw-bucket --stage dev --dry-run', 'shows it, and changes nothing'],
    ['my-raw-bucket --stage dev --remove', 'takes our notification away again'],
  ],
  notes: [
    'For a bucket that the stack did not make (existingRawBucket): CloudFormation cannot give such a bucket a notification. It is called tidemark and stands beside those that the bucket has, which are written back as they were read. S3 has no way to change one alone: let nobody else change them in that second. Files that are there already are found by the next sweep. Done twice it changes nothing.',
    "--prefix is for a bucket where another notification leaves no room for one of all raw files: rawPrefix and the folder of a schema. It is not DMS's BucketFolder: that is the setting rawPrefix, by which keys are read.",
    'It takes cloudformation:DescribeStacks on the stack, s3:GetBucketNotification and s3:PutBucketNotification on the bucket.',
  ],
  json: 'one line: {"bucket", "isChange", "before", "after", "notes"}, and "dryRun": true; before and after are lists of {"id"?, "to", "events", "prefix", "suffix"}.',
  exitCodes: {
    0: 'the bucket tells the stack of its raw files (--remove: no longer)',
    1: 'it is refused (stderr says why and what to do)',
  },
};

export interface ConnectOptions extends PlaceOptions {
  prefix?: string;
  remove?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
}

export interface ConnectIo extends CommandIo {
  confirm?: Confirm;
}

/** `tidemark connect`: has an existing raw bucket tell a stack of its files. */
export function connectCommand(): Command {
  const command = new Command('connect')
    .description('Has an existing raw bucket tell the stack of its files, beside whom it tells already (AWS).')
    .argument('<bucket>', 'the raw bucket that the stack was deployed with')
    .option('--prefix <prefix>', "tell only of keys that begin so, such as a schema's (default: the stack's rawPrefix)")
    .option('--remove', 'take our notification away')
    .option('--dry-run', 'say what would be done; change nothing')
    .option('-y, --yes', 'do not ask');
  return addCommonOptions(command, HELP, 'AWS only').action(async (bucket: string, options: ConnectOptions) => {
    process.exitCode = await runConnect(bucket, options, { ...processIo(), confirm: terminalConfirm() });
  });
}

/** @returns the exit code: 0 connected (or not, any more), 1 refused, wrong usage or an unexpected failure. */
export function runConnect(bucket: string, options: ConnectOptions, io: ConnectIo): Promise<number> {
  return exitCodeOf('connect', io, async () => {
    const { raw, lake, stage, region, profile } = options;
    // Folders would be asked for, too, and then refused.
    if ([raw, lake, stage, region, profile].every((option) => option === undefined))
      throw new WrongUsage('Give --stage, the stage that was deployed, such as --stage dev.');
    return connectAt(await openPlace(options, io), bucket, options, io);
  });
}

/** The same at a place that is open. */
export async function connectAt(
  place: Place,
  bucket: string,
  { prefix, remove = false, dryRun = false, yes = false, json = false }: Omit<ConnectOptions, keyof PlaceOptions>,
  io: ConnectIo,
): Promise<number> {
  const { apply, ...planned } = await place.planConnection({ bucket, prefix, remove });
  if (!json) for (const line of planText(bucket, planned)) io.out(line);
  if (planned.isChange && !dryRun) {
    if (!yes && !(await isConfirmed(bucket, io))) return 1;
    await apply();
    if (!json) io.out(remove ? 'Removed.' : 'Connected. Files that are there already are found by the next sweep.');
  }
  if (json) io.out(jsonLine({ bucket, ...planned, ...(dryRun && { dryRun }) }));
  return 0;
}

async function isConfirmed(bucket: string, { confirm, err }: ConnectIo): Promise<boolean> {
  if (!confirm) throw new WrongUsage(`The notifications of ${bucket} would be changed so. Give --yes to do it.`);
  const isYes = await confirm('Change them so?');
  if (!isYes) err('Nothing was done.');
  return isYes;
}

/** The bucket's notifications, with + and - where they change. */
function planText(bucket: string, { before, after, isChange, notes }: Omit<PlannedConnection, 'apply'>): string[] {
  const [old, young] = [before.map(lineOf), after.map(lineOf)];
  const kept = young.filter((line) => old.includes(line)).map((line) => `    ${line}`);
  const gone = old.filter((line) => !young.includes(line)).map((line) => `  - ${line}`);
  const come = young.filter((line) => !old.includes(line)).map((line) => `  + ${line}`);
  const head = isChange ? `Notifications of ${bucket}, as they are to be:` : `Notifications of ${bucket}:`;
  const lines = [...kept, ...gone, ...come];
  return [head, ...(lines.length > 0 ? lines : ['    none']), ...notes];
}

function lineOf({ id, to, events, prefix, suffix }: BucketNotification): string {
  const what = events.length === 0 ? 'all events' : events.join(', ');
  const where = `${prefix === '' ? '' : ` below ${prefix}`}${suffix === '' ? '' : ` ending in ${suffix}`}`;
  return `${id ?? '(no name)'}: ${what}${where} → ${to}`;
}
