import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { joinAdjacent, PART_BYTES_MAX, PART_BYTES_MIN, placeRange } from '../../lib/aws/s3-part.ts';
import { piecesOf } from '../contracts/object-store.ts';

const MIN = PART_BYTES_MIN;

describe('placing a copied range among the parts of an upload', () => {
  it.each([
    ['copies a whole range where nothing waits', 0, MIN, undefined, [[0, MIN]]],
    ['reads a range that is too small', 0, MIN - 1, [0, MIN - 1], []],
    ['tops up the bytes that wait to a part', 100, 3 * MIN, [0, MIN - 100], [[MIN - 100, 3 * MIN]]],
    ['reads a range of which too little would be left', 100, 2 * MIN - 101, [0, 2 * MIN - 101], []],
    ['copies the rest where just enough is left', 100, 2 * MIN - 100, [0, MIN - 100], [[MIN - 100, 2 * MIN - 100]]],
    ['copies beside bytes that make a part', MIN, 2 * MIN, undefined, [[0, 2 * MIN]]],
  ])('%s', (_title, bytesWaiting, end, read, copies) => {
    const range = (bounds: number[]): object => ({ start: bounds[0], end: bounds[1] });
    expect(placeRange({ start: 0, end }, bytesWaiting)).toEqual({
      read: read && range(read),
      copies: copies.map(range),
    });
  });

  it('takes every byte once, in parts that S3 accepts', () => {
    fc.assert(
      fc.property(
        fc.nat(3 * MIN),
        fc.nat(1000),
        fc.oneof(fc.nat(4 * MIN), fc.nat(12 * PART_BYTES_MAX)),
        (bytesWaiting, start, length) => {
          const { read, copies } = placeRange({ start, end: start + length + 1 }, bytesWaiting);
          let at = start;
          for (const part of [...(read ? [read] : []), ...copies]) {
            expect(part.start).toBe(at);
            at = part.end;
          }
          expect(at).toBe(start + length + 1);
          for (const copy of copies) {
            expect(copy.end - copy.start).toBeGreaterThanOrEqual(MIN);
            expect(copy.end - copy.start).toBeLessThanOrEqual(PART_BYTES_MAX);
          }
          const sent = bytesWaiting + (read ? read.end - read.start : 0);
          expect(copies.length === 0 || sent === 0 || sent >= MIN).toBe(true);
          expect(sent - bytesWaiting).toBeLessThan(2 * MIN); // what is held in memory
        },
      ),
    );
  });

  it('joins ranges that follow each other', async () => {
    const bytes = Buffer.from('x');
    const pieces = piecesOf(
      { start: 0, end: 4 },
      { start: 4, end: 9 },
      { start: 9, end: 10 },
      { start: 11, end: 12 },
      bytes,
      { start: 12, end: 13 },
    );
    const joined = [];
    for await (const piece of joinAdjacent(pieces)) joined.push(piece);
    expect(joined).toEqual([{ start: 0, end: 10 }, { start: 11, end: 12 }, bytes, { start: 12, end: 13 }]);
  });
});
