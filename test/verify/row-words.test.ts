import { describe, expect, it } from '@jest/globals';
import type { FlatVector, Vector } from '../../lib/parquet/vector.ts';
import { vectorOf } from '../../lib/parquet/vector.ts';
import { WORDS, wordsOf } from '../../lib/verify/row-words.ts';

function words(vector: Vector, row: number): number[] {
  const out = new Uint32Array(WORDS);
  wordsOf(vector)(row, out, 0);
  return [...out];
}

describe('the words of a value', () => {
  it('are those of its entry in a dictionary', () => {
    const dictionary = vectorOf({ physical: 'BYTE_ARRAY', logical: { kind: 'bytes' } }, [
      Buffer.from('a'),
      Buffer.from('b'),
    ]);
    const indirect: Vector = { kind: 'DICTIONARY', length: 3, dictionary, indices: Int32Array.of(1, -1, 0) };
    expect(words(indirect, 0)).toEqual(words(dictionary, 1));
    expect(words(indirect, 2)).toEqual(words(dictionary, 0));
    expect(words(indirect, 1)).toEqual([0, 0, 0, 0, 0]);
  });

  it('are the same for all NaN, whatever their bits, and differ for the two zeros', () => {
    const bits = BigInt64Array.of(0x7ff8000000000000n, 0x7ff8000000000001n, -1n, 0n, -(2n ** 63n));
    const doubles: FlatVector = { kind: 'DOUBLE', length: 5, data: new Float64Array(bits.buffer), valid: undefined };
    expect(words(doubles, 1)).toEqual(words(doubles, 0));
    expect(words(doubles, 2)).toEqual(words(doubles, 0));
    expect(words(doubles, 4)).not.toEqual(words(doubles, 3));
    const halves = Int32Array.of(0x7fc00000, 0x7fc00001, -1, 0, -(2 ** 31));
    const floats: FlatVector = { kind: 'FLOAT', length: 5, data: new Float32Array(halves.buffer), valid: undefined };
    expect(words(floats, 1)).toEqual(words(floats, 0));
    expect(words(floats, 2)).toEqual(words(floats, 0));
    expect(words(floats, 4)).not.toEqual(words(floats, 3));
  });

  it('tell null from zero, from false and from no bytes', () => {
    const zero = vectorOf({ physical: 'INT32', logical: { kind: 'integer', bits: 32, signed: true } }, [0, null]);
    const no = vectorOf({ physical: 'BOOLEAN', logical: { kind: 'boolean' } }, [false, null]);
    const empty = vectorOf({ physical: 'BYTE_ARRAY', logical: { kind: 'bytes' } }, [new Uint8Array(), null]);
    for (const vector of [zero, no, empty]) expect(words(vector, 0)).not.toEqual(words(vector, 1));
  });
});
