import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { repositoryRoot } from '../support/shared.ts';

// `times` of the shell counts in hundredths of a second, so one figure is the mean of many runs
const runs = 20;
const example = join('policies', 'examples', 'shop');

interface Cost {
  readonly cpuMs: number;
  readonly wallMs: number;
}

function main(): void {
  const help = cost(['--help']);
  const generate = existsSync(join(repositoryRoot, example)) ? cost(['generate', example]) : undefined;
  console.log(JSON.stringify({ bench: 'cli-start', runs, budgetCpuMs: 250, help, generateShop: generate ?? null }));
}

/** Mean cost of one whole process, the start script included. */
function cost(args: readonly string[]): Cost {
  // exit code 1 only says that there are findings
  const script = `i=0; while [ $i -lt ${runs} ]; do bin/ringfence "$@" >/dev/null 2>&1; [ $? -gt 1 ] && exit 2; i=$((i+1)); done; times`;
  const from = performance.now();
  const ran = spawnSync('sh', ['-c', script, 'sh', ...args], { cwd: repositoryRoot, encoding: 'utf8' });
  const wallMs = performance.now() - from;
  if (ran.status !== 0) throw new Error(`run ringfence ${args.join(' ')}: exited ${ran.status ?? 'by signal'}`);
  // second line of `times`: user and system time of the children, such as "0m0.62s 0m0.31s"
  const [, children = ''] = ran.stdout.trim().split('\n');
  const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(([, minutes, rest]) => Number(minutes) * 60 + Number(rest));
  const cpu = seconds.reduce((sum, one) => sum + one, 0);
  return { cpuMs: Math.round((cpu * 1000) / runs), wallMs: Math.round(wallMs / runs) };
}

main();
