import { aboutTable } from '../command-text.ts';
import { countText } from '../count-text.ts';
import { byFile, TableBlocked } from '../errors.ts';
import type { TableName } from '../dms/object-key.ts';
import { listLakeFiles } from '../lake/lake-file.ts';
import { ObjectChanged } from '../ports/object-store.ts';
import type { Ports } from '../ports/ports.ts';
import { rowOfItem } from '../table/item.ts';
import { lakePrefix } from '../table/lake-table.ts';
import { listRawFiles } from '../table/raw-listing.ts';
import type { Progress, TableRow } from '../table/row.ts';
import { recognising } from '../table/recognise.ts';
import { settingsText, wasEdited } from '../table/row.ts';
import { rawGoneNote } from '../table/vanished.ts';
import { compareRows } from './compare-rows.ts';
import type { MergedFiles } from './merged-files.ts';
import { mergedFiles } from './merged-files.ts';
import type { RowDifferences } from './row-differences.ts';
import { differs } from './row-differences.ts';
import { readShape } from './table-shape.ts';

/** Whether a table's lake holds what its raw files come to. */
export interface Verification {
  /** `<schema>/<table>` */
  table: string;
  state: 'equal' | 'differs' | 'unverifiable';
  /** Why it cannot be verified, and what to do. */
  reason?: string;
  /** What else a person should know. */
  notes: string[];
  /** Raw files that are merged, wholly or in part, and those that are still to be. */
  files: { merged: number; waiting: number };
  /** Set once rows were compared. */
  rows?: RowDifferences;
}

export interface VerifyOptions {
  /** Keys held in memory at a time, 37 bytes each; a table with more is read several times. */
  keysAtOnce?: number;
  onProgress?: (rowsRead: number, rowsToRead: number) => void;
}

type ReadingPorts = Pick<Ports, 'raw' | 'lake' | 'tables' | 'clock' | 'config'>;

export const KEYS_AT_ONCE = 4_000_000;

/**
 * Computes from a table's raw files what its lake should hold and compares the two; reads only, while others may merge.
 * @throws whatever the stores throw
 */
export async function verifyTable(
  path: string,
  name: TableName,
  options: VerifyOptions,
  ports: ReadingPorts,
): Promise<Verification> {
  for (let attempt = 1; ; attempt++) {
    const verifying = new Verifying(path, name, options, ports);
    try {
      return await verifying.run();
    } catch (error) {
      if (error instanceof TableBlocked)
        return verifying.unverifiable(`${error.message} ${aboutTable(error.next, `${name.schema}/${name.table}`)}`);
      if (!(error instanceof ObjectChanged || error instanceof TableMoved)) throw error;
      if (attempt === ATTEMPTS_MAX)
        return verifying.unverifiable(
          `It was changed each of the ${ATTEMPTS_MAX} times that it was read. Verify it when less is merged.`,
        );
    }
  }
}

const ATTEMPTS_MAX = 3;

/** The table was merged, or its row edited, while it was read. */
class TableMoved extends Error {
  override readonly name = 'TableMoved';
}

class Verifying {
  private readonly result: Verification;

  constructor(
    private readonly path: string,
    private readonly name: TableName,
    private readonly options: VerifyOptions,
    private readonly ports: ReadingPorts,
  ) {
    this.result = {
      table: `${name.schema}/${name.table}`,
      state: 'unverifiable',
      notes: [],
      files: { merged: 0, waiting: 0 },
    };
  }

