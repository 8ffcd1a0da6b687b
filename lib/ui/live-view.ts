import { type FollowedFile, FollowedFiles, type Look } from '../local/followed-files.ts';
import { tableOfPath, tablePath } from '../dms/object-key.ts';
import type { Ports } from '../ports/ports.ts';
import type { TableStatus } from '../table/list-tables.ts';
import { listTables, statusOf } from '../table/list-tables.ts';
import type { TableOutcome } from '../table/reconcile-batch.ts';
import type { MergeReport } from '../table/report.ts';
import { mergeView, tableView } from './table-view.ts';
import type { FileView, Freshness, Recent, TableView, Update } from './view.ts';

const FILES_MAX = 200;
const FRESHNESS_MAX = 600;
/** Changes are told together, so that a thousand files a second are ten updates. */
const UPDATE_MS = 100;
/** A sweep may have a file merged before the watcher, which waits for its end, tells of it. */
const NOTICED_MS = 500;

/**
 * What the page shows now. It is told by the run what happens, keeps the last of it, and tells its subscribers what changed.
 */
export class LiveView {
  readonly #ports: Ports;
  /** Texts of what to do, as a person is shown them. */
  readonly shown: (text: string) => string;
  readonly #followed: FollowedFiles;
  readonly #tables = new Map<string, TableView>();
  /** The newest are last; by id. */
  readonly #files = new Map<number, FileView>();
  readonly #freshness: Freshness[] = [];
  /** Files that were merged and wait for the report of what the merge did, by path. */
  readonly #unreported = new Map<string, number[]>();
  readonly #subscribers = new Set<(update: Update) => void>();
  #changed = noChanges();
  #timer: NodeJS.Timeout | undefined;
  /** Of merges without files that were followed: not those of files. */
  #nextMergeId = -1;

