/**
 * Where a command works: on folders of this machine, or on a deployed stack. Either gives the same ports, so that what a
 * command does is written once; only who merges differs.
 */
import type { Command } from 'commander';
import { Option } from 'commander';
import type { StackClients } from '../aws/stack-clients.ts';
import type { Limits } from '../config.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ports } from '../ports/ports.ts';
import type { Threads } from '../ports/threads.ts';
import type { WakeUp } from '../queue/wake-up.ts';
import type { CompactReport } from '../table/compact.ts';
import type { MergeReport } from '../table/report.ts';
import type { TableRow } from '../table/row.ts';
import type { ConnectionRequest, PlannedConnection } from './connection.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import { OWN_THREAD } from '../threads/own-thread.ts';

export interface Place {
  /** For people: `./raw → ./lake`, or `stack tidemark-dev, eu-west-1`. */
  name: string;
  ports: Ports;
  /**
   * Wakes a table and waits until it is up to its raw files, or blocked, or inactive, or failed for good. On folders this
   * process merges; on AWS the deployed function does, watched by the table's row.
   * @param onProgress is told the row as it changes
   */
  bringUpToDate(wakeUp: WakeUp, onProgress?: (row: TableRow) => void): Promise<Brought>;
  /** Wakes a table for others to merge. On folders nobody waits to be woken: who merges there next finds what there is. */
  wake(wakeUp: WakeUp): Promise<void>;
  /**
   * Plans what has an existing raw bucket tell the place of its files; nothing is changed yet.
   * @throws Refused; WrongUsage on folders, which are watched
   */
  planConnection(request: ConnectionRequest): Promise<PlannedConnection>;
  /** Moves dead letters back to their queues, or, where there are none, wakes the tables that are not settled. */
  redrive(onProgress?: (progress: RedriveProgress) => void): Promise<Redriven>;
}

/** How a table stands once it was brought up to its raw files. */
export interface Brought {
  /** `unfinished`: it failed again and again, or nothing happened for long; the log says why. */
  state: 'active' | 'inactive' | 'blocked' | 'unfinished';
  /** By which raw file (empty: by the settings or the lake), why, and what to do. */
  blocked?: { file: string; reason: string; next: string };
  /** What was done of the compacting that the wake-up asked for. Only on folders: a deployed function logs it. */
  compacted?: CompactReport;
}

/** How far dead letters are on their way back. */
export interface RedriveProgress {
  /** Name of the queue of dead letters. */
  queue: string;
  moved: number;
  /** About how many there were in the beginning. */
  of: number;
}

export type Redriven =
  | { kind: 'moved'; queues: readonly MovedQueue[] }
  /** There are no dead letters on folders. */
  | { kind: 'woken'; tables: readonly { path: string; brought: Brought }[] };

export interface MovedQueue {
  /** Name of the queue of dead letters. */
  queue: string;
  /** About how many dead letters it had. */
  found: number;
  moved: number;
  /** Whether someone had begun to move them before. */
  joined: boolean;
  /** Set if they could not all be moved. */
  failure?: string;
}

/** What a person says of the place. */
export interface PlaceOptions {
  raw?: string;
  lake?: string;
  state?: string;
  stage?: string;
  region?: string;
  profile?: string;
  /** Log every step, not only warnings and errors. */
  verbose?: boolean;
}

/** The options that name the place, as they were given. */
export function placeWords({ raw, lake, state, stage, region, profile }: PlaceOptions): string[] {
  return Object.entries({ raw, lake, state, stage, region, profile }).flatMap(([name, given]) =>
    given === undefined ? [] : [`--${name}`, given],
  );
}

/** Which places a command is for. One that is not for folders takes their options all the same, to say what to do instead. */
export type PlacesOfCommand = 'any' | 'AWS only';

/** Adds `--raw --lake --state` and `--stage --region --profile` to a command; its help lists those that it is for. */
export function addPlaceOptions(command: Command, places: PlacesOfCommand = 'any'): Command {
  const ofFolders = [
    new Option('--raw <folder>', 'on folders: that of the DMS files: <schema>/<table>/LOAD00000001.parquet, …'),
    new Option('--lake <folder>', 'on folders: that of the lake: <schema>/<table>/….parquet'),
    new Option('--state <folder>', "on folders: that of the tables' state (default: <lake>/_tidemark)"),
  ];
  for (const option of ofFolders) command.addOption(option.hideHelp(places === 'AWS only'));
  return command
    .option('--stage <name>', 'on AWS: the stage that was deployed, such as dev')
    .option('--region <name>', 'on AWS: the region (default: as for the AWS CLI)')
    .option('--profile <name>', 'on AWS: the profile of ~/.aws/config (default: as for the AWS CLI)');
}

export interface PlaceIo {
  /** A line of the log, for the person in front of it. */
  err: (line: string) => void;
  /** Is told of each merge that this process does: only on folders. */
  onReport?: (report: MergeReport) => void;
  env?: Readonly<Record<string, string | undefined>>;
  clock?: Clock;
  /** Where row groups are worked on; unless given, where the caller is. */
  threads?: Threads;
  /** On folders; a stack has its own. */
  limits?: Limits;
  /** On a stack: instead of those of the AWS SDK's default chain. */
  clients?: StackClients;
  /** On a stack: how a command waits until it looks again. */
  sleep?: (milliseconds: number) => Promise<unknown>;
}

/**
 * Opens the place that a person named. Nothing is made or changed there yet.
 * @throws WrongUsage if it is not one place, or there is none; the message says what to give instead.
 */
export async function openPlace(options: PlaceOptions, io: PlaceIo): Promise<Place> {
  const { raw, lake, state, stage, region, profile, verbose } = options;
  const onFolders = raw !== undefined || lake !== undefined || state !== undefined;
  const onAws = stage !== undefined || region !== undefined || profile !== undefined;
  if (onFolders && onAws)
    throw new WrongUsage('Give either --raw and --lake (folders) or --stage (a deployed stack), not both.');
  const given = { ...io, threads: io.threads ?? OWN_THREAD, verbose: verbose ?? false };
  if (stage !== undefined) {
    // Only here, since loading the AWS SDK takes longer than many a command on folders.
    const { openStackPlace } = await import('./stack-place.ts');
    return openStackPlace({ stage, region, profile }, given);
  }
  if (onAws) throw new WrongUsage('--stage is missing: give the stage that was deployed, such as --stage dev.');
  if (raw === undefined || lake === undefined)
    throw new WrongUsage('Give --raw and --lake (folders), or --stage (a deployed stack).');
  const { openFolderPlace } = await import('./folder-place.ts');
  return openFolderPlace({ raw, lake, state }, given);
}
