import { type DmsColumn, type DmsValue, OP_COLUMN } from '../sample/dms-column.ts';
import { writeDmsFile } from '../sample/dms-file.ts';
import type { RawFile } from '../sample/sample-files.ts';
import type { TableChanges } from './change-log.ts';
import { sizeOf } from './row-size.ts';

/** Rows of one table that will be one file: all of the same columns. */
interface Gathered {
  columns: readonly DmsColumn[];
  rows: DmsValue[][];
  bytes: number;
}

/** Changes on their way into change files, by table. A table that was altered has a file for what it was before. */
export class ChangeFiles {
  readonly #fileBytesMax: number;
  readonly #tables = new Map<string, Gathered[]>();
  #bytes = 0;

  /** @param fileBytesMax a file is ended once its values take more */
  constructor(fileBytesMax: number) {
    this.#fileBytesMax = fileBytesMax;
  }

  /** About how many bytes wait. */
  get bytes(): number {
    return this.#bytes;
  }

  add({ schema, table, columns, rows }: TableChanges): void {
    const name = `${schema}/${table}`;
    const gathered = this.#tables.get(name) ?? [];
    this.#tables.set(name, gathered);
    for (const { operation, row } of rows) {
      let last = gathered.at(-1);
      if (!last || last.bytes > this.#fileBytesMax || !sameColumns(last.columns, columns)) {
        last = { columns, rows: [], bytes: 0 };
        gathered.push(last);
      }
      const bytes = sizeOf(row);
      last.rows.push([operation, ...row]);
      last.bytes += bytes;
      this.#bytes += bytes;
    }
  }

  /** Drops what waits of a table. */
  clear(schema: string, table: string): void {
    const name = `${schema}/${table}`;
    for (const { bytes } of this.#tables.get(name) ?? []) this.#bytes -= bytes;
    this.#tables.delete(name);
  }

  /** All that waits, as files in the order in which they must appear. @param nextName rises from call to call */
  cut(nextName: () => string): RawFile[] {
    const files = [...this.#tables].flatMap(([table, gathered]) =>
      gathered.map(({ columns, rows }) => ({
        key: `${table}/${nextName()}`,
        bytes: writeDmsFile({ columns: [OP_COLUMN, ...columns], rows }),
      })),
    );
    this.#tables.clear();
    this.#bytes = 0;
    return files;
  }
}

function sameColumns(a: readonly DmsColumn[], b: readonly DmsColumn[]): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
