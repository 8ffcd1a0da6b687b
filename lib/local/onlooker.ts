import type { Ports } from '../ports/ports.ts';
import type { TableItem, TableStore } from '../ports/table-store.ts';
import type { TableOutcome } from '../table/reconcile-batch.ts';

/**
 * Looks on while a run on folders goes on: the page, or who measures. It is told what happens and must neither hold the
 * run up nor fail it: what it has to do takes place after the call.
 */
export interface Onlooker {
  /**
   * Before anything is merged.
   * @throws WrongUsage if it cannot look on as the person wanted; the run does not begin.
   */
  begin(ports: Ports): Promise<void>;
  /** A file was created or replaced in the raw folder. @param appearedAt ms since the epoch */
  arrived(key: string, appearedAt: number): void;
  /** This process changed a table's row: registered it, claimed, committed, blocked. */
  rowChanged(path: string): void;
  /** Tables were looked at, and perhaps merged. */
  reconciled(outcomes: readonly TableOutcome[]): void;
  /** The run is over. */
  end(): Promise<void>;
}

/** The same ports; the onlooker is told of each row that is changed through them. */
export function watchedPorts<P extends Ports>(ports: P, onlooker: Pick<Onlooker, 'rowChanged'>): P {
  const { tables } = ports;
  const watched: TableStore = {
    get: (path) => tables.get(path),
    scan: () => tables.scan(),
    create: async (item): Promise<TableItem> => {
      const created = await tables.create(item);
      onlooker.rowChanged(item.path);
      return created;
    },
    update: async (path, change, expected): Promise<void> => {
      await tables.update(path, change, expected);
      onlooker.rowChanged(path);
    },
    delete: async (path, expected): Promise<void> => {
      await tables.delete(path, expected);
      onlooker.rowChanged(path);
    },
  };
  return { ...ports, tables: watched };
}
