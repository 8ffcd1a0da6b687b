import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ChangeFileName } from '../../lib/dms/raw-file.ts';
import { compareChangeFiles, compareText, parseRawFile } from '../../lib/dms/raw-file.ts';

describe('a raw file', () => {
  it.each([
    'LOAD00000001.parquet',
    'LOAD00000009.parquet',
    'LOAD0000000A.parquet',
    'LOAD000000FF.parquet',
    'LOAD00001.parquet',
    'LOAD1.parquet',
    'LOAD000000000000001A.parquet',
    'LOAD0000000a.parquet',
    'SEGMENT1_LOAD00000001.parquet',
    'SEGMENT12_LOAD0000001F.parquet',
    'seg-2026/LOAD00000001.parquet',
    'SEGMENT3/LOAD00000001.parquet',
    'a/b/SEGMENT3_LOAD00000001.parquet',
  ])('%s is a load file', (name) => {
    expect(parseRawFile(name)).toEqual({ kind: 'load', name });
  });

  const dateFolders = ['-', '_', '', '/'].flatMap((delimiter) =>
    [
      ['2014', '10', '29'],
      ['2014', '10', '29', '11'],
      ['2014', '10'],
      ['10', '2014', '29'],
      ['29', '10', '2014'],
    ].map((sequence) => sequence.join(delimiter)),
  );
  it.each(['', ...dateFolders.map((folder) => `${folder}/`)])(
    '%s20141029-… is a change file of that time',
    (folder) => {
      for (const time of ['113401000', '1134010000', '11340100012345']) {
        const name = `${folder}20141029-${time}.parquet`;
        expect(parseRawFile(name)).toEqual({
          kind: 'change',
          name,
          order: expect.stringMatching(new RegExp(`^20141029${time}0*$`)),
        });
      }
    },
  );

  it.each([
    'LOAD00000001.csv',
    'LOAD00000001.csv.gz',
    '20141029-1134010000.csv',
    '2014/10/29/20141029-1134010000.csv',
    'CDC_TXN-20141029.csv',
    'LOAD00000001.CSV',
  ])('%s is text, which names the endpoint setting to change', (name) => {
    expect(parseRawFile(name)).toEqual({
      kind: 'unsupported',
      name,
      why: expect.stringContaining(name),
      next: expect.stringContaining('DataFormat=parquet'),
    });
  });

  it.each(['LOAD00000001.parquet.gz', '2014/10/29/20141029-1134010000.parquet.zst'])(
    '%s is Parquet in a wrapping that no reader takes',
    (name) => {
      expect(parseRawFile(name)).toEqual({
        kind: 'unsupported',
        name,
        why: expect.stringContaining(name),
        next: expect.stringContaining('CompressionType=GZIP'),
      });
    },
  );

  it.each([
    'LOAD.parquet',
    'LOAD0000000G.parquet',
    'PRELOAD00000001.parquet',
    'SEGMENT_LOAD00000001.parquet',
    'SEGMENTx_LOAD1.parquet',
    '20141029.parquet',
    '99999999-999999999.parquet',
    '20141329-113401000.parquet',
    '20141000-113401000.parquet',
    '20141029-243401000.parquet',
    '20141029-116001000.parquet',
    '20141029-.parquet',
    '20141029-11340100.parquet',
    '2014-10-29-1134010000.parquet',
    '20141029-1134010000-1.parquet',
    'x20141029-1134010000.parquet',
    'part-00000-c000.snappy.parquet',
  ])('%s is Parquet, but of no known name: a person must say what it is', (name) => {
    expect(parseRawFile(name)).toEqual({
      kind: 'unsupported',
      name,
      why: expect.stringContaining(name),
      next: expect.stringContaining('Move the file'),
    });
  });

  it.each([
    '_SUCCESS',
    '.hidden.parquet',
    '_tmp.parquet',
    'LOAD00000001.parquet.tmp',
    'LOAD00000001.parquet.part',
    '.LOAD00000001.parquet.Xa12bC',
    'readme.md',
    'LOAD00000001',
  ])('%s is passed over', (name) => {
    expect(parseRawFile(name)).toEqual({ kind: 'ignored', name });
  });
});

function changeFile(name: string): ChangeFileName {
  const file = parseRawFile(name);
  if (file.kind !== 'change') throw new Error(`${name} is no change file`);
  return file;
}

describe('change files', () => {
  it('come in the order of time with 9 and 10 digits mixed', () => {
    const inOrder = [
      '20141029-095959999.parquet',
      '20141029-1000000000.parquet',
      '20141029-100000001.parquet',
      '20141029-1000000011.parquet',
      '20141029-1000000019.parquet',
      '20141029-100000002.parquet',
      '20141029-2359599999.parquet',
      '20141030-000000000.parquet',
      '20150101-000000000.parquet',
    ];
    const sorted = inOrder.toReversed().map(changeFile).sort(compareChangeFiles);
    expect(sorted.map(({ name }) => name)).toEqual(inOrder);
  });

  it.each([
    ['DDMMYYYY', '01112014/20141101-0900000000.parquet', '29102014/20141029-0900000000.parquet'],
    ['MMYYYYDD', '01-2015-01/20150101-0900000000.parquet', '12-2014-31/20141231-0900000000.parquet'],
    ['DDMMYYYY with slashes', '01/11/2014/20141101-0900000000.parquet', '29/10/2014/20141029-0900000000.parquet'],
  ])('come in the order of time where their keys do not: folders %s', (_, later, earlier) => {
    expect(compareText(later, earlier)).toBeLessThan(0);
    expect(compareChangeFiles(changeFile(earlier), changeFile(later))).toBeLessThan(0);
  });

  it('of the same time come in the order of their names, so that the order is the same always', () => {
    const a = changeFile('20141029-113401000.parquet');
    const b = changeFile('20141029-1134010000.parquet');
    const c = changeFile('2014/20141029-1134010000.parquet');
    expect(compareChangeFiles(b, a)).toBe(-compareChangeFiles(a, b));
    expect(compareChangeFiles(b, c)).not.toBe(0);
    expect(compareChangeFiles(a, changeFile(a.name))).toBe(0);
  });

  it('are ordered by their time as a number, whatever its width: a total order', () => {
    const digits = (width: number) =>
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: width, maxLength: width }).map((all) => all.join(''));
    const clock = fc.constantFrom('000000', '095959', '100000', '235959');
    const fraction = fc.integer({ min: 3, max: 14 }).chain(digits);
    const time = fc.tuple(clock, fraction).map((parts) => parts.join(''));
    const date = fc.constantFrom('20141029', '20141030', '20150101');
    const name = fc.tuple(fc.constantFrom('', '29/', '2014/'), date, time);
    fc.assert(
      fc.property(name, name, ([folderA, dateA, timeA], [folderB, dateB, timeB]) => {
        const a = changeFile(`${folderA}${dateA}-${timeA}.parquet`);
        const b = changeFile(`${folderB}${dateB}-${timeB}.parquet`);
        const order = compareChangeFiles(a, b);
        expect(compareChangeFiles(b, a)).toBe(order === 0 ? 0 : -order);
        expect(order === 0).toBe(a.name === b.name);
        const [valueA, valueB] = [BigInt(dateA + timeA.padEnd(20, '0')), BigInt(dateB + timeB.padEnd(20, '0'))];
        expect(valueA === valueB || order < 0 === valueA < valueB).toBe(true);
      }),
    );
  });
});
