import { edge, insertTyped, type TypedColumn, updateTyped } from '../../lib/mysql/all-types.ts';
import { parseColumnType } from '../../lib/mysql/column-type.ts';
import { SeededRandom } from '../../lib/sample/seeded-random.ts';

const IDS = 200;
const DAYS = 4;

/** Statements over a table of all types and a partitioned one, from a seed. Keys never change: DMS does not tell. */
export class RandomSql {
  readonly #random: SeededRandom;
  #added = 0;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  /** A transaction, or statements that commit by themselves. */
  transaction(): string[] {
    const random = this.#random;
    const statements = Array.from({ length: random.integer(1, 6) }, () => this.#statement());
    if (random.chance(0.03)) return ['FLUSH BINARY LOGS', ...statements];
    if (random.chance(0.02)) return [`ALTER TABLE alltypes ADD COLUMN added${++this.#added} int`, ...statements];
    if (random.chance(0.02)) return [WIDENED[random.integer(0, WIDENED.length - 1)] as string, ...statements];
    if (random.chance(0.4)) return statements;
    return ['START TRANSACTION', ...statements, random.chance(0.85) ? 'COMMIT' : 'ROLLBACK'];
  }

  /** A literal of the column's type. */
  literal(column: TypedColumn): string {
    const random = this.#random;
    if (random.chance(0.15)) return 'NULL';
    return random.chance(0.5) ? edge(column, random.integer(0, 99)) : (this.#anyOf(column) ?? edge(column, 0));
  }

  #statement(): string {
    const random = this.#random;
    const id = random.integer(1, IDS);
    const day = random.chance(0.1) ? 'NULL' : `'2026-03-0${random.integer(1, DAYS)}'`;
    const amount = `${random.integer(-9999, 9999)}.${random.integer(10, 99)}`;
    const typed = (column: TypedColumn) => this.literal(column);
    switch (random.integer(0, 7)) {
      case 0:
        return `REPLACE${insertTyped('alltypes', id, typed).slice('INSERT'.length)}`;
      case 1:
        return `INSERT IGNORE${insertTyped('alltypes', id, typed).slice('INSERT'.length)}`;
      case 2:
        return `DELETE FROM alltypes WHERE id = ${id}`;
      case 3:
        return `DELETE FROM part WHERE id BETWEEN ${id} AND ${id + 3}`;
      case 4:
        return `UPDATE part SET amount = amount + 1, day = ${day} WHERE id % 20 = ${id % 20}`;
      case 5:
        return `INSERT INTO part VALUES (${id}, ${day}, ${amount}) ON DUPLICATE KEY UPDATE day = VALUES(day), amount = ${amount}`;
      default:
        return updateTyped('alltypes', id, (column) => (random.chance(0.2) ? typed(column) : undefined)) ?? 'DO 0';
    }
  }

  #anyOf({ type, name }: TypedColumn): string | undefined {
    const random = this.#random;
    const { base, sizes, unsigned } = parseColumnType(type);
    const integer = (bits: number) => String(unsigned ? random.bits(bits) : BigInt.asIntN(bits, random.bits(bits)));
    const two = (max: number) => String(random.integer(0, max)).padStart(2, '0');
    const fraction = sizes.length > 0 ? `.${String(random.integer(0, 999_999)).padStart(6, '0')}` : '';
    const day = () =>
      `${random.integer(1971, 2037)}-${String(random.integer(1, 12)).padStart(2, '0')}-${String(random.integer(1, 28)).padStart(2, '0')}`;
    const clock = () => `${two(23)}:${two(59)}:${two(59)}`;
    const hex = (bytes: number) => Array.from({ length: bytes }, () => two(99)).join('');
    switch (base) {
      case 'tinyint':
        return integer(8);
      case 'smallint':
        return integer(16);
      case 'mediumint':
        return integer(24);
      case 'int':
        return integer(32);
      case 'bigint':
        return integer(64);
      case 'decimal': {
        const [precision = 10, scale = 0] = sizes;
        const digits = Array.from({ length: random.integer(1, precision) }, () => random.integer(0, 9)).join('');
        const padded = digits.padStart(scale + 1, '0');
        return `${random.pick(['', '-'])}${padded.slice(0, padded.length - scale)}.${padded.slice(padded.length - scale)}`;
      }
      case 'float':
        return String(Math.fround(random.next() * 10 ** random.integer(-30, 30)));
      case 'double':
        return String(random.next() * 10 ** random.integer(-300, 300));
      case 'bit':
        return `b'${random.bits(sizes[0] ?? 1).toString(2)}'`;
      case 'date':
        return `'${day()}'`;
      case 'datetime':
      case 'timestamp':
        return `'${day()} ${clock()}${fraction}'`;
      case 'time':
        return `'${random.pick(['', '-'])}${random.integer(0, 837)}:${two(59)}:${two(59)}${fraction}'`;
      case 'year':
        return String(random.integer(1901, 2155));
      case 'binary':
      case 'varbinary':
      case 'blob':
      case 'longblob':
        return `x'${hex(random.integer(0, name === 'c_binary' ? 4 : 30))}'`;
      case 'json':
        return `'{"n": ${random.integer(0, 999)}}'`;
      case 'char':
      case 'varchar':
      case 'text':
      case 'longtext':
        return `'${random.pick(['é', 'x', '"', 'ñ€'])}${random.integer(0, 99_999)}'`;
      default:
        return undefined;
    }
  }
}

const WIDENED = [
  'ALTER TABLE alltypes MODIFY c_int bigint',
  'ALTER TABLE alltypes MODIFY c_smallint int',
  'ALTER TABLE alltypes MODIFY c_decimal decimal(20,4)',
  'ALTER TABLE part MODIFY amount decimal(18,4)',
];
