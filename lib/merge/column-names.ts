import type { Column } from '../parquet/column-type.ts';
import type { Footer } from '../parquet/footer.ts';
import { OP } from './row-batch.ts';

/**
 * The names of a table's columns, as far as its files have told them. Engines compare names without regard to case, so a
 * column that is renamed in case only stays the column that it was, under the name that it had first.
 */
export class ColumnNames {
  readonly #names = new Set<string>();
  readonly #byFolded = new Map<string, string[]>();

  constructor(names: Iterable<string> = []) {
    for (const name of names) this.#add(name);
  }

  /**
   * A file's columns under the table's names. A name that the table has exactly is that column's, and where the file itself
   * has two that differ in case only, each is a column of its own.
   */
  named<C extends Column>(columns: readonly C[]): C[] {
    if (columns.every(({ name }) => this.#names.has(name))) return [...columns];
    const own = new Map<string, number>();
    for (const { name } of columns) own.set(folded(name), (own.get(folded(name)) ?? 0) + 1);
    return columns.map((column) => {
      const [twin, ...others] = this.twinsOf(column.name);
      const isThatOne = twin !== undefined && others.length === 0 && own.get(folded(column.name)) === 1;
      return isThatOne ? { ...column, name: twin } : column;
    });
  }

  /** The same; they are the table's columns from then on. */
  take<C extends Column>(columns: readonly C[]): C[] {
    const named = this.named(columns);
    for (const { name } of named) this.#add(name);
    return named;
  }

  /** The table's names that differ from this one in case only; none if it is itself the table's. */
  twinsOf(name: string): readonly string[] {
    return this.#names.has(name) ? [] : (this.#byFolded.get(folded(name)) ?? []);
  }

  #add(name: string): void {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    this.#byFolded.set(folded(name), [...(this.#byFolded.get(folded(name)) ?? []), name]);
  }
}

/** A file as if it had its columns under these names. */
export function withColumns<F extends { footer: Footer }>(file: F, columns: Footer['columns']): F {
  return { ...file, footer: { ...file.footer, columns } };
}

/** DMS always writes its own column alike: `op` is one of the source. */
function folded(name: string): string {
  return name === OP ? OP : name.toLowerCase();
}
