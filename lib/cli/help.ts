import type { Command } from 'commander';
import { addPlaceOptions } from '../place/place.ts';

/** What stands in a command's help below its options. */
export interface CommandHelp {
  /** Arguments after `tidemark <command>`, and what they do. */
  examples: readonly (readonly [args: string, meaning: string])[];
  /** Paragraphs. */
  notes: readonly string[];
  /** What `--json` writes to stdout. */
  json: string;
  exitCodes: ExitCodes;
}

/** What a command ends with: 0, 1 besides wrong usage and unexpected failures, and 2 where it can. */
export interface ExitCodes {
  0: string;
  1?: string;
  2?: string;
}

/** How the command is called from a clone. */
export const CALL = 'npx tidemark';

/** Adds what every command at a place has: `--json`, `--verbose`, where to work, and its help. */
export function addCommonOptions(command: Command, help: CommandHelp): Command {
  command.option('--json', 'write results to stdout as JSON').option('-v, --verbose', 'log every step to stderr');
  return addHelp(addPlaceOptions(command), help);
}

/** Adds help of the one form that all commands have. */
export function addHelp(command: Command, { examples, notes, json, exitCodes }: CommandHelp): Command {
  const wrapped = (text: string): string => command.createHelp().boxWrap(text, WIDTH);
  const indented = (text: string): string =>
    command
      .createHelp()
      .boxWrap(text, WIDTH - INDENT.length)
      .replaceAll(/^/gm, INDENT);
  const blocks = [
    ['Examples:', ...examples.map(([args, meaning]) => `  $ ${CALL} ${command.name()} ${args}`.trimEnd() + `\n${indented(meaning)}`)].join('\n'), // prettier-ignore
    ...notes.map(wrapped),
    wrapped(`With --json: ${json}`),
    wrapped(exitCodeText(exitCodes)),
  ];
  return command.allowExcessArguments(false).addHelpText('after', `\n${blocks.join('\n\n')}`);
}

const WIDTH = 120;
const INDENT = '      ';

function exitCodeText(codes: ExitCodes): string {
  const one = [...(codes[1] === undefined ? [] : [codes[1]]), 'wrong usage or an unexpected failure'].join('; ');
  return `Exit code: 0 ${codes[0]}; ${codes[2] === undefined ? '' : `2 ${codes[2]}; `}1 ${one}.`;
}
