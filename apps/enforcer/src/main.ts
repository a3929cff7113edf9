import { startEnforcer, type Enforcer } from './enforcer.ts';
import { standardErrorLog, writeWhole } from './log.ts';
import { HELP, readOptions } from './options.ts';

const BAD_USAGE = 2;

async function main(): Promise<void> {
  const reading = readOptions(process.argv.slice(2), process.env);
  if (reading.kind === 'help') {
    writeWhole(1, HELP);
    return;
  }
  if (reading.kind === 'problem') {
    writeWhole(2, `ringfence-enforcer: ${reading.why} (see --help)\n`);
    process.exitCode = BAD_USAGE;
    return;
  }
  const log = standardErrorLog();
  let enforcer: Enforcer | undefined;
  const stop = (): void => {
    // before it has started there is nothing to let go of
    void (enforcer?.stop() ?? Promise.resolve()).finally(() => {
      process.exit(0);
    });
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  try {
    enforcer = await startEnforcer(reading.options, log);
  } catch (error) {
    // whatever an earlier process left in the kernel stays as it is
    log('error', 'cannot start', { why: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  }
}

await main();
