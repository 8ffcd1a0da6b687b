import type { SchemaElement } from 'hyparquet';
import type { Column, LogicalType } from './column-type.ts';
import type { FooterColumn } from './footer.ts';

/**
 * The schema element of a lake column. Always OPTIONAL, whatever DMS declared: a column that is REQUIRED in one version
 * of a file and OPTIONAL in the next could not keep its pages. Both annotations are written where there are both, since
 * older readers know only the converted types.
 */
export function schemaElement({ name, type }: Column): SchemaElement {
  return {
    name,
    type: type.physical,
    ...(type.physical === 'FIXED_LEN_BYTE_ARRAY' && { type_length: type.length }),
    repetition_type: 'OPTIONAL',
    // INT96 says by itself that it is a time; no annotation may stand on it.
    ...(type.physical !== 'INT96' && annotation(type.logical)),
  };
}

/** The schema element of a column whose pages stay what they are: pages of a REQUIRED column cannot be read as OPTIONAL. */
export function storedElement(column: FooterColumn): SchemaElement {
  return { ...schemaElement(column), repetition_type: column.required ? 'REQUIRED' : 'OPTIONAL' };
}

function annotation(logical: LogicalType): Partial<SchemaElement> {
  switch (logical.kind) {
    case 'boolean':
    case 'float':
      return {};
    case 'integer':
      // Plain INT32 and INT64 are what they are. Of the others only the converted type is written: the logical one holds
      // a thrift i8, which hyparquet-writer would write as an i32.
      if (logical.signed && logical.bits >= 32) return {};
      return { converted_type: `${logical.signed ? 'INT' : 'UINT'}_${logical.bits}` };
    case 'decimal': {
      const { precision, scale } = logical;
      return { converted_type: 'DECIMAL', precision, scale, logical_type: { type: 'DECIMAL', precision, scale } };
    }
    case 'date':
      return { converted_type: 'DATE', logical_type: { type: 'DATE' } };
    case 'time':
    case 'timestamp': {
      const type = logical.kind === 'time' ? 'TIME' : 'TIMESTAMP';
      const { unit, zone } = logical;
      const converted = unit === 'NANOS' ? {} : { converted_type: `${type}_${unit}` as const };
      if (zone === 'unsaid' && unit !== 'NANOS') return converted;
      return {
        // The converted types mean "adjusted to UTC".
        ...(zone !== 'local' && converted),
        logical_type: { type, unit, isAdjustedToUTC: zone !== 'local' },
      };
    }
    case 'text':
      return {
        converted_type: logical.use,
        logical_type: { type: logical.use === 'UTF8' ? 'STRING' : logical.use },
      };
    case 'bytes':
      return bytesAnnotation(logical.annotation);
  }
}

function bytesAnnotation(annotation: (LogicalType & { kind: 'bytes' })['annotation']): Partial<SchemaElement> {
  switch (annotation) {
    case undefined:
      return {};
    case 'INTERVAL':
      return { converted_type: 'INTERVAL' };
    case 'BSON':
      return { converted_type: 'BSON', logical_type: { type: 'BSON' } };
    case 'UUID':
    case 'FLOAT16':
      return { logical_type: { type: annotation } };
  }
}
