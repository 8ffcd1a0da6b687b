import { aboutTable, commandText } from '../command-text.ts';
import { countText } from '../count-text.ts';
import { byFile, TableBlocked } from '../errors.ts';
import { listLakeFiles } from '../lake/lake-file.ts';
import type { PlanDescription } from '../merge/describe-plan.ts';
import { describePlan } from '../merge/describe-plan.ts';
import type { RawSlice } from '../merge/raw-slice.ts';
import { ObjectChanged } from '../ports/object-store.ts';
import type { Ports } from '../ports/ports.ts';
import type { TableItem } from '../ports/table-store.ts';
import type { TableName } from '../dms/object-key.ts';
import { begin } from './begin.ts';
import type { TableSettings } from './configure.ts';
import { settingsAttributes } from './configure.ts';
import { decide } from './decide.ts';
import { withoutRows } from './empty-lake.ts';
import type { NewGeneration } from './step.ts';
import { newItem, rowOfItem } from './item.ts';
import { requireFreePlace } from './lake-place.ts';
import { lakeAccess, lakePrefix } from './lake-table.ts';
import { checkLegible } from './legible-settings.ts';
import type { MergeStep } from './plan-step.ts';
import { filesOf, planStep } from './plan-step.ts';
import type { RawListing } from './raw-listing.ts';
import { listRawFiles } from './raw-listing.ts';
import type { StoredRow } from './row-store.ts';
import type { Progress, TableRow } from './row.ts';
import { emptiesLake, hasRawFiles, isRawGone, isTruncated, rawGoneNote } from './vanished.ts';

/** What the next merge of a table would do, and why. */
export interface TablePlan {
  /** `<schema>/<table>` */
  table: string;
  state: 'unknown' | 'inactive' | 'blocked' | 'up to date' | 'to be merged';
  /** What else a person should know, and do. */
  notes: string[];
  /** Set if blocked: by which raw file (empty: by the settings or the lake), why, and what to do. */
  blocked?: { file: string; reason: string; next: string };
  /** Set if it is to be merged. */
  step?: MergeStep['kind'];
  /** Rows [from, to) of raw files that the merge takes. */
  slices?: { file: string; from: number; to: number; rows: number }[];
  /** Raw files of the step that are left to the merges after it. */
  waiting?: number;
  plan?: PlanDescription;
}

/** What is read; nothing is written, or registered. */
export type ReadingPorts = Pick<Ports, 'raw' | 'lake' | 'tables' | 'clock' | 'log' | 'threads' | 'config'>;

/**
 * Plans the next merge of a table as `merge` would, were it to begin now, and carries nothing out.
 * @param settings taken to be the row's, as far as they are given
 * @throws whatever the stores throw; ObjectChanged if what is planned from changes again and again.
 */
