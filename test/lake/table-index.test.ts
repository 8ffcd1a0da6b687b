import { isDeepStrictEqual } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { FileMetadata } from '../../lib/lake/file-metadata.ts';
import type { IndexEntry } from '../../lib/lake/index-entry.ts';
import { entryOf } from '../../lib/lake/index-entry.ts';
import { listLakeFiles, listTableFolder } from '../../lib/lake/lake-file.ts';
import { ShardCache } from '../../lib/lake/shard-cache.ts';
import { shardCount } from '../../lib/lake/shard-name.ts';
import type { TableIndex } from '../../lib/lake/table-index.ts';
import { INDEX_FILES_MIN, readIndex, writeIndex } from '../../lib/lake/table-index.ts';
import type { LogFacts } from '../../lib/ports/log.ts';
import type { Fault, Operation } from '../cloud/fault.ts';
import { MemoryObjectStore } from '../cloud/memory-object-store.ts';
import { INT, TEXT } from '../parquet/sample-types.ts';

const PREFIX = 'lake/sales/orders/';
const COLUMNS = [
  { name: 'Op', type: TEXT, required: false },
  { name: 'Id', type: INT, required: false },
];

/** A table's folder in a lake whose requests are counted, and the truth about its files. */
class Table {
  fault: (operation: Operation) => Fault = () => 'none';
  requests: string[] = [];
  readonly logged: { message: string; facts: LogFacts }[] = [];
  readonly lake = new MemoryObjectStore({
    fault: (operation) => {
      this.requests.push(`${operation.name} ${operation.target.slice(PREFIX.length)}`);
      return this.fault(operation);
    },
  });
  private readonly truth = new Map<string, IndexEntry>();
  private versions = 0;

  /** Writes a version of a file, as a merge does; the index knows nothing of it yet. */
  put(name: string, metadata?: FileMetadata): void {
    const version = ++this.versions;
    const { eTag } = this.lake.put(PREFIX + name, new Uint8Array(100 + (version % 50)));
    const bound = { bytes: new Uint8Array(Int32Array.of(version).buffer), exact: true };
    const unknown = { nulls: undefined, min: undefined, max: undefined };
    const chunks = [unknown, { nulls: 0, min: bound, max: bound }].map((statistics) => ({ values: 10, statistics }));
    const rowGroups = [{ rows: 10, chunks }];
    const footer = { byteLength: 40 + version, columns: COLUMNS, rowGroups };
    this.truth.set(`${name} ${eTag}`, entryOf({ footer, metadata }, ['ID']));
  }

  /** @param files over 50 partitions */
  fill(files: number): void {
    for (let i = 0; i < files; i++) this.put(`day=${(i % 50) + 10}/g1-v${i + 10_000_000}-0123456789ab.parquet`);
  }

  /** Reads the index as a merge does and checks each entry that it has; `cache` is that of a warm process. */
  async read(cache = new ShardCache(), keyNames: readonly string[] = ['id']): Promise<TableIndex> {
    this.requests = [];
    const index = await readIndex(await listTableFolder(this.lake, PREFIX), keyNames, this.store(cache));
    const known = this.current(index).filter(({ key }) => index.entries.has(key));
    const isTrue = known.every(({ key, entry }) => isDeepStrictEqual(index.entries.get(key), entry));
    if (!isTrue || known.length < index.entries.size) throw new Error('the index has an entry that is wrong');
    return index;
  }

  /** Writes the index of the files as they are now. */
  async write(index: TableIndex, cache = new ShardCache()): Promise<string[]> {
    const { files } = await listTableFolder(this.lake, PREFIX);
    this.requests = [];
    await writeIndex(index, this.current({ ...index, folder: { ...index.folder, files } }), this.store(cache));
    return this.requests;
  }

  /** An index of all files. */
  async build(): Promise<void> {
    await this.write(await this.read());
  }

  indexNames(): string[] {
    return this.lake.keys(`${PREFIX}_`).map((key) => key.slice(PREFIX.length));
  }

  private current({ folder }: TableIndex) {
    return folder.files.map(({ key, eTag, size }) => {
      const entry = this.truth.get(`${key.slice(PREFIX.length)} ${eTag}`)!;
      return { key, eTag, size, entry };
    });
  }

  private store(shards: ShardCache) {
    const note = (message: string, facts: LogFacts = {}) => void this.logged.push({ message, facts });
    const tooLoud = () => {
      throw new Error('a cache that fails is nothing to warn of');
    };
    return { lake: this.lake, shards, log: { info: note, warn: tooLoud, error: tooLoud } };
  }
}

let table: Table;
beforeEach(() => {
  table = new Table();
});

const ONE = '_tidemark-index-1-0.json.gz';

