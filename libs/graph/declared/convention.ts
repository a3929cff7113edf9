import { type Service, type Snapshot, type Workload, evidenceWhere, workloadKey } from '#model';

import type { Draft } from './draft.ts';
import { type ChosenPort, choosePorts } from './port-choice.ts';
import { productPorts } from './product.ts';
import type { Resolver } from './resolution.ts';

// one in five of such pairs really talks; with a name, about every second
const BY_NAME = 0.4;
const BY_SECRET = 0.3;
// a Secret of everybody's, such as a pull secret or a certificate, pairs nobody
const MOST_USERS = 20;

const STORE_WORDS = new Set(['db', 'database', 'postgres', 'postgresql', 'mysql', 'mariadb', 'mongo', 'mongodb', 'redis', 'valkey', 'cache', 'memcached', 'rabbitmq', 'mq', 'queue', 'elasticsearch', 'store', 'data', 'sql', 'cassandra', 'kafka', 'nats', 'minio', 'storage']);

/**
 * Suggests, and never more than that, what people's habits suggest: `x` uses `x-db`, and who shares
 * a Secret named after a store logs in to it. Pairs with an address of their own are left alone.
 */
export function conventionDrafts(snapshot: Snapshot, resolver: Resolver, known: ReadonlySet<string>): readonly Draft[] {
  const stores = new Set([...snapshot.workloads.values()].filter((workload) => workload.containers.some((container) => productPorts(container).some(({ role }) => role === 'client')) || STORE_WORDS.has(lastWord(workload.ref.name))));
  const secretUsers = usersOfSecrets(snapshot);
  const drafts: Draft[] = [];
  for (const store of stores) {
    const service = snapshot.services.get(`${store.ref.namespace}/${store.ref.name}`);
    const names = namesOf(store, service, resolver);
    for (const client of namedAfter(names, snapshot, store)) drafts.push(...suggest(client, store, service, known, BY_NAME, 'name-convention', `${client.ref.name} and ${store.ref.name}: a store named after its client`));
    for (const secret of secretsOf(store)) {
      const name = secret.slice(secret.indexOf('/') + 1);
      if (![...names].some((each) => name.includes(each))) continue;
      const users = secretUsers.get(secret) ?? [];
      if (users.length > MOST_USERS) continue;
      for (const client of users) {
        if (!stores.has(client)) drafts.push(...suggest(client, store, service, known, BY_SECRET, 'shared-secret', `both use Secret ${secret}, which is named after ${store.ref.name}`));
      }
    }
  }
  return drafts;
}

function suggest(client: Workload, server: Workload, service: Service | undefined, known: ReadonlySet<string>, confidence: number, source: string, text: string): readonly Draft[] {
  if (client === server || known.has(`${workloadKey(client.ref)}\n${workloadKey(server.ref)}`)) return [];
  const { ports } = choosePorts({ host: server.ref.name, form: 'host', key: '', meaning: 'neutral', position: 0 }, service, server, false, false);
  return ports.map(({ port, protocol, application }: ChosenPort): Draft => ({
    from: client.ref,
    to: server.ref,
    port,
    protocol,
    ...(application === undefined ? {} : { application }),
    tier: 'weak',
    confidence,
    evidence: { kind: 'declared', source, where: evidenceWhere(client.origin, `${client.ref.kind} ${client.ref.namespace}/${client.ref.name}`), text },
  }));
}

/** The store's workload and Service names. */
function namesOf(store: Workload, service: Service | undefined, resolver: Resolver): ReadonlySet<string> {
  const governing = store.governingService === undefined ? undefined : resolver.service(store.ref.namespace, store.governingService);
  return new Set([store.ref.name, service?.name, governing?.name].filter((name) => name !== undefined && name.length > 2) as string[]);
}

// carts-db, mongodb-carts: the rest of the name is the client's
function namedAfter(names: ReadonlySet<string>, snapshot: Snapshot, store: Workload): readonly Workload[] {
  const found: Workload[] = [];
  for (const name of names) {
    const words = name.split('-');
    if (words.length < 2) continue;
    const owners = [STORE_WORDS.has(words.at(-1) ?? '') ? words.slice(0, -1) : undefined, STORE_WORDS.has(words[0] ?? '') ? words.slice(1) : undefined];
    for (const owner of owners) {
      if (owner === undefined) continue;
      for (const kind of ['Deployment', 'StatefulSet', 'ComposeService', 'DaemonSet']) {
        const client = snapshot.workloads.get(workloadKey({ namespace: store.ref.namespace, kind, name: owner.join('-') }));
        if (client !== undefined) found.push(client);
      }
    }
  }
  return [...new Set(found)];
}

function usersOfSecrets(snapshot: Snapshot): ReadonlyMap<string, readonly Workload[]> {
  const users = new Map<string, Workload[]>();
  for (const workload of snapshot.workloads.values()) {
    for (const secret of secretsOf(workload)) {
      const known = users.get(secret);
      if (known === undefined) users.set(secret, [workload]);
      else known.push(workload);
    }
  }
  return users;
}

/** `namespace/name` of every Secret a workload uses. */
function secretsOf(workload: Workload): ReadonlySet<string> {
  const names = workload.containers.flatMap(({ env, envFrom, mounts }) => [
    ...env.flatMap(({ from }) => (from?.kind === 'secret' ? [from.name] : [])),
    ...envFrom.flatMap(({ kind, name }) => (kind === 'secret' ? [name] : [])),
    ...mounts.flatMap(({ source }) => (source.kind === 'secret' ? [source.name] : [])),
  ]);
  return new Set(names.map((name) => `${workload.ref.namespace}/${name}`));
}

function lastWord(name: string): string {
  return name.slice(name.lastIndexOf('-') + 1);
}
