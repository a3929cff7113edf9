// A controller's place of decisions over a Redis: leads as soon as it can and then approves one
// proposal after the other, until it is killed. Says what was acknowledged, and who leads.
import { writeSync } from 'node:fs';

import { openRedisStore } from '#store';

import { approveOn, openDesk } from './decision-bench.ts';

const [url = '', holder = '', ttlMs = '1000'] = process.argv.slice(2);
const store = await openRedisStore({ url });
const bench = await openDesk(store, holder, Number(ttlMs));
for (;;) {
  const result = await approveOn(bench);
  if (result.kind === 'done') writeSync(1, `has ${String(result.seq)} ${String(result.revision)}\n`);
  else if (result.kind !== 'not leader') throw new Error(`approve: ${JSON.stringify(result)}`);
}
