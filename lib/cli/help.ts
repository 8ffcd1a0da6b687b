import type { Command } from 'commander';
import { CALL } from '../command-text.ts';
import type { PlacesOfCommand } from '../place/place.ts';
import { addPlaceOptions } from '../place/place.ts';

/** What stands in a command's help below its options. */
export interface CommandHelp extends Explanation {
  /** What `--json` writes to stdout. */
  json: string;
  exitCodes: ExitCodes;
}

export interface Explanation {
  /** Arguments after `tidemark <command>`, and what they do. */
  examples: readonly (readonly [args: string, meaning: string])[];
  /** Paragraphs. */
  notes: readonly string[];
}

/** What a command ends with: 0, 1 besides wrong usage and unexpected failures, and 2 where it can. */
export interface ExitCodes {
  0: string;
  1?: string;
  2?: string;
}

/** Adds what every command at a place has: `--json`, `--verbose`, where to work, and its help. */
export function addCommonOptions(command: Command, help: CommandHelp, places?: PlacesOfCommand): Command {
  command.option('--json', 'write results to stdout as JSON').option('-v, --verbose', 'log every step to stderr');
  return addHelp(addPlaceOptions(command, places), help);
}

/** Adds help of the one form that commands have, which take no arguments but their own. */
export function addHelp(command: Command, { json, exitCodes, examples, notes }: CommandHelp): Command {
  const facts = [`With --json: ${json}`, exitCodeText(exitCodes)];
  return addHelpText(command.allowExcessArguments(false), { examples, notes: [...notes, ...facts] });
}

export function addHelpText(command: Command, { examples, notes }: Explanation): Command {
  const lines = examples.flatMap(([args, meaning]) => [
    `  $ ${CALL} ${command.name()} ${args}`,
    wrapped(command, meaning, WIDTH - INDENT.length).replaceAll(/^/gm, INDENT),
  ]);
  const blocks = [['Examples:', ...lines].join('\n'), ...notes.map((note) => wrapped(command, note))];
  return command.addHelpText('after', `\n${blocks.join('\n\n')}`);
}

export function wrapped(command: Command, text: string, width = WIDTH): string {
  return command.createHelp().boxWrap(text, width);
}

const WIDTH = 120;
const INDENT = '      ';

function exitCodeText(codes: ExitCodes): string {
  const one = [...(codes[1] === undefined ? [] : [codes[1]]), 'wrong usage or an unexpected failure'].join('; ');
  return `Exit code: 0 ${codes[0]}; ${codes[2] === undefined ? '' : `2 ${codes[2]}; `}1 ${one}.`;
}
