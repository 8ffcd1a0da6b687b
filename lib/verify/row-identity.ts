import { keyForm } from '../merge/key-form.ts';
import type { Column } from '../parquet/column-type.ts';
import type { Vector } from '../parquet/vector.ts';
import type { Hash } from './hash-index.ts';
import type { GroupRows } from './read-rows.ts';
import type { WordsOfRow } from './row-words.ts';
import { RowHash, WORDS, wordsOf, wordsOfText } from './row-words.ts';
import type { TableShape } from './table-shape.ts';

/** Hashes of a row group's rows. What is given back is overwritten by the next call. */
export interface RowIdentity {
  /** Equal for equal keys, as a merge finds them; of a table without a key, for rows that are equal in all. */
  key: (row: number) => Hash;
  /** 64 bits: equal for rows whose stored values are the same, bit by bit. */
  content: (row: number) => Uint32Array;
  /** 32 bits. */
  folder: (row: number) => number;
}

/** Makes the hashes of row groups; memory for one row is all it takes. */
export class RowIdentities {
  readonly #shape: TableShape;
  readonly #keyHash: RowHash;
  readonly #contentHash: RowHash;
  readonly #key = new Uint32Array(4);
  readonly #content = new Uint32Array(2);
  readonly #folder = new Uint32Array(WORDS);

  constructor(shape: TableShape) {
    this.#shape = shape;
    const { stored, key, isKeyed } = shape;
    this.#keyHash = new RowHash(isKeyed ? key.stored.length + key.partition.length : stored.length + 1);
    this.#contentHash = new RowHash(stored.length);
  }

  /** The words of the row whose content was hashed last, `WORDS` for each stored column. */
  get contentWords(): Uint32Array {
    return this.#contentHash.words;
  }

  of(group: GroupRows): RowIdentity {
    let content: readonly WordsOfRow[] | undefined;
    const contents = (): readonly WordsOfRow[] => (content ??= group.values.map(wordsOf));
    const keys = this.#shape.isKeyed ? this.#keyWords(group) : [...contents(), textWords(group.folder)];
    const folders = new Map<string, number>();
    return {
      key: (row) => this.#keyHash.fill(keys, row).into128(this.#key),
      content: (row) => this.#contentHash.fill(contents(), row).into64(this.#content),
      folder: (row) => {
        const folder = group.folder(row);
        let hash = folders.get(folder);
        if (hash === undefined) {
          wordsOfText(folder, this.#folder, 0);
          folders.set(folder, (hash = this.#folder[1] as number));
        }
        return hash;
      },
    };
  }

  #keyWords({ values, keyTexts }: GroupRows): WordsOfRow[] {
    const { stored, key } = this.#shape;
    const inFiles = key.stored.map((column: Column) =>
      wordsOf(keyForm(values[stored.indexOf(column)] as Vector, column.type)),
    );
    return [...inFiles, ...keyTexts.map(textWords)];
  }
}

function textWords(text: (row: number) => string | null): WordsOfRow {
  return (row, out, at) => wordsOfText(text(row), out, at);
}