describe('the index of 1,000 lake files', () => {
  it('is read with one request beside the listing, and with none by a warm process', async () => {
    table.fill(1_000);
    await table.build();
    const cache = new ShardCache();
    expect((await table.read(cache)).entries.size).toBe(1_000);
    expect(table.requests).toEqual(['list ', 'list ', `read ${ONE}`]);
    expect((await table.read(cache)).entries.size).toBe(1_000);
    expect(table.requests).toEqual(['list ', 'list ']);
  });

  it('misses just the file that changed; then one object is written, which the process that wrote it knows', async () => {
    table.fill(1_000);
    await table.build();
    const cache = new ShardCache();
    table.put('day=12/g1-v10000002-0123456789ab.parquet');
    const index = await table.read(cache);
    expect(index.entries.size).toBe(999);
    expect(await table.write(index, cache)).toEqual([`write ${ONE}`]);
    expect((await table.read(cache)).entries.size).toBe(1_000);
    expect(table.requests).toEqual(['list ', 'list ']);
  });

  it('is small', async () => {
    table.fill(1_000);
    await table.build();
    expect(table.lake.bytes(PREFIX + ONE)!.length).toBeLessThan(64 * 1024);
  });
});

describe('the index of 4,000 lake files', () => {
  it('is divided by partition: what one partition changes is in one object', async () => {
    table.fill(4_000);
    await table.build();
    expect(table.indexNames()).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((i) => `_tidemark-index-8-${i}.json.gz`));
    const cache = new ShardCache();
    await table.read(cache);
    expect(table.requests.filter((request) => request.startsWith('read'))).toHaveLength(8);
    table.put('day=12/g1-v10000002-0123456789ab.parquet');
    table.put('day=12/g1-v10000052-0123456789ab.parquet');
    table.put('day=12/g1-v99999999-0123456789ab.parquet');
    const index = await table.read(cache);
    expect(index.entries.size).toBe(3_998);
    expect(await table.write(index)).toEqual([expect.stringMatching(/^write _tidemark-index-8-\d.json.gz$/)]);
    expect((await table.read(cache)).entries.size).toBe(4_001);
    expect(table.requests.filter((request) => request.startsWith('read'))).toHaveLength(1);
  });

  it('costs no request if nothing changed', async () => {
    table.fill(4_000);
    await table.build();
    expect(await table.write(await table.read())).toEqual([]);
  });
});

describe('an entry', () => {
  const FILES = INDEX_FILES_MIN + 4;

  beforeEach(async () => {
    table.fill(FILES);
    await table.build();
  });

  it('counts only for the version of the file that it was made of', async () => {
    const [first, second, third] = (await table.read()).folder.files;
    table.put(first!.key.slice(PREFIX.length));
    table.lake.remove(second!.key);
    const folder = await listTableFolder(table.lake, PREFIX);
    // A version of the same name, but of another length: no store has such, so nothing is taken for granted.
    const files = folder.files.map((file) => (file.key === third!.key ? { ...file, size: file.size + 1 } : file));
    const store = { lake: table.lake, shards: new ShardCache(), log: { info() {}, warn() {}, error() {} } };
    const { entries } = await readIndex({ ...folder, files }, ['id'], store);
    expect(entries.size).toBe(FILES - 3);
    for (const file of [first, second, third]) expect(entries.has(file!.key)).toBe(false);
  });

  it('moves with the folder of its table, since files are named relative to it', async () => {
    const moved = 'elsewhere/';
    for (const key of table.lake.keys(PREFIX)) table.lake.put(moved + key.slice(PREFIX.length), table.lake.bytes(key)!);
    const folder = await listTableFolder(table.lake, moved);
    const eTags = new Map((await table.read()).folder.files.map(({ key, eTag }) => [key.slice(PREFIX.length), eTag]));
    const files = folder.files.map((file) => ({ ...file, eTag: eTags.get(file.key.slice(moved.length))! }));
    const store = { lake: table.lake, shards: new ShardCache(), log: { info() {}, warn() {}, error() {} } };
    expect((await readIndex({ ...folder, files }, ['id'], store)).entries.size).toBe(FILES);
  });

  it('counts only for the key columns whose statistics it holds, whatever their case and order', async () => {
    expect((await table.read(undefined, ['ID'])).entries.size).toBe(FILES);
    expect((await table.read(undefined, ['id', 'op'])).entries.size).toBe(0);
    expect((await table.read(undefined, [])).entries.size).toBe(0);
    const other = await table.read(undefined, ['op', 'ID']);
    expect(await table.write(other)).toEqual([`write ${ONE}`]);
    expect((await table.read(undefined, ['Id', 'Op'])).entries.size).toBe(FILES);
  });

  it('of a file with an odd note is left out: that file is opened each time', async () => {
    const odd = { id: 'x', generation: NaN, holds: [7] } as unknown as FileMetadata;
    table.put('day=10/odd.parquet', odd);
    await table.build();
    const { entries } = await table.read();
    expect(entries.size).toBe(FILES);
    expect(entries.has(`${PREFIX}day=10/odd.parquet`)).toBe(false);
  });

  it('keeps the note of its file whole', async () => {
    const holds = Array.from({ length: 300 }, (_, i) => ({ file: `LOAD${i}.parquet`, eTag: `e-${i}`, from: 0, to: i }));
    table.put('day=10/held.parquet', { id: 'ab', generation: 3, holds });
    await table.build();
    expect((await table.read()).entries.get(`${PREFIX}day=10/held.parquet`)?.metadata).toEqual({
      id: 'ab',
      generation: 3,
      holds,
    });
  });
});

