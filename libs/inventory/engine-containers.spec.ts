import { describe, expect, it } from '@jest/globals';

import { type Address, type EngineContainer, type NetworkNames, parseAddress, type Pod, type SourceUpdate, type Workload } from '#model';

import { addressClaims } from './claims.ts';
import { Inventory, snapshotOf } from './inventory.ts';

const origin = { file: 'docker:host-a', line: 1 };

interface Fields {
  readonly addresses?: readonly string[];
  readonly phase?: Pod['phase'];
  readonly networks?: readonly NetworkNames[];
}

/** `container('shop/web', 'shop-web-1')`, or of no project: `container('host-a', 'plain')`. */
function container(owner: string, name: string, { addresses = [], phase = 'running', networks = [] }: Fields = {}): SourceUpdate {
  const [namespace = '', service] = owner.split('/');
  const ref = { namespace, kind: service === undefined ? 'Container' : 'ComposeService', name: service ?? name };
  const workload: Workload = {
    ref,
    platform: 'compose',
    replicas: 1,
    podLabels: {},
    podAnnotations: {},
    labels: {},
    annotations: {},
    serviceAccount: '',
    tokenMounted: false,
    hostNetwork: false,
    containers: [],
    origin,
  };
  const pod: Pod = { namespace, name, labels: {}, node: 'host-a', hostNetwork: false, addresses: addresses.map(address), ports: [], workload: ref, phase, isExample: false, origin };
  const value: EngineContainer = { kind: 'container', pod, workload, networks, diagnostics: [] };
  return { source: 'docker', key: `container/${name}`, value };
}

function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

const host: SourceUpdate = {
  source: 'docker',
  key: 'host',
  value: { kind: 'container-host', node: { name: 'host-a', labels: {}, addresses: [address('192.0.2.1')], podCidrs: ['198.51.100.0/24', '2001:db8:1::/64'], isExample: false }, diagnostics: [] },
};

const world = [
  host,
  container('shop/web', 'shop-web-1', { addresses: ['198.51.100.2'], networks: [{ network: 'n1', names: ['web', 'shop-web-1'] }] }),
  container('shop/web', 'shop-web-2', { addresses: ['198.51.100.3'], networks: [{ network: 'n1', names: ['web', 'shop-web-2'] }] }),
  container('shop/db', 'shop-db-1', { addresses: ['198.51.100.4'], networks: [{ network: 'n1', names: ['db'] }] }),
  container('host-a', 'tool', { addresses: ['198.51.100.5'], networks: [{ network: 'n1', names: ['tool'] }] }),
];

describe('containers of an engine', () => {
  it('are pods of their Compose service, or of a workload of their own', () => {
    const { workloads, pods } = snapshotOf(world);
    expect([...workloads.values()].map(({ ref, replicas }) => `${ref.namespace}/${ref.kind}/${ref.name} ${String(replicas)}`)).toEqual([
      'host-a/Container/tool 1',
      'shop/ComposeService/db 1',
      'shop/ComposeService/web 2',
    ]);
    expect([...pods.keys()]).toEqual(['host-a/tool', 'shop/shop-db-1', 'shop/shop-web-1', 'shop/shop-web-2']);
  });

  it('are found by their names in every namespace that is on the same network, and no other', () => {
    const { services } = snapshotOf([...world, container('blog/db', 'blog-db-1', { networks: [{ network: 'n2', names: ['db'] }] })]);
    const leads = (name: string) => services.get(name)?.workloads?.map((ref) => `${ref.namespace}/${ref.name}`);
    expect(leads('shop/web')).toEqual(['shop/web']);
    expect(leads('host-a/db')).toEqual(['shop/db']);
    expect(leads('shop/tool')).toEqual(['host-a/tool']);
    expect(leads('blog/db')).toEqual(['blog/db']);
    expect(leads('blog/web')).toBeUndefined();
  });

  it('add their names to those of a Compose file, which describes the workload', () => {
    const workload = container('shop/db', 'x').value;
    if (workload?.kind !== 'container') throw new Error('a container');
    const described = { ...workload.workload, replicas: 7 };
    const named = { namespace: 'shop', name: 'db', type: 'Compose', workloads: [described.ref], ports: [], headless: false, clusterAddresses: [], externalAddresses: [], labels: {}, annotations: {}, origin } as const;
    const file: SourceUpdate = { source: 'files', key: 'shop', value: { kind: 'compose-project', name: 'shop', workloads: [described], services: [named], origin } };
    const alias = container('shop/web', 'shop-web-1', { networks: [{ network: 'n1', names: ['db'] }] });
    const snapshot = snapshotOf([file, alias, container('shop/db', 'shop-db-1')]);
    expect(snapshot.workloads.get('shop/ComposeService/db')?.replicas).toBe(7);
    expect(snapshot.services.get('shop/db')?.workloads?.map(({ name }) => name)).toEqual(['db', 'web']);
    expect(snapshot.diagnostics).toEqual([]);
  });

  it('of two with one address, the one that has finished does not hold it', () => {
    const snapshot = snapshotOf([...world, container('host-a', 'before', { addresses: ['198.51.100.2'], phase: 'finished' })]);
    const owner = addressClaims(snapshot).ownerOf(address('198.51.100.2'));
    expect(owner?.kind === 'pod' ? owner.pod.name : owner).toBe('shop-web-1');
    expect(snapshot.diagnostics).toEqual([]);
  });

  it('make the same snapshot in any order, and after any that came and went', () => {
    const expected = snapshotOf(world);
    const inventory = new Inventory();
    inventory.accept(container('shop/web', 'shop-web-1', { addresses: ['198.51.100.9'] }));
    inventory.accept(container('shop/old', 'shop-old-1', { addresses: ['198.51.100.3'], networks: [{ network: 'n1', names: ['old'] }] }));
    inventory.snapshot();
    inventory.accept({ source: 'docker', key: 'container/shop-old-1', value: undefined });
    for (const update of [...world].reverse()) inventory.accept(update);
    expect(inventory.snapshot()).toEqual(expected);
    expect(snapshotOf([...world].reverse())).toEqual(expected);
  });
});
