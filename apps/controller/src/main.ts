import { isStoreError } from '#store';

import { createLog } from './operator/log.ts';
import { HELP, readOptions } from './options.ts';
import { run } from './run.ts';

const BAD_USAGE = 2;

const reading = readOptions(process.argv.slice(2), process.env);
if (reading.kind === 'help') {
  process.stdout.write(HELP);
} else if (reading.kind === 'problem') {
  process.stderr.write(`ringfence-controller: ${reading.why} (see --help)\n`);
  process.exitCode = BAD_USAGE;
} else {
  const { options } = reading;
  await run(options).catch((error: unknown) => {
    const said = error instanceof Error ? error.message : String(error);
    const why = isStoreError(error, 'in-use') ? `${said}; stop that one first, or name another folder with --state` : said;
    createLog().fatal({ why }, 'cannot start');
    process.stderr.write(`ringfence-controller: ${why}\n`);
    process.exit(1);
  });
}
