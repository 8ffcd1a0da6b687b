import { footerLength, parseFooter } from '../../lib/parquet/footer.ts';
import { readPages } from '../../lib/parquet/page.ts';
import type { Thrift, ThriftStruct } from '../../lib/parquet/thrift.ts';
import { parseThrift, serializeThrift } from '../../lib/parquet/thrift.ts';
import type { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { withFooter } from '../parquet/foreign-bytes.ts';

export interface Mutant {
  /** What was done to the file, in words. */
  fault: string;
  bytes: Uint8Array;
}

/** A copy of a valid file with one fault. */
export function mutate(file: Uint8Array, random: SeededRandom): Mutant {
  return random.pick(FAULTS)(file, random);
}

type Fault = (file: Uint8Array, random: SeededRandom) => Mutant;

/** Bytes [start, end) of a file, somewhere: pages, footer or both; ends of regions more often than chance has it. */
function somewhere(file: Uint8Array, random: SeededRandom): [start: number, end: number] {
  const footer = file.length - footerLength(file.subarray(-8));
  const region = random.pick([
    [0, file.length],
    [0, footer],
    [footer, file.length],
    [file.length - 8, file.length],
  ] as const);
  const start = random.integer(region[0], region[1] - 1);
  return [start, Math.min(file.length, start + random.pick([1, 2, 4, 8, random.integer(1, 500)]))];
}

function bitFlip(file: Uint8Array, random: SeededRandom): Mutant {
  const [at] = somewhere(file, random);
  const bit = random.integer(0, 7);
  const bytes = Uint8Array.from(file);
  bytes[at] = bytes[at]! ^ (1 << bit);
  return { fault: `bit ${bit} of byte ${at} flipped`, bytes };
}

function byteSet(file: Uint8Array, random: SeededRandom): Mutant {
  const [at] = somewhere(file, random);
  const value = random.pick([0, 0x7f, 0x80, 0xff, random.integer(0, 255)]);
  const bytes = Uint8Array.from(file);
  bytes[at] = value;
  return { fault: `byte ${at} set to ${value}`, bytes };
}

function zeroed(file: Uint8Array, random: SeededRandom): Mutant {
  const [start, end] = somewhere(file, random);
  const bytes = Uint8Array.from(file);
  bytes.fill(0, start, end);
  return { fault: `bytes ${start}–${end} zeroed`, bytes };
}

function duplicated(file: Uint8Array, random: SeededRandom): Mutant {
  const [start, end] = somewhere(file, random);
  const bytes = Buffer.concat([file.subarray(0, end), file.subarray(start)]);
  return { fault: `bytes ${start}–${end} twice`, bytes };
}

function removed(file: Uint8Array, random: SeededRandom): Mutant {
  const [start, end] = somewhere(file, random);
  return { fault: `bytes ${start}–${end} gone`, bytes: Buffer.concat([file.subarray(0, start), file.subarray(end)]) };
}

function truncated(file: Uint8Array, random: SeededRandom): Mutant {
  const [length] = somewhere(file, random);
  return { fault: `cut to ${length} bytes`, bytes: file.subarray(0, length) };
}

/** Any one field of the footer has another value; the footer is thrift as before. */
function footerField(file: Uint8Array, random: SeededRandom): Mutant {
  let fault = '';
  const bytes = withFooter(file, (footer) => (fault = changeOne(footer, random, 'footer')));
  return { fault, bytes };
}

/** Any one field of a page's header has another value. The pages after it move, as little as that is. */
function pageField(file: Uint8Array, random: SeededRandom): Mutant {
  const footer = parseFooter(file, file.length);
  const group = random.pick(footer.rowGroups);
  const chunk = random.pick(group.chunks);
  const { dictionary, data } = readPages(file.subarray(chunk.start, chunk.end), chunk.values);
  const page = random.pick([...(dictionary ? [dictionary] : []), ...data]);
  const start = chunk.start + page.start;
  const header = parseThrift(file.subarray(start, chunk.start + page.bodyStart));
  const fault = changeOne(header, random, `page at ${start}`);
  const changed = serializeThrift(header);
  // Written over what was there as far as it is as long: then nothing else in the file is wrong.
  const bytes = Buffer.concat([file.subarray(0, start), changed, file.subarray(chunk.start + page.bodyStart)]);
  return { fault, bytes };
}

/** The length that the footer's last bytes, or a snappy page's first, say. */
function lengthHuge(file: Uint8Array, random: SeededRandom): Mutant {
  const bytes = Buffer.from(file);
  const value = random.pick([0xffffffff, 0x7fffffff, 0x80000000, file.length, file.length * 2, 0]) >>> 0;
  if (random.chance(0.3)) {
    bytes.writeUInt32LE(value, file.length - 8);
    return { fault: `footer length ${value}`, bytes };
  }
  const footer = parseFooter(file, file.length);
  const chunk = random.pick(random.pick(footer.rowGroups).chunks);
  const pages = readPages(file.subarray(chunk.start, chunk.end), chunk.values);
  const at = chunk.start + random.pick(pages.data).bodyStart;
  bytes.writeUInt32LE(value, Math.min(at, file.length - 12));
  return { fault: `page body at ${at} begins with ${value}`, bytes };
}

const FAULTS: readonly Fault[] = [
  bitFlip,
  bitFlip,
  byteSet,
  zeroed,
  duplicated,
  removed,
  truncated,
  footerField,
  footerField,
  pageField,
  pageField,
  lengthHuge,
];

/** Changes one value somewhere below a struct. @returns which, in words */
function changeOne(struct: ThriftStruct, random: SeededRandom, path: string): string {
  const fields = Object.keys(struct).filter((name) => struct[name as keyof ThriftStruct] !== undefined);
  if (fields.length === 0) {
    struct.field_1 = 1;
    return `${path}.1 is 1`;
  }
  const name = random.pick(fields) as keyof ThriftStruct;
  const value = struct[name] as Thrift;
  const at = `${path}.${name.slice('field_'.length)}`;
  if (isStruct(value) && random.chance(0.9)) return changeOne(value, random, at);
  if (Array.isArray(value) && value.length > 0 && random.chance(0.8)) {
    const i = random.integer(0, value.length - 1);
    const element = value[i] as Thrift;
    if (isStruct(element)) return changeOne(element, random, `${at}[${i}]`);
    value[i] = otherValue(element, random);
    return `${at}[${i}] is ${shown(value[i])}`;
  }
  if (random.chance(0.1)) {
    struct[name] = undefined;
    return `${at} left out`;
  }
  struct[name] = otherValue(value, random);
  return `${at} is ${shown(struct[name])}`;
}

function otherValue(value: Thrift, random: SeededRandom): Thrift {
  switch (typeof value) {
    case 'number':
      return random.pick([-1, 0, 1, value + 1, value - 1, value * 2, 0x7fffffff, -0x80000000]) | 0;
    case 'bigint':
      return random.pick([-1n, 0n, 1n, value + 1n, value - 1n, value * 2n, 2n ** 31n, 2n ** 53n, 2n ** 63n - 1n]);
    case 'boolean':
      return !value;
    case 'string':
      return random.pick(['', `${value}x`, '__proto__', '\0', 'x'.repeat(5000), 'Op']);
    default:
  }
  if (value instanceof Uint8Array) return random.pick([new Uint8Array(), Buffer.from('Op'), Buffer.alloc(3000, 0xff)]);
  if (Array.isArray(value)) return random.pick([[], [...value, ...value], value.slice(1)]);
  return {};
}

function isStruct(value: Thrift | undefined): value is ThriftStruct {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function shown(value: Thrift | undefined): string {
  return typeof value === 'object' ? 'another' : String(value).slice(0, 20);
}
