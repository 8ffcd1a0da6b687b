import { describe, expect, it } from '@jest/globals';
import type { KnownLakeFile } from '../../lib/lake/known-lake-file.ts';
import type { FileMetadata } from '../../lib/lake/file-metadata.ts';
import { fileMetadata, readFileMetadata } from '../../lib/lake/file-metadata.ts';
import type { OpenLakeFile } from '../../lib/lake/lake-file.ts';
import type { JoinFiles } from '../../lib/merge/plan.ts';
import { deadBytes, joinableFiles, planJoin, planLayout } from '../../lib/merge/plan-compact.ts';
import { retaggedPieces } from '../../lib/merge/write-lake-file.ts';
import type { Column } from '../../lib/parquet/column-type.ts';
import { parseFooter } from '../../lib/parquet/footer.ts';
import { lakeBytes } from '../parquet/lake-bytes.ts';
import { BIGINT, INT, TEXT, utf8 } from '../parquet/sample-types.ts';
import { MergeBench, rowsOf } from './merge-bench.ts';

const COLUMNS: Column[] = [
  { name: 'id', type: INT },
  { name: 'name', type: TEXT },
];

/** A file of row groups of so many rows, ids counted from `first`. */
function fileOf(rows: readonly number[], first = 0, note: Partial<FileMetadata> = {}): Uint8Array {
  let id = first;
  const groups = rows.map((count) => {
    const ids = Array.from({ length: count }, () => id++);
    return [ids, ids.map((each) => utf8(`name ${each}`))];
  });
  return lakeBytes(COLUMNS, groups, fileMetadata({ id: 'x', generation: 1, holds: [], ...note }));
}

/** The same file with bytes before its footer that it does not name. */
function withDeadBytes(bytes: Uint8Array, count: number): Uint8Array {
  const footerStart = bytes.length - parseFooter(bytes, bytes.length).byteLength;
  return Buffer.concat([bytes.subarray(0, footerStart), Buffer.alloc(count), bytes.subarray(footerStart)]);
}

async function opened(...files: Uint8Array[]): Promise<{ bench: MergeBench; files: OpenLakeFile[] }> {
  const bench = new MergeBench();
  files.forEach((bytes, i) => bench.lake.put(`${i}.parquet`, bytes));
  return { bench, files: await bench.files() };
}

async function layout(bytes: Uint8Array, { purge = false, columns = COLUMNS } = {}) {
  const { bench, files } = await opened(bytes);
  return planLayout(files[0]!, columns, purge, bench.limits);
}

describe('a file that is compacted', () => {
  it('is left alone if it is in shape', async () => {
    expect(await layout(fileOf([4, 4, 3]))).toBeUndefined();
    expect(await layout(fileOf([4, 4, 3]), { purge: true })).toBeUndefined();
    expect(await layout(fileOf([]))).toBeUndefined();
  });

  it('has its small row groups joined to their neighbours', async () => {
    const plan = await layout(fileOf([4, 1, 2, 4, 3]));
    expect(plan).toMatchObject({
      layout: 'anew',
      groups: [
        { kind: 'keep' },
        { kind: 'join', groups: [1, 2] },
        { kind: 'joined' },
        { kind: 'keep' },
        { kind: 'keep' },
      ],
      reason: '1 row groups fewer will do',
    });
  });

  it('is laid out anew for more than a twentieth of dead bytes, or to purge for any', async () => {
    const whole = fileOf([4, 4]);
    const [few, many] = [Math.floor(whole.length * 0.04), Math.ceil(whole.length * 0.06)];
    expect(await layout(withDeadBytes(whole, few))).toBeUndefined();
    expect(await layout(withDeadBytes(whole, many))).toMatchObject({ reason: `${many} bytes are no longer in use` });
    expect(await layout(withDeadBytes(whole, 1), { purge: true })).toMatchObject({
      groups: [{ kind: 'keep' }, { kind: 'keep' }],
      reason: '1 bytes are no longer in use',
    });
  });

  it('is encoded anew to purge it if row groups of it were edited, as their dictionaries keep what they had', async () => {
    const edited = fileOf([4, 1, 2], 0, { edited: true });
    expect(await layout(fileOf([4, 4], 0, { edited: true }))).toBeUndefined();
    expect(await layout(edited, { purge: true })).toMatchObject({
      groups: [{ kind: 'join', groups: [0] }, { kind: 'join', groups: [1, 2] }, { kind: 'joined' }],
    });
  });

  it('keeps what its note says of rows appended and taken', async () => {
    const note = { holds: [{ file: 'a', eTag: 'b', from: 0, to: 4 }], joined: ['c.parquet'] };
    expect(await layout(fileOf([1, 1], 0, note))).toMatchObject(note);
  });

  it('says what it said after a take-over wrote it again', async () => {
    const note = { holds: [{ file: 'a', eTag: 'b', from: 0, to: 4 }], joined: ['c.parquet'], edited: true as const };
    const { files } = await opened(fileOf([4], 0, note));
    const footer = retaggedPieces(files[0]!, { id: 'y', table: 'raw/shop/orders/' }).at(-1) as Uint8Array;
    expect(readFileMetadata(parseFooter(footer, files[0]!.size + footer.length).metadata)).toMatchObject({
      id: 'y',
      table: 'raw/shop/orders/',
      ...note,
    });
  });

  it('counts as dead what its footer does not name, to the byte', async () => {
    const { files } = await opened(fileOf([4, 4]), withDeadBytes(fileOf([4, 4]), 17));
    expect(files.map(deadBytes)).toEqual([0, 17]);
  });
});