describe('an object of the index that is of no use is as if it were not there, and is written anew:', () => {
  const FILES = INDEX_FILES_MIN + 1;
  const edited = (edit: (content: Content) => void) => (bytes: Uint8Array) => {
    const content = JSON.parse(gunzipSync(bytes).toString()) as Content;
    edit(content);
    return gzipSync(JSON.stringify(content));
  };
  interface Content {
    format: string;
    version: number;
    schemas: { type: Record<string, unknown> }[][];
    files: (Record<string, unknown> & { statistics: Record<string, unknown>[] })[];
  }

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['an empty one', () => new Uint8Array()],
    ['one that is not compressed', (bytes) => gunzipSync(bytes)],
    ['one that was cut off', (bytes) => bytes.slice(0, -10)],
    ['one that is not JSON', () => gzipSync('tidemark')],
    ['one that is null', () => gzipSync('null')],
    ['one that expands to far more than any index', () => gzipSync(Buffer.alloc(40 * 1024 * 1024, ' '))],
    ['one larger than any', (bytes) => Buffer.concat([bytes, new Uint8Array(9 * 1024 * 1024)])],
    ['one of a later format', edited((content) => content.version++)],
    ["another program's", edited((content) => (content.format = 'index'))],
    ['one without columns', edited((content) => (content.schemas = []))],
    ['one with a type that is none', edited((content) => (content.schemas[0]![0]!.type['physical'] = 'INT128'))],
    ['one whose numbers are negative', edited((content) => (content.files[3]!['footerBytes'] = -1))],
    ['one whose numbers are no integers', edited((content) => (content.files[3]!['rows'] = 0.5))],
    ['one that names a column that is not', edited((content) => (content.files[0]!.statistics[0]!['column'] = 2))],
    ['one with a bound that is no bytes', edited((content) => (content.files[0]!.statistics[0]!['min'] = 'ü'))],
    ['one without a file key', edited((content) => delete content.files[0]!['key'])],
  ])('%s', async (_, damage) => {
    table.fill(FILES);
    await table.build();
    const whole = table.lake.bytes(PREFIX + ONE)!;
    table.lake.put(PREFIX + ONE, damage(whole));
    const index = await table.read();
    expect(index.entries.size).toBe(0);
    expect(await table.write(index)).toEqual([`write ${ONE}`]);
    expect(table.lake.bytes(PREFIX + ONE)).toEqual(whole);
    expect((await table.read()).entries.size).toBe(FILES);
  });

  it('one with a byte that is another: it is known by its checksum, wherever that byte is', async () => {
    table.fill(FILES);
    await table.build();
    const whole = table.lake.bytes(PREFIX + ONE)!;
    let known = 0;
    for (let at = 0; at < whole.length; at++) {
      const damaged = whole.slice();
      damaged[at]! ^= 1 << (at % 8);
      table.lake.put(PREFIX + ONE, damaged);
      // Each entry that is read is compared with the truth.
      known += (await table.read()).entries.size > 0 ? 1 : 0;
    }
    // Time and system in the gzip header say nothing.
    expect(known).toBeLessThan(10);
  });
});

describe('an object that is not named as the index is', () => {
  it.each([
    '_tidemark-index-3-0.json.gz',
    '_tidemark-index-2-2.json.gz',
    '_tidemark-index-1-00.json.gz',
    '_tidemark-index-1-0.json',
    'day=10/_tidemark-index-1-0.json.gz',
  ])('is none of it, and is left alone: %s', async (name) => {
    table.fill(INDEX_FILES_MIN + 1);
    table.lake.put(PREFIX + name, Buffer.from('mine'));
    await table.build();
    expect((await table.read()).folder.indexObjects).toHaveLength(1);
    expect(table.lake.bytes(PREFIX + name)).toEqual(Buffer.from('mine'));
  });
});

