import type { Diagnostic } from '#model';

import type { RedisConnection } from './redis-connection.ts';
import { isStoreError } from './store-error.ts';

/** What a server has to be set to, so that what it acknowledges is there after any death of it. */
const WANTED = [
  { setting: 'appendonly', value: 'yes', message: 'does not keep a log of what it writes (appendonly no): what was acknowledged ends with it', hint: 'set appendonly yes and appendfsync always' },
  { setting: 'appendfsync', value: 'always', message: 'does not sync every write: a loss of power costs what was acknowledged last', hint: 'set appendfsync always, or accept that up to a second of decisions may be lost' },
  { setting: 'maxmemory-policy', value: 'noeviction', message: 'takes keys away when its memory is full: decisions are among them', hint: 'set maxmemory-policy noeviction, or give Ringfence a server of its own' },
] as const;

/** Looks at how the server is set up. */
export async function redisWeaknesses(connection: RedisConnection): Promise<readonly Diagnostic[]> {
  const found = new Map<string, string>();
  try {
    for (const { setting } of WANTED) {
      const [name, value] = (await connection.ask((redis) => redis.config('GET', setting))) as readonly string[];
      if (name !== undefined && value !== undefined) found.set(name, value);
    }
  } catch (error) {
    if (!isStoreError(error, 'failed')) throw error;
    return [weakness('store-durability-unknown', 'info', connection, 'does not tell how it keeps what it writes', 'see to it that appendonly is yes, appendfsync always and maxmemory-policy noeviction')];
  }
  const settings = WANTED.filter(({ setting, value }) => found.get(setting) !== value && !(setting === 'appendfsync' && found.get('appendonly') !== 'yes')).map(({ setting, message, hint }) => weakness(`store-${setting}`, 'warning', connection, message, hint));
  return [...settings, ...(await replicaWeaknesses(connection))];
}

async function replicaWeaknesses(connection: RedisConnection): Promise<readonly Diagnostic[]> {
  const { replicas } = connection;
  const there = Number(/^connected_slaves:(\d+)/m.exec(await connection.ask((redis) => redis.info('replication')))?.[1] ?? 0);
  if (replicas === 0) {
    return there === 0 ? [] : [weakness('store-replicas-not-waited-for', 'warning', connection, `has ${String(there)} replica${there === 1 ? '' : 's'} that decisions are not waited for in: a failover may lose what was acknowledged`, 'set --redis-replicas (RINGFENCE_REDIS_REPLICAS) to how many have to have a decision')];
  }
  if (there < replicas) return [weakness('store-replicas-missing', 'error', connection, `has ${String(there)} of the ${String(replicas)} replicas that are waited for: nothing is decided`, 'bring them back')];
  const [, least] = (await connection.ask((redis) => redis.config('GET', 'min-replicas-to-write'))) as readonly string[];
  return Number(least ?? 0) >= replicas ? [] : [weakness('store-min-replicas-to-write', 'warning', connection, 'takes writes although its replicas are gone: what nobody acknowledged may be read there all the same', `set min-replicas-to-write ${String(replicas)}`)];
}

function weakness(code: string, severity: Diagnostic['severity'], { place }: RedisConnection, message: string, hint: string): Diagnostic {
  return { code, severity, subject: place, message, hint };
}
