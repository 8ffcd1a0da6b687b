import { createRequire } from 'node:module';
import { Command } from 'commander';
import { CALL } from '../command-text.ts';
import { activateCommand } from './activate.ts';
import { compactCommand } from './compact.ts';
import { addCompletion } from './completion.ts';
import { connectCommand } from './connect.ts';
import { deactivateCommand } from './deactivate.ts';
import { demoCommand } from './demo.ts';
import { wrapped } from './help.ts';
import { forgetCommand } from './forget.ts';
import { historyCommand } from './history.ts';
import { localCommand } from './local.ts';
import { planCommand } from './plan.ts';
import { redriveCommand } from './redrive.ts';
import { replayCommand } from './replay.ts';
import { skipCommand } from './skip.ts';
import { tablesCommand } from './tables.ts';
import { verifyCommand } from './verify.ts';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

const NOTES = [
  'Every command but demo and completion works at a place: folders (--raw, --lake) or a deployed stack (--stage; --region and --profile as for the AWS CLI). ' +
    `${CALL} <command> --help has examples, and says what --json writes.`,
  'Exit code: 0 done; 2 a table is blocked (verify: the lake differs); 1 a refusal, wrong usage or an unexpected failure; 130 interrupted by Ctrl-C before it was done.',
];

/**
 * The `tidemark` command with all that it can do.
 * @param words what it is called with
 */
export function tidemarkProgram(words: readonly string[] = process.argv.slice(2)): Command {
  const program = new Command('tidemark')
    .description('Keeps a Parquet data lake in step with the databases that AWS DMS replicates.')
    .version(version)
    .addCommand(tablesCommand())
    .addCommand(historyCommand())
    .addCommand(activateCommand())
    .addCommand(deactivateCommand())
    .addCommand(forgetCommand())
    .addCommand(planCommand())
    .addCommand(skipCommand())
    .addCommand(replayCommand())
    .addCommand(verifyCommand())
    .addCommand(compactCommand())
    .addCommand(redriveCommand())
    .addCommand(connectCommand())
    .addCommand(localCommand())
    .addCommand(demoCommand());
  addCompletion(program, words.slice(words.indexOf('--') + 1));
  program.addHelpText('after', `\n${NOTES.map((note) => wrapped(program, note)).join('\n\n')}`);
  // Wrong usage ends with 1, its message and where to read on.
  program.showHelpAfterError(`See: ${CALL} --help`);
  for (const command of program.commands) command.showHelpAfterError(`See: ${CALL} ${command.name()} --help`);
  return program;
}