describe('the division of the index', () => {
  it('has shards of about 500 files, one up to 1,000', () => {
    expect([0, 17, 1_000, 1_001, 2_000, 3_999, 10_000, 100_000].map(shardCount)).toEqual([1, 1, 1, 2, 4, 8, 16, 256]);
    for (let files = 1_001; files < 100_000; files += 997) {
      const perShard = files / shardCount(files);
      expect(perShard).toBeGreaterThan(350);
      expect(perShard).toBeLessThan(710);
    }
  });

  it('follows the number of files; entries of the old division count until the new one is there', async () => {
    table.fill(1_000);
    await table.build();
    for (let i = 0; i < 10; i++) table.put(`day=10/g1-v2000000${i}-0123456789ab.parquet`);
    const index = await table.read();
    expect(index.entries.size).toBe(1_000);
    table.fault = ({ name, target }) => (name === 'write' && target.endsWith('-2-0.json.gz') ? 'reject' : 'none');
    expect((await table.write(index)).toSorted()).toEqual([0, 1].map((i) => `write _tidemark-index-2-${i}.json.gz`));
    expect((await table.read()).entries.size).toBe(1_010);
    table.fault = () => 'none';
    const half = await table.read();
    expect(await table.write(half)).toEqual(['write _tidemark-index-2-0.json.gz', `delete ${ONE}`]);
    expect(table.indexNames()).toEqual([0, 1].map((i) => `_tidemark-index-2-${i}.json.gz`));
    expect((await table.read()).entries.size).toBe(1_010);
  });

  it('has no object for partitions that are not', async () => {
    for (let i = 0; i < 1_100; i++) table.put(`g1-v${i + 10_000_000}-0123456789ab.parquet`);
    await table.build();
    expect(table.indexNames()).toHaveLength(1);
    expect((await table.read()).entries.size).toBe(1_100);
  });

  it(`does without any index up to ${INDEX_FILES_MIN} files`, async () => {
    table.fill(INDEX_FILES_MIN + 1);
    await table.build();
    const [file] = (await table.read()).folder.files;
    table.lake.remove(file!.key);
    const index = await table.read();
    expect(table.requests).toEqual(['list ']);
    expect(index.entries.size).toBe(0);
    expect(await table.write(index)).toEqual([`delete ${ONE}`]);
    expect(await table.write(await table.read())).toEqual([]);
  });
});

describe('writers and failures', () => {
  const FILES = INDEX_FILES_MIN + 4;

  it('of two writers one writes; the other one fails nothing, and no entry is wrong', async () => {
    table.fill(FILES);
    await table.build();
    const [one, two] = [await table.read(), await table.read()];
    table.put('day=10/a.parquet');
    await table.write(one);
    table.put('day=10/a.parquet');
    await table.write(two);
    expect(table.logged).toEqual([
      {
        message: 'an object of the table index was not written',
        facts: { key: PREFIX + ONE, error: expect.any(Error) },
      },
    ]);
    const { entries } = await table.read();
    expect(entries.size).toBe(FILES);
    expect(entries.has(`${PREFIX}day=10/a.parquet`)).toBe(false);
  });

  it('of two first writers one writes', async () => {
    table.fill(FILES);
    const [one, two] = [await table.read(), await table.read()];
    await table.write(one);
    await table.write(two);
    expect(table.logged).toHaveLength(1);
    expect((await table.read()).entries.size).toBe(FILES);
  });

  it('an object that was replaced since it was listed is not read', async () => {
    table.fill(FILES);
    await table.build();
    const folder = await listTableFolder(table.lake, PREFIX);
    const index = await table.read();
    table.put('day=10/a.parquet');
    await table.write(index);
    const store = { lake: table.lake, shards: new ShardCache(), log: { info() {}, warn() {}, error() {} } };
    expect((await readIndex(folder, ['id'], store)).entries.size).toBe(0);
  });

  it.each<Fault>(['reject', 'apply-then-fail'])(
    'a store that fails (%s) costs the index, nothing else',
    async (fault) => {
      table.fill(FILES);
      await table.build();
      table.put('day=10/a.parquet');
      table.fault = ({ name }) => (name === 'list' ? 'none' : fault);
      const index = await table.read();
      expect(index.entries.size).toBe(0);
      expect(await table.write(index)).toEqual([`write ${ONE}`]);
      table.fault = () => 'none';
      expect((await table.read()).entries.size).toBe(fault === 'reject' ? FILES : FILES + 1);
    },
  );
});

describe('the objects of the index', () => {
  it('are no lake files, and hidden from engines by their own name, wherever they look for it', async () => {
    table.fill(INDEX_FILES_MIN + 1);
    await table.build();
    expect(await listLakeFiles(table.lake, PREFIX)).toHaveLength(INDEX_FILES_MIN + 1);
    const names = table.indexNames();
    expect(names).toHaveLength(1);
    // Spark, InMemoryFileIndex: hidden if it begins with '_', has no '=', and is no summary of Parquet's.
    for (const name of names) expect(name).toMatch(/^_(?!metadata|common_metadata)[^=/]*(?<!\.parquet)$/);
  });
});
