import { commandText } from '../command-text.ts';
import { tableOfPath } from '../dms/object-key.ts';
import type { TableName } from '../dms/object-key.ts';
import { namedTable } from '../local/table-name.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import type { Place } from '../place/place.ts';
import type { TableItem } from '../ports/table-store.ts';
import { didYouMean } from '../nearest.ts';

/**
 * The table that a person named, which must be registered.
 * @param text `<schema>/<table>`
 * @throws WrongUsage if it is no table's name, or of none that is known: then with the names that are near.
 */
export async function knownTable(
  text: string,
  place: Place,
): Promise<{ path: string; name: TableName; item: TableItem }> {
  const named = namedTable(text, place.ports.config);
  const item = await place.ports.tables.get(named.path);
  if (!item) throw await unknownTable(text, place);
  return { ...named, item };
}

/** What to say of a table that is not registered. */
export async function unknownTable(text: string, place: Place): Promise<WrongUsage> {
  const near = didYouMean(text, await knownNames(place));
  return new WrongUsage(
    `${text} is not known at ${place.name}. ${near}Those that are: ${commandText('tables')}. A new one is registered by its ` +
      `first raw file, or by ${commandText('activate', text, '--primary-key', '…')}.`,
  );
}

async function knownNames({ ports }: Place): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { path } of ports.tables.scan()) {
      const name = tableOfPath(path, ports.config);
      if (name) names.push(`${name.schema}/${name.table}`);
    }
  } catch {
    // Who may read one row need not be allowed to read them all: then there is nothing to suggest.
  }
  return names;
}
