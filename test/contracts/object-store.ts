/**
 * What every object store promises (`lib/ports/object-store.ts`), as tests. Call `describeObjectStore` in a test file of
 * the adapter; `makeStore` is called before each test, and may answer with the same bucket again: keys do not meet.
 */
/* eslint jest/no-standalone-expect: ["error", { "additionalTestBlockFunctions": ["it"] }] -- a contract's `it` is its own */
import { randomBytes, randomUUID } from 'node:crypto';
import { beforeEach, describe, expect } from '@jest/globals';
import type { ObjectStore, ObjectSummary, Piece, WrittenObject } from '../../lib/ports/object-store.ts';
import { ObjectChanged } from '../../lib/ports/object-store.ts';
import type { Exceptions } from './exceptions.ts';
import { testsExcept } from './exceptions.ts';

const MiB = 1024 * 1024;

/** In the byte order of their UTF-8 form; code-unit order would swap the last two. */
const KEYS_IN_BYTE_ORDER = [
  "a b/it's 100%.parquet",
  'a b/plus+and=equals.parquet',
  'a-b/1.parquet',
  'a/%41.parquet',
  'a/1 "quoted".parquet',
  'a/A&<B>.parquet',
  'a0/1.parquet',
  'day=2026-03-01/1.parquet',
  'é/1.parquet',
  '漢字/1.parquet',
  '\uff5e/1.parquet',
  '😀/1.parquet',
];

