import { WrongUsage } from '../local/wrong-usage.ts';
import type { PlaceOptions } from '../place/place.ts';
import { PageOnlooker } from '../ui/page-onlooker.ts';
import { placedText } from './placed-io.ts';

export const PAGE_OPTION = '--ui [port]';

/**
 * The page that `--ui [port]` asks for.
 * @param port as typed; true: no port was given
 * @param tell is told its address once it is there
 * @param place of the run, which commands on the page name
 * @throws WrongUsage if it is no port
 */
export function openPage(port: string | true, tell: (line: string) => void, place: PlaceOptions): PageOnlooker {
  const shown = placedText(place);
  if (port === true) return new PageOnlooker(undefined, tell, shown);
  const number = Number(port);
  if (!/^\d{1,5}$/.test(port) || number > 65_535)
    throw new WrongUsage(`--ui is ${port}. Give a port from 1 to 65535, 0 for any that is free, or none.`);
  return new PageOnlooker(number, tell, shown);
}
