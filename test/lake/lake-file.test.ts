import { describe, expect, it } from '@jest/globals';
import { TableBlocked } from '../../lib/errors.ts';
import { fileMetadata, readFileMetadata } from '../../lib/lake/file-metadata.ts';
import { FooterCache } from '../../lib/lake/footer-cache.ts';
import { lakeFileName, listLakeFiles, openLakeFiles, rangeReader } from '../../lib/lake/lake-file.ts';
import { MemoryObjectStore } from '../cloud/memory-object-store.ts';
import { lakeBytes } from '../parquet/lake-bytes.ts';
import { INT } from '../parquet/sample-types.ts';

const ID = '0123456789abcdef0123456789abcdef';
const COLUMNS = [{ name: 'id', type: INT }];

describe('lake files', () => {
  it('are named after generation and claiming version, in whose order their keys sort', () => {
    expect(lakeFileName(3, 12, ID)).toBe('g3-v00000012-0123456789ab.parquet');
    const names = [2, 10, 9, 99_999_999].map((version) => lakeFileName(1, version, ID));
    expect(names.toSorted()).toEqual([2, 9, 10, 99_999_999].map((version) => lakeFileName(1, version, ID)));
  });

  it('are those of a table with folder and generation; files of other writers are of generation 0', async () => {
    const lake = new MemoryObjectStore();
    const bytes = lakeBytes(COLUMNS, []);
    const keys = [
      'db/t/g1-v00000002-0123456789ab.parquet',
      'db/t/day=2018-12-13/g12-v00000003-0123456789ab.parquet',
      'db/t/day=2018-12-13/shop=a%2Fb/part-00000-7a-c000.snappy.parquet',
      'db/t/_day=2018-12-13/x.parquet',
      'db/t/old/20260301.parquet',
    ];
    const others = [
      'db/t/_SUCCESS',
      'db/t/_temporary/0/part-1.parquet',
      'db/t/.hidden.parquet',
      'db/t/.tmp/x.parquet',
      'db/t/readme.md',
      'db/t2/g1-v00000002-0123456789ab.parquet',
    ];
    for (const key of [...keys, ...others]) lake.put(key, bytes);
    lake.put('db/t/empty_$folder$.parquet', new Uint8Array());
    const files = await listLakeFiles(lake, 'db/t/');
    expect(files.map(({ key, folder, generation }) => [key, folder, generation])).toEqual([
      ['db/t/_day=2018-12-13/x.parquet', '_day=2018-12-13/', 0],
      ['db/t/day=2018-12-13/g12-v00000003-0123456789ab.parquet', 'day=2018-12-13/', 12],
      ['db/t/day=2018-12-13/shop=a%2Fb/part-00000-7a-c000.snappy.parquet', 'day=2018-12-13/shop=a%2Fb/', 0],
      ['db/t/g1-v00000002-0123456789ab.parquet', '', 1],
      ['db/t/old/20260301.parquet', 'old/', 0],
    ]);
  });

  it('are read as far as their footers, each version once', async () => {
    const reads: string[] = [];
    const lake = new MemoryObjectStore({
      fault: ({ name, target }) => {
        if (name === 'read') reads.push(target);
        return 'none';
      },
    });
    const metadata = { id: ID, generation: 4, holds: [{ file: 'LOAD1.parquet', eTag: 'e', from: 0, to: 3 }] };
    lake.put('t/a.parquet', lakeBytes(COLUMNS, [[[1, 2]], [[3]]], fileMetadata(metadata)));
    lake.put('t/b.parquet', lakeBytes(COLUMNS, []));
    const footers = new FooterCache();
    const open = async () => openLakeFiles(lake, await listLakeFiles(lake, 't/'), footers);
    const [a, b] = await open();
    expect(a).toMatchObject({ rows: 3, metadata });
    expect(b).toMatchObject({ rows: 0, metadata: undefined });
    await open();
    expect(reads.toSorted()).toEqual(['t/a.parquet', 't/b.parquet']);
    lake.put('t/b.parquet', lakeBytes(COLUMNS, [[[5]]]));
    expect((await open()).map(({ rows }) => rows)).toEqual([3, 1]);
    expect(reads).toHaveLength(3);
  });

  it('that are not Parquet block the table, which is told what to do', async () => {
    const lake = new MemoryObjectStore();
    lake.put('t/bad.parquet', Buffer.from('this is no Parquet file'));
    const opening = openLakeFiles(lake, await listLakeFiles(lake, 't/'), new FooterCache());
    await expect(opening).rejects.toThrow(TableBlocked);
    await expect(opening).rejects.toMatchObject({
      message: expect.stringContaining('t/bad.parquet'),
      next: expect.stringContaining("Move it out of the table's lake folder"),
    });
  });

  it('are read in ranges; a small one whole, once', async () => {
    const ranges: [number, number][] = [];
    const store = {
      read: (_: string, __: string, start: number, end: number) => {
        ranges.push([start, end]);
        return Promise.resolve(Uint8Array.from({ length: end - start }, (___, i) => (start + i) % 251));
      },
    } as unknown as MemoryObjectStore;
    const summary = (size: number) => ({ key: 'k', eTag: 'e', size, lastModified: new Date(0) });
    const small = rangeReader(store, summary(1_000), 1_000);
    expect(Array.from(await small(10, 12))).toEqual([10, 11]);
    expect(Array.from(await small(500, 501))).toEqual([249]);
    expect(ranges).toEqual([[0, 1_000]]);
    const large = rangeReader(store, summary(1_001), 1_000);
    expect(Array.from(await large(10, 12))).toEqual([10, 11]);
    expect(ranges.at(-1)).toEqual([10, 12]);
  });
});

describe("the note in a lake file's footer", () => {
  it('says what it said', () => {
    const metadata = { id: ID, generation: 7, holds: [{ file: 'seg/LOAD"1".parquet', eTag: 'e-2', from: 5, to: 9 }] };
    expect(readFileMetadata(fileMetadata(metadata))).toEqual(metadata);
    expect(fileMetadata(metadata).size).toBe(1);
    const more = { ...metadata, table: 'raw/shop/orders/', joined: ['day=mon/a.parquet'], edited: true as const };
    expect(readFileMetadata(fileMetadata(more))).toEqual(more);
  });

  it.each([
    ['none', []],
    ["another program's", [['ARROW:schema', 'x']]],
    ['not JSON', [['tidemark', 'hello']]],
    ['null', [['tidemark', 'null']]],
  ] satisfies [string, [string, string][]][])('is absent in a file of another writer: %s', (_, entries) => {
    expect(readFileMetadata(new Map(entries))).toBeUndefined();
  });
});