export function describeObjectStore(
  name: string,
  makeStore: () => ObjectStore | Promise<ObjectStore>,
  options: {
    /** S3's eTag of an object sent in one piece is its MD5. Tidemark writes no content twice, so it may. */
    eTagsMayRepeat?: boolean;
    exceptions?: Exceptions;
  } = {},
): void {
  const it = testsExcept(options.exceptions ?? {});
  describe(`${name} as an object store`, () => {
    let store: ObjectStore;
    let folder: string;

    beforeEach(async () => {
      store = await makeStore();
      folder = `contract/${randomUUID()}/`;
    });

    const create = (key: string, bytes: Uint8Array): Promise<WrittenObject> =>
      store.write(folder + key, piecesOf(bytes), 'absent');
    const replace = (key: string, eTag: string, ...pieces: Piece[]): Promise<WrittenObject> =>
      store.write(folder + key, piecesOf(...pieces), { eTag });
    const contentOf = async (key: string): Promise<Buffer | undefined> => {
      const object = await store.head(folder + key);
      if (!object) return undefined;
      return Buffer.from(object.size === 0 ? [] : await store.read(folder + key, object.eTag, 0, object.size));
    };
    const keysListed = async (prefix: string, after?: string): Promise<string[]> => {
      const objects = await arrayOf(store.list(folder + prefix, after === undefined ? {} : { after: folder + after }));
      return objects.map(({ key }) => key.slice(folder.length));
    };

    it('tells what is stored under a key', async () => {
      const before = Date.now();
      const written = await create('one', text('hello'));
      expect(written).toMatchObject({ size: 5, bytesWritten: 5, bytesCopied: 0 });
      const object = await store.head(`${folder}one`);
      expect(object).toMatchObject({ key: `${folder}one`, eTag: written.eTag, size: 5 });
      expect(written.eTag).not.toContain('"');
      expect(Math.abs(object!.lastModified.getTime() - before)).toBeLessThan(60_000);
    });

    it('tells that nothing is stored under a key', async () => {
      expect(await store.head(`${folder}nothing`)).toBeUndefined();
    });

    it('reads a range of bytes', async () => {
      const { eTag } = await create('one', text('0123456789'));
      expect(string(await store.read(`${folder}one`, eTag, 0, 10))).toBe('0123456789');
      expect(string(await store.read(`${folder}one`, eTag, 3, 4))).toBe('3');
      expect(string(await store.read(`${folder}one`, eTag, 2, 10))).toBe('23456789');
    });

    it('reads only the version that is asked for', async () => {
      const first = await create('one', text('first'));
      const second = await replace('one', first.eTag, text('second'));
      await expect(store.read(`${folder}one`, first.eTag, 0, 5)).rejects.toThrow(ObjectChanged);
      expect(string(await store.read(`${folder}one`, second.eTag, 0, 6))).toBe('second');
      await store.delete(`${folder}one`, second.eTag);
      await expect(store.read(`${folder}one`, second.eTag, 0, 6)).rejects.toThrow(ObjectChanged);
    });

    it('keeps an object of no bytes', async () => {
      expect(await create('empty', text(''))).toMatchObject({ size: 0, bytesWritten: 0 });
      expect(await store.head(`${folder}empty`)).toMatchObject({ size: 0 });
      await store.write(`${folder}no pieces`, piecesOf(), 'absent');
      expect(await store.head(`${folder}no pieces`)).toMatchObject({ size: 0 });
    });

    it('joins pieces in their order', async () => {
      await store.write(`${folder}one`, piecesOf(text('a'), text(''), text('bc'), text('d')), 'absent');
      expect(string(await contentOf('one'))).toBe('abcd');
    });

    it('keeps its own copy of the bytes', async () => {
      const bytes = text('mine');
      const { eTag } = await create('one', bytes);
      bytes.fill(0);
      expect(string(await store.read(`${folder}one`, eTag, 0, 4))).toBe('mine');
    });

    it('creates an object only where there is none', async () => {
      const { eTag } = await create('one', text('theirs'));
      await expect(create('one', text('ours'))).rejects.toThrow(ObjectChanged);
      expect(string(await contentOf('one'))).toBe('theirs');
      expect(await store.head(`${folder}one`)).toMatchObject({ eTag });
    });

    it('replaces only the version that is named', async () => {
      const first = await create('one', text('first'));
      const second = await replace('one', first.eTag, text('second'));
      await expect(replace('one', first.eTag, text('third'))).rejects.toThrow(ObjectChanged);
      expect(string(await contentOf('one'))).toBe('second');
      expect(await store.head(`${folder}one`)).toMatchObject({ eTag: second.eTag });
    });

    it('replaces nothing where nothing is', async () => {
      const { eTag } = await create('one', text('gone'));
      await store.delete(`${folder}one`, eTag);
      await expect(replace('one', eTag, text('again'))).rejects.toThrow(ObjectChanged);
      expect(await contentOf('one')).toBeUndefined();
    });

    it('lets the faster of two writers win', async () => {
      const { eTag } = await create('one', text('first'));
      let faster = '';
      async function* slowPieces(): AsyncIterable<Piece> {
        yield text('slow');
        faster = (await replace('one', eTag, text('faster'))).eTag;
        yield text('er');
      }
      await expect(store.write(`${folder}one`, slowPieces(), { eTag })).rejects.toThrow(ObjectChanged);
      expect(string(await contentOf('one'))).toBe('faster');
      expect(await store.head(`${folder}one`)).toMatchObject({ eTag: faster });
    });

    it('lets the faster of two writers win while ranges are copied', async () => {
      const base = randomBytes(6 * MiB);
      const { eTag } = await create('one', base);
      async function* slowPieces(): AsyncIterable<Piece> {
        yield { start: 0, end: base.length };
        await replace('one', eTag, text('faster'));
        yield text('er');
        yield { start: 10, end: 20 };
      }
      await expect(store.write(`${folder}one`, slowPieces(), { eTag })).rejects.toThrow(ObjectChanged);
      expect(string(await contentOf('one'))).toBe('faster');
    });

    it('creates a large object only where none has appeared meanwhile', async () => {
      async function* slowPieces(): AsyncIterable<Piece> {
        yield randomBytes(9 * MiB);
        await create('one', text('faster'));
        yield randomBytes(9 * MiB);
      }
      await expect(store.write(`${folder}one`, slowPieces(), 'absent')).rejects.toThrow(ObjectChanged);
      expect(string(await contentOf('one'))).toBe('faster');
    });

    it('lets one of many writers create an object', async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, (_, i) => create('one', text(`writer ${i}`))),
      );
      const winners = outcomes.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []));
      expect(winners).toHaveLength(1);
      expect(string(await contentOf('one'))).toBe(`writer ${winners[0]}`);
    });

    it('gives one of many writers the version they all want to replace', async () => {
      const { eTag } = await create('one', text('first'));
      const writers = Array.from({ length: 8 }, (_, i) => replace('one', eTag, text(`writer ${i}`)));
      const outcomes = await Promise.allSettled(writers);
      const winners = outcomes.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []));
      expect(winners).toHaveLength(1);
      const losses = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
      expect(losses.every((reason) => reason instanceof ObjectChanged)).toBe(true);
      expect(string(await contentOf('one'))).toBe(`writer ${winners[0]}`);
    });

    it('changes nothing if the pieces fail', async () => {
      const { eTag } = await create('one', text('old'));
      await expect(store.write(`${folder}one`, failingPieces(1), { eTag })).rejects.toThrow('pieces failed');
      await expect(store.write(`${folder}one`, failingPieces(12 * MiB), { eTag })).rejects.toThrow('pieces failed');
      await expect(store.write(`${folder}two`, failingPieces(12 * MiB), 'absent')).rejects.toThrow('pieces failed');
      expect(string(await contentOf('one'))).toBe('old');
      expect(await keysListed('')).toEqual(['one']);
    });

    it('copies small ranges of the version that is replaced', async () => {
      const { eTag } = await create('one', text('0123456789'));
      const written = await replace(
        'one',
        eTag,
        { start: 5, end: 10 },
        text('-'),
        { start: 0, end: 1 },
        { start: 1, end: 3 },
      );
      expect(string(await contentOf('one'))).toBe('56789-012');
      expect(written.size).toBe(9);
      expect(written.bytesWritten + written.bytesCopied).toBe(9);
    });

    it('grows an object by bytes at its end', async () => {
      const base = randomBytes(6 * MiB + 1);
      const end = randomBytes(1000);
      const { eTag } = await create('one', base);
      const written = await replace('one', eTag, { start: 0, end: base.length }, end);
      expectSameBytes(await contentOf('one'), Buffer.concat([base, end]));
      expect(written).toMatchObject({ size: 6 * MiB + 1001, bytesWritten: 1000, bytesCopied: 6 * MiB + 1 });
    });

    it('copies large ranges with bytes between them', async () => {
      const base = randomBytes(13 * MiB);
      const [start, between, large] = [randomBytes(10), randomBytes(3), randomBytes(9 * MiB)];
      const { eTag } = await create('one', base);
      const written = await replace(
        'one',
        eTag,
        start,
        { start: 7, end: 6 * MiB },
        between,
        { start: 0, end: 100 },
        { start: MiB, end: 13 * MiB },
        large,
        { start: 2 * MiB, end: 8 * MiB },
        { start: 0, end: MiB },
      );
      const expected = Buffer.concat([
        start,
        base.subarray(7, 6 * MiB),
        between,
        base.subarray(0, 100),
        base.subarray(MiB),
        large,
        base.subarray(2 * MiB, 8 * MiB),
        base.subarray(0, MiB),
      ]);
      expectSameBytes(await contentOf('one'), expected);
      expect(written.size).toBe(expected.length);
      expect(written.bytesWritten + written.bytesCopied).toBe(expected.length);
      expect(written.bytesCopied).toBeGreaterThanOrEqual(12 * MiB);
    });

    it('writes an object that is larger than one part, in pieces of any size', async () => {
      const pieces = [1, 3 * MiB, 17, 21 * MiB, 5].map((size) => randomBytes(size));
      const written = await store.write(`${folder}one`, piecesOf(...pieces), 'absent');
      expectSameBytes(await contentOf('one'), Buffer.concat(pieces));
      expect(written).toMatchObject({ size: 24 * MiB + 23, bytesWritten: 24 * MiB + 23, bytesCopied: 0 });
      await expect(store.write(`${folder}one`, piecesOf(...pieces), 'absent')).rejects.toThrow(ObjectChanged);
    });

    if (options.eTagsMayRepeat !== true)
      it('never gives an eTag twice, not even to the same bytes', async () => {
        const first = await create('one', text('same'));
        const second = await replace('one', first.eTag, text('same'));
        await store.delete(`${folder}one`, second.eTag);
        const third = await create('one', text('same'));
        expect(new Set([first.eTag, second.eTag, third.eTag]).size).toBe(3);
      });

    it('deletes only the version that is named', async () => {
      const first = await create('one', text('first'));
      const second = await replace('one', first.eTag, text('second'));
      await expect(store.delete(`${folder}one`, first.eTag)).rejects.toThrow(ObjectChanged);
      expect(string(await contentOf('one'))).toBe('second');
      await store.delete(`${folder}one`, second.eTag);
      expect(await contentOf('one')).toBeUndefined();
    });

    it('has nothing to do when what it should delete is gone', async () => {
      const { eTag } = await create('one', text('first'));
      await store.delete(`${folder}one`, eTag);
      await expect(store.delete(`${folder}one`, eTag)).resolves.toBeUndefined();
    });

    it('creates an object again where one was deleted', async () => {
      const { eTag } = await create('one', text('first'));
      await store.delete(`${folder}one`, eTag);
      await create('one', text('again'));
      expect(string(await contentOf('one'))).toBe('again');
    });

    it('lists keys in the order of their bytes, whatever their characters', async () => {
      for (const key of [...KEYS_IN_BYTE_ORDER].reverse()) await create(key, text(key));
      expect(await keysListed('')).toEqual(KEYS_IN_BYTE_ORDER);
      for (const key of KEYS_IN_BYTE_ORDER) expect(string(await contentOf(key))).toBe(key);
    });

    it('replaces, copies and deletes under keys of any characters', async () => {
      const base = randomBytes(6 * MiB);
      const key = `it's 100% "a+b"=é/😀 &<1>.parquet`;
      const { eTag } = await create(key, base);
      const grown = await replace(key, eTag, { start: 0, end: base.length }, text('end'));
      expectSameBytes(await contentOf(key), Buffer.concat([base, text('end')]));
      await store.delete(folder + key, grown.eTag);
      expect(await contentOf(key)).toBeUndefined();
    });

    it('lists the keys that start with a prefix, which need not be a folder', async () => {
      for (const key of ['a/1', 'a/2', 'ab/1', 'b/1']) await create(key, text(key));
      expect(await keysListed('a/')).toEqual(['a/1', 'a/2']);
      expect(await keysListed('a')).toEqual(['a/1', 'a/2', 'ab/1']);
      expect(await keysListed('c')).toEqual([]);
    });

    it('lists the keys after a key', async () => {
      for (const key of ['a/1', 'a/2', 'a/3', 'b/1']) await create(key, text(key));
      expect(await keysListed('a/', 'a/1')).toEqual(['a/2', 'a/3']);
      expect(await keysListed('a/', 'a/1x')).toEqual(['a/2', 'a/3']);
      expect(await keysListed('a/', 'A')).toEqual(['a/1', 'a/2', 'a/3']);
      expect(await keysListed('a/', 'a/3')).toEqual([]);
      expect(await keysListed('', 'a/3')).toEqual(['b/1']);
    });

    it('lists each object with its eTag, size and time', async () => {
      const { eTag } = await create('one', text('hello'));
      const [listed] = await arrayOf<ObjectSummary>(store.list(folder));
      expect(listed).toEqual(await store.head(`${folder}one`));
      expect(listed).toMatchObject({ eTag, size: 5 });
    });

    it('lists more keys than a page holds, each once', async () => {
      const names = Array.from({ length: 2005 }, (_, i) => `${String(i).padStart(5, '0')} é.parquet`);
      for (let at = 0; at < names.length; at += 50)
        await Promise.all(names.slice(at, at + 50).map((name) => create(name, text('x'))));
      expect(await keysListed('')).toEqual(names);
      expect(await keysListed('', names[999])).toEqual(names.slice(1000));
    });
  });
}

export async function* piecesOf(...pieces: Piece[]): AsyncIterable<Piece> {
  for (const piece of pieces) yield await Promise.resolve(piece);
}

async function* failingPieces(bytesBefore: number): AsyncIterable<Piece> {
  for (let sent = 0; sent < bytesBefore; sent += MiB)
    yield await Promise.resolve(Buffer.alloc(Math.min(MiB, bytesBefore - sent)));
  throw new Error('pieces failed');
}

async function arrayOf<T>(values: AsyncIterable<T>): Promise<T[]> {
  const array: T[] = [];
  for await (const value of values) array.push(value);
  return array;
}

/** Jest's own comparison would print megabytes. */
function expectSameBytes(found: Uint8Array | undefined, expected: Uint8Array): void {
  expect(found?.length).toBe(expected.length);
  expect(Buffer.compare(found!, expected)).toBe(0);
}

function text(value: string): Uint8Array {
  return Buffer.from(value);
}

function string(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes!).toString();
}
