import { createRequire } from 'node:module';
import { Command } from 'commander';
import { compactCommand } from './compact.ts';
import { demoCommand } from './demo.ts';
import { historyCommand } from './history.ts';
import { localCommand } from './local.ts';
import { planCommand } from './plan.ts';
import { redriveCommand } from './redrive.ts';
import { replayCommand } from './replay.ts';
import { skipCommand } from './skip.ts';
import { tablesCommand } from './tables.ts';
import { verifyCommand } from './verify.ts';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

const program = new Command('tidemark')
  .description('Keeps a Parquet data lake in step with the databases that AWS DMS replicates.')
  .version(version)
  .addCommand(localCommand())
  .addCommand(planCommand())
  .addCommand(tablesCommand())
  .addCommand(historyCommand())
  .addCommand(replayCommand())
  .addCommand(skipCommand())
  .addCommand(redriveCommand())
  .addCommand(compactCommand())
  .addCommand(verifyCommand())
  .addCommand(demoCommand());

// Wrong usage ends with 1, its message and where to read on.
program.showHelpAfterError('See: tidemark --help');
for (const command of program.commands) command.showHelpAfterError(`See: tidemark ${command.name()} --help`);

// A reader that has seen enough, such as head, closes the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

await program.parseAsync();
