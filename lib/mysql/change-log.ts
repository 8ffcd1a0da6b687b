import ZongJi, {
  type AnyBinlogEvent,
  type DeleteRowsEvent,
  type QueryEvent,
  type RowData,
  type RowsEvent,
  type TableMapEntry,
  type UpdateRowsEvent,
  type WriteRowsEvent,
} from '@vlasky/zongji';
import type { DmsColumn, DmsValue } from '../sample/dms-column.ts';
import type { BinlogPosition } from './binlog-position.ts';
import { binlogText, type BinlogValue } from './binlog-text.ts';
import { dmsType, type MysqlColumn, parseColumnType, type TimestampUnit } from './column-type.ts';
import { dmsValue } from './column-value.ts';
import { clearedTables } from './ddl.ts';
import type { MysqlServer } from './mysql-server.ts';

/** Rows that one statement changed in one table, in the order of the binlog. */
export interface TableChanges {
  schema: string;
  table: string;
  /** As they were when the rows changed. */
  columns: readonly DmsColumn[];
  /** `I` and `U` with the row after the change, `D` with the row before it. */
  rows: readonly { operation: 'I' | 'U' | 'D'; row: readonly DmsValue[] }[];
}

/** Called in the order of the binlog. */
export interface ChangeListener {
  changed: (changes: TableChanges) => void;
  /** The table was truncated or dropped. */
  cleared: (schema: string, table: string) => void;
  /** The stream has ended; nothing more will be told. */
  failed: (error: Error) => void;
}

export interface ChangeLogOptions {
  schema: string;
  /** All of the schema's unless given. */
  tables?: readonly string[];
  timestamps: TimestampUnit;
  /** Of this reader among the server's replicas, 1 to 2^32 - 1: of two with the same the server ends the older. */
  serverId: number;
}

/** A server's binlog from a position on: the rows of committed transactions. */
export class ChangeLog {
  readonly #zongji: ZongJi;
  readonly #options: ChangeLogOptions;
  readonly #listener: ChangeListener;
  readonly #columns = new WeakMap<TableMapEntry, readonly ReplicatedColumn[]>();

  constructor(server: MysqlServer, from: BinlogPosition, options: ChangeLogOptions, listener: ChangeListener) {
    this.#options = options;
    this.#listener = listener;
    this.#zongji = new ZongJi({ ...server, dateStrings: true, timezone: 'Z', jsonStrings: true });
    this.#zongji.on('binlog', (event: AnyBinlogEvent) => {
      try {
        this.#read(event);
      } catch (error) {
        this.#fail(error);
      }
    });
    this.#zongji.on('error', (error: Error) => this.#fail(error));
    this.#zongji.start({
      filename: from.file,
      position: from.position,
      serverId: options.serverId,
      includeEvents: ['tablemap', 'writerows', 'updaterows', 'deleterows', 'query'],
      includeSchema: { [options.schema]: options.tables ? [...options.tables] : true },
    });
  }

  /**
   * The end of the last transaction of which the listener was told all. Reading on from here tells all that is to come;
   * what was told of a transaction that has not ended comes again.
   */
  get position(): BinlogPosition {
    const { filename = '', position = 0 } = this.#zongji.options;
    return { file: filename, position };
  }

  pause(): void {
    this.#zongji.connection?.pause();
  }

  resume(): void {
    this.#zongji.connection?.resume();
  }

  close(): Promise<void> {
    return new Promise((done) => {
      this.#zongji.once('stopped', done);
      this.#zongji.stop();
    });
  }

  #fail(error: unknown): void {
    this.#zongji.stop();
    this.#listener.failed(new Error('the binlog cannot be read on', { cause: error }));
  }

  #read(event: AnyBinlogEvent): void {
    switch (event.getTypeName()) {
      case 'WriteRows': {
        const written = event as WriteRowsEvent;
        this.#tell(written, 'I', written.rows);
        break;
      }
      case 'UpdateRows': {
        const updated = event as UpdateRowsEvent;
        this.#tell(
          updated,
          'U',
          updated.rows.map(({ after }) => after),
        );
        break;
      }
      case 'DeleteRows': {
        const deleted = event as DeleteRowsEvent;
        this.#tell(deleted, 'D', deleted.rows);
        break;
      }
      case 'Query': {
        const { query, schema } = event as QueryEvent;
        for (const cleared of clearedTables(query, schema)) {
          if (this.#isReplicated(cleared.schema, cleared.table)) this.#listener.cleared(cleared.schema, cleared.table);
        }
        break;
      }
      default:
    }
  }

  #isReplicated(schema: string, table: string): boolean {
    const { schema: own, tables } = this.#options;
    return schema === own && (tables?.includes(table) ?? true);
  }

  #tell({ tableMap, tableId }: RowsEvent, operation: 'I' | 'U' | 'D', images: readonly RowData[]): void {
    const entry = tableMap[tableId];
    if (!entry) throw new Error(`the binlog has rows of a table that it does not describe, number ${tableId}`);
    const columns = this.#columnsOf(entry);
    this.#listener.changed({
      schema: entry.parentSchema,
      table: entry.tableName,
      columns: columns.map(({ replicated }) => replicated),
      rows: images.map((image) => ({
        operation,
        row: columns.map((column) => valueOf(column, image[column.replicated.name] as BinlogValue)),
      })),
    });
  }

  #columnsOf(entry: TableMapEntry): readonly ReplicatedColumn[] {
    const known = this.#columns.get(entry);
    if (known) return known;
    const columns = entry.columnSchemas.map(({ COLUMN_NAME: name, COLUMN_TYPE: columnType }) => {
      const source = { name, type: parseColumnType(columnType) };
      return { source, replicated: { name, type: dmsType(source, this.#options.timestamps) } };
    });
    this.#columns.set(entry, columns);
    return columns;
  }
}

interface ReplicatedColumn {
  source: MysqlColumn;
  replicated: DmsColumn;
}

function valueOf({ source, replicated }: ReplicatedColumn, given: BinlogValue): DmsValue {
  const text = binlogText(source.type, given);
  return text === null ? null : dmsValue(replicated.type, text);
}
