import { describe, expect, it } from '@jest/globals';
import { ColumnNames } from '../../lib/merge/column-names.ts';

/** What a file's columns are called in a table of these names. */
function named(table: readonly string[], file: readonly string[]): string[] {
  const type = { physical: 'INT32', logical: { kind: 'integer', bits: 32, signed: true } } as const;
  return new ColumnNames(table).named(file.map((name) => ({ name, type }))).map(({ name }) => name);
}

describe("the names of a table's columns", () => {
  it.each<[string, string[], string[], string[]]>([
    ['new names as they are', ['id'], ['id', 'Item'], ['id', 'Item']],
    ['what differs in case only', ['id', 'Straße'], ['ID', 'STRASSE', 'straße'], ['id', 'STRASSE', 'Straße']],
    ['exact names first', ['id', 'ID'], ['ID', 'id'], ['ID', 'id']],
    ['two of a file as two', ['id'], ['id', 'ID'], ['id', 'ID']],
    ['two of a file as two, whatever the table has', ['id'], ['Id', 'ID'], ['Id', 'ID']],
    ['as it is what may be either', ['id', 'ID'], ['Id'], ['Id']],
    ['Op apart from what the source calls op', ['Op', 'id'], ['op', 'id'], ['op', 'id']],
    ['what the source calls op', ['Op', 'op'], ['Op', 'OP'], ['Op', 'op']],
    ['what objects have', ['__proto__'], ['__PROTO__', 'constructor'], ['__proto__', 'constructor']],
  ])('are given to the columns of a file: %s', (_, table, file, expected) => {
    expect(named(table, file)).toEqual(expected);
  });

  it('are the first that a file has told', () => {
    const type = { physical: 'BOOLEAN', logical: { kind: 'boolean' } } as const;
    const names = new ColumnNames();
    names.take([{ name: 'Id', type }]);
    expect(names.take([{ name: 'ID', type }])).toEqual([{ name: 'Id', type }]);
    expect(names.take([{ name: 'id', type }, { name: 'Id', type }])).toEqual([{ name: 'id', type }, { name: 'Id', type }]); // prettier-ignore
    expect(names.twinsOf('ID')).toEqual(['Id', 'id']);
    expect(names.twinsOf('id')).toEqual([]);
  });
});
