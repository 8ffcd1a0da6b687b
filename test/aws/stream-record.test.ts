import { describe, expect, it } from '@jest/globals';

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

  it('has an empty map for what people put there that no row can hold', () => {
    const NewImage = {
      path,
      PrimaryKey: { NULL: true },
      keys: { SS: ['a'] },
      ok: { BOOL: true },
    };
    expect(fromStreamRecord({ dynamodb: { SequenceNumber: '1', NewImage } }).after).toEqual({
      path: path.S,
      PrimaryKey: {},
      keys: {},
      ok: true,
    });
  });

  it('cannot be understood without its sequence number', () => {
    expect(() => fromStreamRecord({ eventID: 'e1' })).toThrow('record e1 of the controller table');
  });
});
