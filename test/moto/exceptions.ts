import type { Exceptions } from '../contracts/exceptions.ts';

/** What moto does not do as AWS does, by contract and test. Each of them must fail there: what moto learns has to go here. */
export const MOTO_EXCEPTIONS: Readonly<Record<'objectStore' | 'tableStore' | 'catalog' | 'wakeUpQueue', Exceptions>> = {
  objectStore: {},
  tableStore: {},
  catalog: {
    'refuses a partition that has not one value of each partition column': 'moto takes a partition of any values',
  },
  wakeUpQueue: {
    'takes a wake-up with the same table and cause once':
      'moto forgets the deduplication id of a message as soon as that is deleted',
    'takes it again after five minutes': 'time passes by itself there, and nobody waits so long for a test',
    'hands out the messages of a table together again, though one of them is acknowledged':
      'of a group whose messages become visible together moto passes over the first',
  },
};
