// Applies one bundle after another to the network namespace at a path, until it is killed. Says
// which hash it begins with, and which the kernel has acknowledged.
import { writeSync } from 'node:fs';

import { ConntrackSweep, NetlinkDriver, NodeTable } from '#dataplane';

import { churnBundle } from './node-bundles.ts';

const [namespacePath = '', ownsTable = '', from = '0'] = process.argv.slice(2);
const driver = new NetlinkDriver({ namespacePath, ownsTable: ownsTable === 'owned' });
const table = new NodeTable({ driver, sweep: new ConntrackSweep({ namespacePath }) });
if (from !== '0') table.reuse(churnBundle(Number(from)));
for (let at = Number(from) + 1; ; at += 1) {
  writeSync(1, `begins ${String(at)}\n`);
  // every now and then all of it at once, as after a drift
  const report = at % 10 === 0 ? table.restore() : table.apply(churnBundle(at));
  if (report?.kind !== 'applied') throw new Error(`apply: ${JSON.stringify(report)}`);
  writeSync(1, `has ${report.hash.slice(1)}\n`);
}
