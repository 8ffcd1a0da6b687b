import { WrongUsage } from '../local/wrong-usage.ts';

/**
 * Column names as a person gives them: `id`, `a,b`.
 * @param given false: none; undefined: nothing is said
 * @throws WrongUsage
 */
export function columnsGiven(option: string, given: string | false | undefined): string[] | undefined {
  if (given === undefined) return undefined;
  if (given === false) return [];
  const names = given.split(',').map((name) => name.trim());
  // The controller table keeps names as text: 'a,b' are two columns, and 'null' is none.
  if (names.some((name) => name === '' || name === 'null'))
    throw new WrongUsage(
      `${option} is '${given}'. Give columns separated by commas, such as ${option} id or ${option} a,b.`,
    );
  if (new Set(names).size < names.length) throw new WrongUsage(`${option} names a column twice: ${given}.`);
  return names;
}
