import { expect, it } from '@jest/globals';
import { printable, printableLines } from '../lib/printable.ts';

const name = 'd\n\u001b[31mRED\u009b0m\u0000\u007f/é 🦆.parquet';

it('a name shows nothing that a terminal obeys, and no line of its own', () => {
  expect(printable(name)).toBe('d\ufffd\ufffd[31mRED\ufffd0m\ufffd\ufffd/é 🦆.parquet');
});

it('a text of several lines keeps them', () => {
  expect(printableLines(`a\n\tb ${name}`)).toBe('a\n\tb d\n\ufffd[31mRED\ufffd0m\ufffd\ufffd/é 🦆.parquet');
});