export async function planTable(
  path: string,
  name: TableName,
  settings: TableSettings | undefined,
  ports: ReadingPorts,
): Promise<TablePlan> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await new Planning(path, name, settings, ports).run();
    } catch (error) {
      // A merge that runs meanwhile.
      if (!(error instanceof ObjectChanged) || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

const ATTEMPTS_MAX = 5;
const NAMES_SHOWN = 20;

class Planning {
  private readonly table: string;
  private readonly notes: string[] = [];

  constructor(
    private readonly path: string,
    private readonly name: TableName,
    private readonly settings: TableSettings | undefined,
    private readonly ports: ReadingPorts,
  ) {
    this.table = `${name.schema}/${name.table}`;
  }

  async run(): Promise<TablePlan> {
    const { tables, config } = this.ports;
    const known = await tables.get(this.path);
    if (!known && !this.settings) {
      const activate = commandText('activate', this.table, '--primary-key', '…');
      const note = `The table is not registered. Its first raw file registers it, inactive; ${activate} sets its keys.`;
      return this.end('unknown', { notes: [note] });
    }
    const fresh = newItem({ bucket: config.rawBucket, prefix: config.rawPrefix, ...this.name }, this.path);
    const item: TableItem = { ...(known ?? fresh), ...settingsAttributes(this.settings ?? {}) };
    const row: StoredRow = { ...rowOfItem(item), item };
    if (!row.settings.active) {
      const note = `The table is inactive: nothing is merged. To have it merged: ${commandText('activate', this.table)}.`;
      return this.end('inactive', { notes: [note] });
    }
    this.noteState(row);
    try {
      return await this.plan(row);
    } catch (error) {
      if (!(error instanceof TableBlocked)) throw error;
      const { file, message: reason, next } = error;
      return this.end('blocked', { blocked: { file, reason, next: aboutTable(next, this.table) } });
    }
  }

  private noteState({ progress }: TableRow): void {
    const { intent, partial, blocked, attempts, replay } = progress;
    if (intent.length > 0) {
      this.notes.push(
        `A merge has claimed ${intent.length} lake objects and not committed: it is under way, or died. If it died, the ` +
          'next one takes over: it makes the writes that were claimed impossible, then plans anew. Nothing is to be done.',
      );
    }
    if (replay) this.notes.push('A replay is under way: files that were merged already are merged again.');
    const rawGone = rawGoneNote(progress);
    if (rawGone !== undefined) this.notes.push(rawGone);
    if (partial) this.notes.push(`Of ${partial.file} the first ${countText(partial.rows)} rows are merged already.`);
    if (attempts > 0) {
      this.notes.push(`${attempts} merges in a row did not come to their end, so less is taken.`);
    }
    if (blocked) {
      this.notes.push(
        `Its row says that the table is blocked${byFile(blocked.file)} since ${blocked.since}: ${blocked.reason} ${blocked.next} The sweep ` +
          'looks at it again; it would find the following.',
      );
    }
  }

  private async plan(stored: StoredRow): Promise<TablePlan> {
    const { raw, lake, clock, log, config } = this.ports;
    checkLegible(stored.settings);
    const prefix = lakePrefix(stored, this.name, config);
    await requireFreePlace(stored, this.name, prefix, lakeAccess(lake, log), this.ports);
    const listing = await listRawFiles(stored, { keys: [], whole: true }, raw, clock.now());
    this.noteListing(stored, listing);
    let row: TableRow = stored;
    if (emptiesLake(row, config) && isTruncated(row, !isRawGone(row, listing, config), config)) {
      // Whatever else was due, an empty table is all that is left of it.
      if (!hasRawFiles(listing)) return this.end('up to date');
      row = advanced(row, withoutRows(row, new Date(clock.now()).toISOString()));
    }
    if (!row.progress.builtWith && listing.loadFiles.length + listing.changeFiles.length > 0)
      row = advanced(row, begin(row, listing, await listLakeFiles(lake, prefix), clock.now()));
    for (;;) {
      const step = decide(row, listing);
      switch (step.kind) {
        case 'nothing':
          return this.end('up to date');
        case 'list whole':
          throw new Error('the whole table was listed');
        case 'new generation':
          row = this.builtAnew(row, step);
          break;
        case 'recognised':
          this.notes.push(
            `${countText(step.files.length)} merged change files have another date now; they are not merged again.`,
          );
          row = advanced(row, { coverage: step.coverage });
          break;
        case 'load':
        case 'changes':
        case 'late': {
          const planned = await this.planStep(row, prefix, listing, step);
          if (!('instead' in planned)) return planned;
          if (planned.instead.kind === 'list whole') throw new Error('the whole table was listed');
          row = this.builtAnew(row, planned.instead);
        }
      }
    }
  }

  private noteListing(row: TableRow, listing: RawListing): void {
    const { skipped } = listing;
    if (skipped.length > 0) {
      const named = skipped.slice(0, NAMES_SHOWN).map(({ name }) => name);
      const more = skipped.length > named.length ? ` and ${skipped.length - named.length} more` : '';
      const undo = commandText('skip', this.table, skipped.length === 1 ? named.join() : '…', '--undo');
      this.notes.push(`Skipped: ${named.join(', ')}${more}. Taken back with ${undo}.`);
    }
    const { config } = this.ports;
    if (!isTruncated(row, !isRawGone(row, listing, config), config)) return;
    const end = emptiesLake(row, config) ? 'the next merge empties its lake' : 'its lake is kept';
    const why = config.rawFilesExpire === true ? 'raw files expire' : `OnTruncate is '${row.settings.onTruncate}'`;
    this.notes.push(`All its raw files are gone; ${end}, since ${why}.`);
  }

  private builtAnew(row: TableRow, step: NewGeneration): TableRow {
    this.notes.push(`The table is built anew: ${step.reason}. Rows of the lake are replaced as it is loaded.`);
    return advanced(row, step.progress);
  }

  private async planStep(row: TableRow, prefix: string, listing: RawListing, step: MergeStep) {
    const { lake, log, config } = this.ports;
    const access = lakeAccess(lake, log);
    const { intent, attempts } = row.progress;
    const failed = attempts + (intent.length > 0 ? 1 : 0);
    const plannedStep = await planStep(row, prefix, listing, step, failed, access, this.ports);
    if ('instead' in plannedStep) return plannedStep;
    const { planned } = plannedStep;
    if (step.kind === 'late')
      this.notes.push(`${step.file.name} came late: only keys that no later file touches are changed by it.`);
    const { slices, plan } = planned;
    return this.end('to be merged', {
      step: step.kind,
      slices: slices.map(({ file, from, to }) => ({ file: file.name, from, to, rows: file.rows })),
      waiting: filesOf(step, row).length - slices.filter(({ file, to }) => to === file.rows).length,
      plan: describePlan(plan, bytesPerRow(slices), config.limits),
    });
  }

  private end(state: TablePlan['state'], more: Partial<TablePlan> = {}): TablePlan {
    return { table: this.table, state, notes: this.notes, ...more };
  }
}

function advanced(row: TableRow, progress: Partial<Progress>): TableRow {
  return { ...row, progress: { ...row.progress, ...progress } };
}

function bytesPerRow(slices: readonly RawSlice[]): number {
  const rows = slices.reduce((sum, { file }) => sum + file.rows, 0);
  return slices.reduce((sum, { file }) => sum + file.size, 0) / Math.max(1, rows);
}
