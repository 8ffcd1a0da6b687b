import * as v from 'valibot';
import type { FooterColumn } from '../parquet/footer.ts';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const unit = v.picklist(['MILLIS', 'MICROS', 'NANOS']);
const zone = v.picklist(['utc', 'local', 'unsaid']);

const logical = v.variant('kind', [
  v.object({ kind: v.literal('boolean') }),
  v.object({ kind: v.literal('integer'), bits: v.picklist([8, 16, 32, 64]), signed: v.boolean() }),
  v.object({ kind: v.literal('decimal'), precision: count, scale: v.pipe(v.number(), v.safeInteger()) }),
  v.object({ kind: v.literal('float') }),
  v.object({ kind: v.literal('date') }),
  v.object({ kind: v.literal('time'), unit, zone }),
  v.object({ kind: v.literal('timestamp'), unit, zone }),
  v.object({ kind: v.literal('text'), use: v.picklist(['UTF8', 'ENUM', 'JSON']) }),
  v.object({
    kind: v.literal('bytes'),
    annotation: v.exactOptional(v.picklist(['BSON', 'UUID', 'INTERVAL', 'FLOAT16'])),
  }),
]);

const type = v.variant('physical', [
  v.object({
    physical: v.picklist(['BOOLEAN', 'INT32', 'INT64', 'INT96', 'FLOAT', 'DOUBLE', 'BYTE_ARRAY']),
    logical,
  }),
  v.object({ physical: v.literal('FIXED_LEN_BYTE_ARRAY'), length: v.pipe(count, v.minValue(1)), logical }),
]);

/** A file's column as the index keeps it: as it is. */
export const storedColumn = v.object({
  name: v.pipe(v.string(), v.nonEmpty()),
  type,
  required: v.boolean(),
}) satisfies v.GenericSchema<unknown, FooterColumn>;