  constructor(ports: Ports, shown: (text: string) => string) {
    this.#ports = ports;
    this.shown = shown;
    this.#followed = new FollowedFiles(ports, {
      onLook: (look) => this.#looked(look),
      onError: (error) => ports.log.warn('the page could not read how a table stands', { error }),
    });
  }

  /** By name. */
  get tables(): TableView[] {
    return [...this.#tables.values()].sort((a, b) => (a.table < b.table ? -1 : 1));
  }

  get recent(): Recent {
    return { files: [...this.#files.values()], freshness: this.#freshness };
  }

  /** Reads all rows, and looks, for as long as that takes, which files wait already. */
  async begin(): Promise<void> {
    await this.refresh();
    const shown = (path: string): void => this.#showWaiting(path);
    this.#followed
      .followPresent(shown)
      .catch((error: unknown) => this.#ports.log.warn('the page could not read which files wait', { error }));
  }

  /** Reads all rows: for what other processes change. */
  async refresh(): Promise<void> {
    const { tables } = await listTables({ lag: false }, this.#ports);
    for (const status of tables) {
      const { mergedAt, version = 0 } = this.#tables.get(status.table) ?? {};
      const after = this.#viewOf(status, mergedAt, version);
      this.#showTable(after);
      // Another process may have merged what waits.
      if (after.waiting > 0) this.#followed.look(this.#pathOf(status.table));
    }
    const known = new Set(tables.map(({ table }) => table));
    for (const table of this.#tables.keys()) if (!known.has(table)) this.#forget(table);
  }

  arrived(key: string, appearedAt: number): void {
    this.#followed.follow(key, appearedAt).then(
      (file) => file && this.#showFile(file),
      (error: unknown) => this.#ports.log.warn('the page could not follow a file', { key, error }),
    );
  }

  rowChanged(path: string): void {
    this.#followed.look(path);
  }

  /** Says of the files of a merge what it did; of files that were there before, that they were merged. */
  reconciled(outcomes: readonly TableOutcome[]): void {
    for (const { path, report } of outcomes) {
      const table = this.#nameOf(path);
      if (!report || table === undefined) continue;
      const files = report.loadFiles + report.changeFiles;
      // The looks of its commits may be under way.
      void this.#followed.settle(path).then(() => {
        const followed = this.#unreported.get(path)?.length ?? 0;
        if (followed >= files) this.#reported(path, table, report);
        else setTimeout(() => this.#reported(path, table, report), NOTICED_MS).unref();
      });
    }
  }

  /** @returns ends the subscription */
  subscribe(onUpdate: (update: Update) => void): () => void {
    this.#subscribers.add(onUpdate);
    return () => this.#subscribers.delete(onUpdate);
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#subscribers.clear();
  }

  #looked({ path, row, changed }: Look): void {
    const table = this.#nameOf(path);
    if (table === undefined) return;
    const arrived = changed.filter(({ wasThere }) => !wasThere);
    for (const file of arrived) this.#showFile(file);
    const merged = arrived.filter(({ state }) => state === 'merged');
    if (merged.length > 0) {
      const ids = [...(this.#unreported.get(path) ?? []), ...merged.map(({ id }) => id)];
      this.#unreported.set(path, ids.slice(-FILES_MAX));
    }
    const mergedAt = merged.at(-1)?.mergedAt ?? this.#tables.get(table)?.mergedAt;
    this.#showTable(this.#viewOf(statusOf(table, row, this.#ports), mergedAt, row.progress.version ?? 0));
  }

  #viewOf(status: TableStatus, mergedAt: number | undefined, version: number): TableView {
    const waiting = this.#followed.waitingOf(this.#pathOf(status.table));
    return tableView(status, { waiting, version, ...(mergedAt !== undefined && { mergedAt }) }, this.shown);
  }

  #reported(path: string, table: string, report: MergeReport): void {
    const merge = mergeView(report);
    if (merge.files === 0) return;
    const ids = (this.#unreported.get(path) ?? []).slice(-merge.files);
    this.#unreported.delete(path);
    const files = ids.flatMap((id) => this.#files.get(id) ?? []);
    for (const file of files) this.#keepFile({ ...file, merge });
    const now = this.#ports.clock.now();
    if (ids.length === 0)
      this.#keepFile({ id: this.#nextMergeId--, table, appearedAt: now, state: 'merged', mergedAt: now, merge });
    const known = this.#tables.get(table);
    if (known) this.#showTable({ ...known, mergedAt: known.mergedAt ?? now });
  }

  #showTable(table: TableView): void {
    if (JSON.stringify(table) === JSON.stringify(this.#tables.get(table.table))) return;
    this.#tables.set(table.table, table);
    this.#changed.tables.set(table.table, table);
    this.#changed.gone.delete(table.table);
    this.#tellSoon();
  }

  #showWaiting(path: string): void {
    const known = this.#tables.get(this.#nameOf(path) ?? '');
    if (known) this.#showTable({ ...known, waiting: this.#followed.waitingOf(path) });
  }

  #forget(table: string): void {
    this.#tables.delete(table);
    this.#changed.tables.delete(table);
    this.#changed.gone.add(table);
    this.#tellSoon();
  }

  #showFile(file: FollowedFile): void {
    const { id, path, name, size, appearedAt, state, mergedAt } = file;
    const table = this.#nameOf(path);
    if (table === undefined) return;
    const { merge } = this.#files.get(id) ?? {};
    const isNews = this.#files.get(id)?.state !== 'merged';
    const times = { appearedAt, ...(mergedAt !== undefined && { mergedAt }) };
    this.#keepFile({ id, table, file: name, bytes: size, ...times, state, ...(merge && { merge }) });
    if (mergedAt !== undefined && isNews)
      this.#keepFreshness({ at: mergedAt, seconds: Math.max(0, mergedAt - appearedAt) / 1000, table });
    this.#showWaiting(path);
  }

  #keepFile(file: FileView): void {
    this.#files.set(file.id, file);
    this.#changed.files.set(file.id, file);
    for (const id of this.#files.keys()) {
      if (this.#files.size <= FILES_MAX) break;
      this.#files.delete(id);
      this.#changed.files.delete(id);
    }
    this.#tellSoon();
  }

  #keepFreshness(freshness: Freshness): void {
    this.#freshness.push(freshness);
    this.#changed.freshness.push(freshness);
    if (this.#freshness.length > FRESHNESS_MAX) this.#freshness.shift();
    if (this.#changed.freshness.length > FRESHNESS_MAX) this.#changed.freshness.shift();
  }

  #tellSoon(): void {
    if (this.#subscribers.size === 0) this.#changed = noChanges();
    else
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        const { tables, gone, files, freshness } = this.#changed;
        this.#changed = noChanges();
        const update = { tables: [...tables.values()], gone: [...gone], files: [...files.values()], freshness };
        for (const tell of this.#subscribers) tell(update);
      }, UPDATE_MS).unref();
  }

  /** @param name `<schema>/<table>` */
  #pathOf(name: string): string {
    const { rawBucket, rawPrefix } = this.#ports.config;
    const [schema = '', table = ''] = name.split('/');
    return tablePath(rawBucket, rawPrefix, schema, table);
  }

  #nameOf(path: string): string | undefined {
    const name = tableOfPath(path, this.#ports.config);
    return name && `${name.schema}/${name.table}`;
  }
}

function noChanges() {
  return {
    tables: new Map<string, TableView>(),
    gone: new Set<string>(),
    files: new Map<number, FileView>(),
    freshness: [] as Freshness[],
  };
}