describe('files that are joined', () => {
  const file = (key: string, size: number, { rows = 1, footerBytes = 1 } = {}) =>
    ({
      key,
      size,
      rows,
      footerBytes,
      columns: COLUMNS as unknown,
      folder: key.slice(0, key.lastIndexOf('/') + 1),
    }) as KnownLakeFile;
  const joined = (files: KnownLakeFile[], columnCount = COLUMNS.length) =>
    joinableFiles(files, columnCount, { ...new MergeBench().limits, targetFileBytes: 100 }).map((list) =>
      list.map(({ key }) => key),
    );

  it('are the small ones of a partition, as many as fit into one', () => {
    const files = [
      file('d=1/a', 40),
      file('d=1/b', 49),
      file('d=1/c', 50),
      file('d=1/d', 10),
      file('d=1/e', 30),
      file('d=1/f', 5, { rows: 0 }),
      file('d=2/a', 10),
      file('d=3/a', 10),
      file('d=3/b', 20),
    ];
    expect(joined(files)).toEqual([
      ['d=1/a', 'd=1/b', 'd=1/d'],
      ['d=3/a', 'd=3/b'],
    ]);
  });

  it('are no more than fit into one by their footers, which all columns of the table make longer', () => {
    const mib = 1024 * 1024;
    const files = [6, 6, 6, 4, 3].map((length, i) => file(`${i}`, 10, { footerBytes: length * mib }));
    expect(joined(files)).toEqual([
      ['0', '1'],
      ['2', '3', '4'],
    ]);
    expect(joined(files, 2 * COLUMNS.length)).toEqual([['3', '4']]);
  });

  it('are named, and give their row groups: as bytes, or encoded where small ones become one', async () => {
    const holds = (file: string) => [{ file, eTag: 'e', from: 0, to: 1 }];
    const { bench, files } = await opened(
      fileOf([4, 2], 0, { holds: holds('a') }),
      fileOf([2, 3], 6, { holds: holds('b'), edited: true }),
    );
    const plan = planJoin(files, COLUMNS, false, bench.limits);
    const told = ({ groups }: JoinFiles) =>
      groups.map((plan) => [
        plan.kind,
        ...(plan.kind === 'take' ? [plan.part] : plan.parts).map(({ file, group }) => `${file.key} ${group}`),
      ]);
    expect(told(plan)).toEqual([
      ['take', '0.parquet 0'],
      ['encode', '0.parquet 1', '1.parquet 0'],
      ['take', '1.parquet 1'],
    ]);
    expect(plan).toMatchObject({ joined: ['0.parquet', '1.parquet'], holds: [...holds('a'), ...holds('b')] });
    expect(told(planJoin(files, COLUMNS, true, bench.limits)).at(-1)).toEqual(['encode', '1.parquet 1']);

    const counts = { encoded: 0, kept: 0 };
    const key = await bench.write(plan, bench.content(COLUMNS, { values: new Map() }), counts);
    const bytes = bench.lake.bytes(key)!;
    expect(rowsOf(bytes)).toEqual(Array.from({ length: 11 }, (_, id) => [id, `name ${id}`]));
    expect(counts).toEqual({ encoded: 1, kept: 2 });
    const footer = parseFooter(bytes, bytes.length);
    expect(footer.rowGroups.map(({ rows }) => rows)).toEqual([4, 4, 3]);
    expect(readFileMetadata(footer.metadata)).toMatchObject({ joined: ['0.parquet', '1.parquet'], edited: true });
  });

  it('are encoded where the table has other types, and filled with nulls where it has more columns', async () => {
    const columns: Column[] = [{ name: 'id', type: BIGINT }, COLUMNS[1]!, { name: 'note', type: TEXT }];
    const { bench, files } = await opened(fileOf([4]), fileOf([4], 4));
    const plan = planJoin(files, columns, false, bench.limits);
    expect(plan.groups.map(({ kind }) => kind)).toEqual(['encode', 'encode']);
    const key = await bench.write(plan, bench.content(columns, { values: new Map() }));
    expect(rowsOf(bench.lake.bytes(key)!)).toEqual(
      Array.from({ length: 8 }, (_, id) => [BigInt(id), `name ${id}`, null]),
    );
  });

  it('bring their bloom filters with them', async () => {
    const { bench } = await opened();
    const filtered = new Set(['name']);
    for (const [i, first] of [0, 4].entries()) {
      bench.lake.put('source.parquet', fileOf([2, 2], first));
      const [source] = (await bench.files()).filter(({ key }) => key === 'source.parquet');
      const plan = planLayout(source!, COLUMNS, false, bench.limits)!;
      await bench.write(plan, bench.content(COLUMNS, { values: new Map() }, { i, filtered }));
      bench.lake.put(`${i}.parquet`, bench.lake.bytes('source.parquet')!);
    }
    bench.lake.remove('source.parquet');
    const files = await bench.files();
    const filters = await Promise.all(
      files.map(async ({ footer, read }) => {
        const { start, length } = footer.rowGroups[0]!.chunks[1]!.bloomFilter!;
        return Buffer.from(await read(start, start + length!)).toString('hex');
      }),
    );
    const plan = planJoin(files, COLUMNS, false, bench.limits);
    expect(plan.groups.map(({ kind }) => kind)).toEqual(['take', 'take']);
    const bytes = bench.lake.bytes(await bench.write(plan, bench.content(COLUMNS, { values: new Map() })))!;
    const joined = parseFooter(bytes, bytes.length).rowGroups.map(({ chunks }) => {
      const { start, length } = chunks[1]!.bloomFilter!;
      return Buffer.from(bytes.subarray(start, start + length!)).toString('hex');
    });
    expect(joined).toEqual(filters);
    expect(joined[0]).not.toBe(joined[1]);
  });
});