  async run(): Promise<Verification> {
    const { raw, lake, clock, config } = this.ports;
    const row = await this.readRow();
    const builtWith = row?.progress.builtWith;
    if (!row || !builtWith) return this.unverifiable('Nothing of it was merged yet. Merge it first.');
    const listing = await listRawFiles(row, { keys: [], whole: true }, raw, clock.now());
    const merged = mergedFiles(recognising(row.progress, listing), listing);
    this.result.files = { merged: merged.files.length, waiting: merged.waiting };
    this.note(row);
    const older = listing.changeFiles.filter(({ lastModified }) => lastModified.getTime() < row.progress.since).length;
    if (older > 0) this.result.notes.push(`Change files older than the full load do not count: ${countText(older)}.`);
    const obstacle = obstacleTo(row.progress, merged);
    if (obstacle !== undefined) return this.unverifiable(obstacle);
    const prefix = lakePrefix({ ...row, settings: { ...row.settings, ...builtWith } }, this.name, config);
    // All that readers of the folder find, also what counts no more for merges.
    const lakeFiles = await listLakeFiles(lake, prefix);
    const size = await readShape(merged.files, lakeFiles, builtWith, this.ports);
    const { keysAtOnce = KEYS_AT_ONCE, onProgress = () => undefined } = this.options;
    const sources = { merged: merged.files, lakeFiles, raw, lake };
    const rows = await compareRows(sources, size, keysAtOnce, onProgress);
    const after = await this.readRow();
    if (!after || versionText(after) !== versionText(row)) throw new TableMoved();
    return this.ended(row.progress, rows);
  }

  unverifiable(reason: string): Verification {
    return { ...this.result, state: 'unverifiable', reason };
  }

  private ended({ intent }: Progress, rows: RowDifferences): Verification {
    const result = { ...this.result, rows };
    if (!differs(rows)) return { ...result, state: 'equal' };
    if (intent.length === 0) return { ...result, state: 'differs' };
    const reason =
      'A merge has claimed lake objects and not committed, so what differs may be what it has written. Verify it again once the table is merged.';
    return { ...result, state: 'unverifiable', reason };
  }

  private async readRow(): Promise<TableRow | undefined> {
    const item = await this.ports.tables.get(this.path);
    return item && rowOfItem(item);
  }

  private note(row: TableRow): void {
    const { intent, partial, blocked } = row.progress;
    const { notes } = this.result;
    if (intent.length > 0)
      notes.push(
        `A merge has claimed ${intent.length} lake objects and not committed: it is under way, or died and the next one takes over.`,
      );
    if (partial)
      notes.push(`Of ${partial.file} the first ${countText(partial.rows)} rows are merged; they alone count.`);
    if (blocked) notes.push(`The table is blocked${byFile(blocked.file)} since ${blocked.since}: ${blocked.reason}`);
    if (wasEdited(row))
      notes.push('Its keys or out_path were edited since; the lake is verified with those it was built with.');
    const gone = rawGoneNote(row.progress);
    if (gone !== undefined) notes.push(gone);
  }
}

/** A merge, a claim and an edit each change it. */
function versionText(row: TableRow): string {
  return `${row.progress.version ?? 0} ${settingsText(row.settings)}`;
}

/** Why rows need not be compared; undefined if they are to be. */
function obstacleTo(progress: Progress, { files, waiting, gone }: MergedFiles): string | undefined {
  const { adopted, takenOver, replay, rawGone } = progress;
  if (adopted) return 'Its lake held it already when its first change file came: what it held then is in no raw file.';
  if (takenOver)
    return 'It was taken over from the hourly solution: which raw files that had merged is not known. Build it anew to have it verified.';
  if (replay)
    return 'It is being replayed: files that are in the lake already are merged again. Verify it once that is done.';
  if (gone.files > 0) {
    const named = gone.names.slice(0, NAMES_SHOWN);
    const which = named.length === 0 ? '' : `: ${named.join(', ')}${gone.files > named.length ? ', …' : ''}`;
    return `${countText(gone.files)} of its merged raw files are gone or were replaced${which}. What they held cannot be told from the others.`;
  }
  if (files.length === 0 && waiting > 0)
    return 'None of the raw files of its present load is merged yet. Verify it once they are.';
  if (rawGone?.lake === 'emptying') return 'Its lake is being emptied. Verify it once that is done.';
  return undefined;
}

const NAMES_SHOWN = 5;
