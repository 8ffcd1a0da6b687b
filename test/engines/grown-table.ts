import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { placeRawFile } from '../../lib/sample/sample-files.ts';
import type { Oracle } from '../streams/oracle.ts';
import { type CanonicalColumn, type CanonicalRows, sameLines } from './canonical-rows.ts';
import { type ChainFile, type ChainTable, SERIAL } from './chain-table.ts';
import type { ForeignWriter } from './foreign-writer.ts';
import { compareVersions, type Snapshot } from './lake-versions.ts';

/** What `read_lakes.py` knows of a table; paths are below the manifest's folder. */
export interface ManifestTable {
  name: string;
  /** Of the lake files. */
  folder: string;
  primaryKey: readonly string[];
  partitionKey: readonly string[];
  columns: CanonicalColumn[];
  /** File of the rows that the lake holds. */
  rows: string;
  /** Earlier versions that can still be read through their old lengths. */
  versions: Version[];
}

export interface Version {
  files: { path: string; length: number }[];
  rows: string;
}

export interface Folders {
  /** Of the manifest. */
  out: string;
  raw: string;
  lake: string;
  rows: string;
  /** For a while: what readers see through old lengths. */
  views: string;
}

export interface Witnesses {
  oracle: Oracle;
  canonical: CanonicalRows;
  foreignWriter: ForeignWriter;
}

/** What was seen over all tables. */
export interface Findings {
  merges: number;
  grown: number;
  laidOutAnew: number;
  oldVersionsRead: number;
  faults: string[];
}

/** A table of a lake as it grows merge by merge, and what is known of its versions. */
export class GrownTable {
  private readonly rawFiles: string[] = [];
  private versions: Version[] = [];
  private columns: CanonicalColumn[] = [];

  constructor(
    private readonly chain: ChainTable,
    private readonly folders: Folders,
    private readonly witnesses: Witnesses,
    private readonly findings: Findings,
  ) {}

  get merges(): number {
    return this.chain.merges.length;
  }

  /** Lets the raw files of a merge arrive. */
  async place(merge: number): Promise<void> {
    for (const file of this.chain.merges[merge] ?? []) {
      const key = `${this.chain.name}/${file.fileName}`;
      await placeRawFile(this.folders.raw, { key, bytes: await this.fileBytes(file) });
      this.rawFiles.push(join(this.folders.raw, key));
    }
  }

  /** Holds the lake against SQL, and the versions before against what they were. */
  async check(merge: number, wholeBefore: Snapshot, wholeAfter: Snapshot): Promise<void> {
    const { name, primaryKey, partitionKey } = this.chain;
    const { findings, rawFiles } = this;
    const [before, after] = [this.filesOf(wholeBefore), this.filesOf(wholeAfter)];
    const lakeFiles = [...after.keys()].map((path) => join(this.folders.lake, path));
    const faults = await this.witnesses.oracle.differences({ name, primaryKey, partitionKey, rawFiles, lakeFiles });

    const growth = compareVersions(before, after);
    findings.merges++;
    findings.grown += growth.grown.length;
    findings.laidOutAnew += growth.laidOutAnew.length;
    faults.push(...growth.faults);
    if (growth.laidOutAnew.length > 0) this.versions = [];
    else if (growth.faults.length === 0 && !(await this.showsOldRows(before, after))) {
      faults.push('through the old lengths there are other rows');
    }

    findings.faults.push(...faults.map((fault) => `${name}, merge ${merge}: ${fault}`));
    await this.remember(merge, after, lakeFiles);
  }

  manifest(): ManifestTable {
    const { name, primaryKey, partitionKey } = this.chain;
    const { rows = '' } = this.versions.at(-1) ?? {};
    const folder = this.pathInManifest(join(this.folders.lake, name));
    const versions = this.versions.slice(0, -1);
    return { name, folder, primaryKey, partitionKey, columns: this.columns, rows, versions };
  }

  /** As one reads on who opened the files before the merge: the new bytes, up to the old length. */
  private async showsOldRows(before: Snapshot, after: Snapshot): Promise<boolean> {
    const old = this.versions.at(-1);
    if (!old) return true;
    const folder = this.folders.views;
    const views: string[] = [];
    for (const [path, { length }] of before) {
      const view = join(folder, path);
      await mkdir(dirname(view), { recursive: true });
      await writeFile(view, after.get(path)?.subarray(0, length) ?? '');
      views.push(view);
    }
    const rows = join(folder, 'rows.json');
    await this.witnesses.canonical.write(views, SERIAL, rows);
    const same = await sameLines(rows, join(this.folders.out, old.rows));
    await rm(folder, { recursive: true });
    this.findings.oldVersionsRead++;
    return same;
  }

  private async remember(merge: number, after: Snapshot, lakeFiles: readonly string[]): Promise<void> {
    const rows = join(this.folders.rows, `${this.chain.name}-${merge}.json`);
    await mkdir(dirname(rows), { recursive: true });
    this.columns = await this.witnesses.canonical.write(lakeFiles, SERIAL, rows);
    const files = [...after].map(([path, { length }]) => ({
      path: this.pathInManifest(join(this.folders.lake, path)),
      length,
    }));
    this.versions.push({ files, rows: this.pathInManifest(rows) });
  }

  private filesOf(lake: Snapshot): Snapshot {
    return new Map([...lake].filter(([path]) => path.startsWith(`${this.chain.name}/`)));
  }

  private pathInManifest(path: string): string {
    return relative(this.folders.out, path);
  }

  private async fileBytes({ content, foreign }: ChainFile): Promise<Uint8Array> {
    const bytes = writeDmsFile(content);
    return foreign ? this.witnesses.foreignWriter.rewrite(bytes) : bytes;
  }
}
