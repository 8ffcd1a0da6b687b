import { expect, it } from '@jest/globals';
import { jsonLine } from '../lib/json-line.ts';
import { printableLines } from '../lib/printable.ts';

it('a line of JSON says exactly what it is of, and nothing to a terminal', () => {
  const value = { file: 'a\n\u001b[31m\u007f\u009b0m é 🦆 \\u0085.parquet' };
  const line = jsonLine(value);
  expect(line).not.toMatch(/\p{Cc}/u);
  expect(printableLines(line)).toBe(line);
  expect(JSON.parse(line)).toEqual(value);
});

it('a line of JSON has the properties that are asked for, in their order', () => {
  expect(jsonLine({ a: 1, b: 2, c: 3 }, ['c', 'a'])).toBe('{"c":3,"a":1}');
});
