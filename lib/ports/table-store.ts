/**
 * The controller table: one item per replicated table, under its `path`. An item is plain JSON with the attribute names
 * of `lib/table/item.ts`; people edit some of them by hand, so every update names what it expects to find.
 *
 * Adapters: `lib/aws/dynamodb-table-store.ts`, `lib/local/folder-table-store.ts`.
 */
export interface TableStore {
  /** The item as it is now (strongly consistent); undefined if there is none. */
  get(path: string): Promise<TableItem | undefined>;

  /** All items, in no particular order. */
  scan(): AsyncIterable<TableItem>;

  /** Adds `item` unless its path is there already; answers with what is there then. */
  create(item: TableItem): Promise<TableItem>;

  /**
   * Sets and removes attributes of the item at `path`, leaving its others alone, if each attribute named in `expected`
   * has the value given there (undefined: is absent).
   *
   * `set` must hold something that no other writer would write (a random write id), so that a store which retried after
   * a lost answer can recognise its own success.
   * @throws TableItemChanged if the item is not as expected, or gone.
   */
  update(path: string, change: TableItemChange, expected: Record<string, Attribute | undefined>): Promise<void>;

  /**
   * Removes the item at `path`, if each attribute named in `expected` has the value given there (undefined: is absent). Where
   * there is none it is done already.
   * @throws TableItemChanged if the item is not as expected.
   */
  delete(path: string, expected: Record<string, Attribute | undefined>): Promise<void>;
}

export type Attribute = string | number | boolean | readonly Attribute[] | { readonly [name: string]: Attribute };

/**
 * An attribute of a type that Tidemark has no use for: not to be read, but kept, and expected, as it is.
 * @param text that the store's adapter makes of it and converts back
 */
export function foreignAttribute(text: string): Attribute {
  return { [FOREIGN]: text };
}

/** The text of a foreign attribute; undefined if it is none. */
export function foreignText(attribute: Attribute): string | undefined {
  if (typeof attribute !== 'object' || Array.isArray(attribute)) return undefined;
  const text = (attribute as Readonly<Record<string, Attribute>>)[FOREIGN];
  return typeof text === 'string' ? text : undefined;
}

const FOREIGN = '(an attribute of a foreign type)';

/** `path` is its key. */
export interface TableItem {
  readonly path: string;
  readonly [name: string]: Attribute;
}

export interface TableItemChange {
  set: Record<string, Attribute>;
  remove: readonly string[];
}

/** Someone changed the item since it was read. Read it again. */
export class TableItemChanged extends Error {
  override readonly name = 'TableItemChanged';
  constructor(
    readonly path: string,
    options?: ErrorOptions,
  ) {
    super(
      `The controller table's item ${path} is not as it was read: someone else updated it. Read it again.`,
      options,
    );
  }
}
