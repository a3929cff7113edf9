// Has a folder for itself and leads for an hour, until it is killed.
import { writeSync } from 'node:fs';

import { openSqliteStore } from '#store';

const [folder = ''] = process.argv.slice(2);
const store = openSqliteStore({ folder, isAlone: true });
const lease = await store.leases.acquire('controller', 'first', 3_600_000);
writeSync(1, lease.kind === 'held' ? `leads ${String(lease.fence)}\n` : `follows ${lease.by}\n`);
setInterval(() => undefined, 60_000);
