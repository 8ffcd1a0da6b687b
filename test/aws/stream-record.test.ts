import { describe, expect, it } from '@jest/globals';

import { toTableItem } from '../../lib/aws/attributes.ts';
import { fromStreamRecord } from '../../lib/aws/stream-record.ts';

describe('a record of the controller table’s stream', () => {
  const path = { S: 'bucket/sales/orders/' };

  it('is the row before and after', () => {
    const change = fromStreamRecord({
      eventName: 'MODIFY',
      dynamodb: {
        SequenceNumber: '111',
        Keys: { path },
        OldImage: { path, ActiveFlag: { S: 'false' }, version: { N: '7' } },
        NewImage: { path, ActiveFlag: { S: 'true' }, version: { N: '7' }, load: { M: { 'a b': { S: 'e' } } } },
      },
    });
    expect(change).toEqual({
      sequenceNumber: '111',
      before: { path: path.S, ActiveFlag: 'false', version: 7 },
      after: { path: path.S, ActiveFlag: 'true', version: 7, load: { 'a b': 'e' } },
    });
  });

  it('has one side when the row is new or gone', () => {
    expect(fromStreamRecord({ dynamodb: { SequenceNumber: '1', NewImage: { path } } })).toEqual({
      sequenceNumber: '1',
      after: { path: path.S },
    });
    expect(fromStreamRecord({ dynamodb: { SequenceNumber: '2', OldImage: { path } } })).toEqual({
      sequenceNumber: '2',
      before: { path: path.S },
    });
  });

  it('tells what people put there that no row can hold as the table store does, so that an edit of it is one', () => {
    const NewImage = {
      path,
      PrimaryKey: { NULL: true },
      keys: { SS: ['b', 'a'] },
      bytes: { B: 'aWQ=' },
      ok: { BOOL: true },
    };
    const change = fromStreamRecord({
      dynamodb: { SequenceNumber: '1', NewImage, OldImage: { ...NewImage, keys: { SS: ['a', 'c'] } } },
    });
    const stored = { ...NewImage, keys: { SS: ['a', 'b'] }, bytes: { B: Buffer.from('id') } };
    expect(change.after).toEqual(toTableItem(stored));
    expect(change.before).not.toEqual(change.after);
  });

  it('cannot be understood without its sequence number', () => {
    expect(() => fromStreamRecord({ eventID: 'e1' })).toThrow('record e1 of the controller table');
  });
});
