import { tablePath } from '../dms/object-key.ts';
import { TableBlocked } from '../errors.ts';
import type { OpenRawFile, RawObject } from '../merge/raw-slice.ts';
import { openRawFile } from '../merge/raw-slice.ts';
import { ObjectChanged } from '../ports/object-store.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { TableItem } from '../ports/table-store.ts';
import type { TableSettings } from '../table/configure.ts';
import { configureTable, settingsAttributes } from '../table/configure.ts';
import { newItem, rowOfItem } from '../table/item.ts';
import { newestFiles, requireKeyColumns } from '../table/key-columns.ts';
import { hasRawObjects, listRawFiles } from '../table/raw-listing.ts';
import { wakeEditedTables } from '../table/wake.ts';
import type { LocalPorts } from './connect.ts';

/**
 * What the file of `--tables` says, saved in each table's row as an edit of it would be on AWS. A table is not registered by
 * being named there, since a name may be mistyped: that is left to its first raw file.
 */
export class TablesSettings {
  /** All tables that the file names. */
  readonly names: readonly string[];
  /** What is not saved yet, by `<schema>/<table>`. */
  readonly #waiting: Map<string, TableSettings>;
  readonly #ports: LocalPorts;
  readonly #onRefused: (table: string, reason: string) => void;
  #saving: Promise<void> = Promise.resolve();

  /** @param onRefused is told of a table whose raw files lack a column that its settings name: its row stays as it is */
  constructor(
    settings: ReadonlyMap<string, TableSettings>,
    ports: LocalPorts,
    onRefused: (table: string, reason: string) => void,
  ) {
    this.names = [...settings.keys()];
    this.#waiting = new Map(settings);
    this.#ports = ports;
    this.#onRefused = onRefused;
  }

  /** Whether the table was neither registered nor had raw files. */
  isWaiting(name: string): boolean {
    return this.#waiting.has(name);
  }

  /** Saves the settings of the tables that are registered or have raw files by now; one after the other, whoever asks. */
  save(): Promise<void> {
    if (this.#waiting.size === 0) return this.#saving;
    const saved = this.#saving.then(() => this.#saveAll());
    this.#saving = saved.catch(() => undefined);
    return saved;
  }

  async #saveAll(): Promise<void> {
    const { raw, tables, config } = this.#ports;
    for (const [name, settings] of [...this.#waiting]) {
      const [schema = '', table = ''] = name.split('/');
      const path = tablePath(config.rawBucket, config.rawPrefix, schema, table);
      const known = await tables.get(path);
      if (!known && !(await hasRawObjects(path, raw))) continue;
      this.#waiting.delete(name);
      const item = known ?? newItem({ bucket: config.rawBucket, prefix: config.rawPrefix, schema, table }, path);
      const lacking = await this.#lacking(item, settings);
      if (lacking === undefined) await this.#save(name, path, settings, known);
      else this.#onRefused(name, lacking);
    }
  }

  /** A change of a table's settings wakes it. */
  async #save(name: string, path: string, settings: TableSettings, before: TableItem | undefined): Promise<void> {
    const { tables, random } = this.#ports;
    await configureTable(name, settings, this.#ports);
    const after = await tables.get(path);
    const change = { sequenceNumber: random.id(), ...(before && { before }), ...(after && { after }) };
    await wakeEditedTables([change], this.#ports);
  }

  /** Which column the settings name that the raw files lack; undefined if there is none, or nothing would change. */
  async #lacking(item: TableItem, settings: TableSettings): Promise<string | undefined> {
    const attributes = settingsAttributes(settings);
    if (Object.entries(attributes).every(([name, value]) => item[name] === value)) return undefined;
    const { raw, clock } = this.#ports;
    const row = rowOfItem({ ...item, ...attributes, path: item.path });
    const listing = await listRawFiles(row, { keys: [], whole: true }, raw, clock.now());
    try {
      for (const object of newestFiles(listing)) {
        const file = await readableFile(raw, object);
        if (file) requireKeyColumns(file, row.settings, FIELDS);
      }
      return undefined;
    } catch (error) {
      if (!(error instanceof TableBlocked)) throw error;
      return error.message;
    }
  }
}

/** As the file of `--tables` names them. */
const FIELDS = { PrimaryKey: 'primaryKey', PartitionKey: 'partitionKey' };

/** A file that cannot be read blocks its table by itself, and says nothing of the settings. */
async function readableFile(raw: ObjectStore, object: RawObject): Promise<OpenRawFile | undefined> {
  try {
    return await openRawFile(raw, object);
  } catch (error) {
    if (error instanceof TableBlocked || error instanceof ObjectChanged) return undefined;
    throw error;
  }
}
