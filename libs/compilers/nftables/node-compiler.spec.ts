import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import { type Address, compareText, type Namespace, type Node, type Pod, podKey, type Policy, type Revision, type Service, type Snapshot } from '#model';
import { adoptPolicies } from '#policy';

import { random } from '../../../test/support/large-cluster.ts';
import { namespaced, randomPolicies, rule, smallWorld, SUBJECTS } from '../../../test/support/policy-worlds.ts';
import { address, service, world } from '../../../test/support/worlds.ts';
import { changesBetween } from './compile-change.ts';
import { NodeCompiler } from './node-compiler.ts';
import { renderRuleset } from './render-ruleset.ts';

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hashes(compiler: NodeCompiler): readonly string[] {
  return [...compiler.bundles().values()].map(({ node, hash, revision }) => `${node} ${hash} ${String(revision)}`);
}

function texts(compiler: NodeCompiler): string {
  return [...compiler.bundles().values()].map((bundle) => renderRuleset(bundle)).join('');
}

interface State {
  readonly snapshot: Snapshot;
  readonly revision: Revision;
}

const ALL_ADDRESSES = ['10.1.0.1', '10.1.0.2', '10.0.1.9', '10.0.2.9', '2001:db8:1000::1', '2001:db8:2::9', '2a00:1450::77', '203.0.113.77'].map(address);

/** One random step; touches only maps, never an object in them. */
function step({ snapshot, revision }: State, next: () => number, serial: number): State {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)]!;
  const pods = new Map(snapshot.pods);
  const namespaces = new Map(snapshot.namespaces);
  const nodes = new Map(snapshot.nodes);
  const nodeNames = [undefined, 'n1', 'n2', 'n3', 'n4'];
  const change = (fields: Partial<Pod>): void => {
    const pod = pick([...pods.values()]);
    pods.set(podKey(pod), { ...pod, ...fields });
  };
  const some = <T>(items: readonly T[]): readonly T[] => items.filter(() => next() < 0.4);
  const kinds: readonly (() => void)[] = [
    () => {
      change({ labels: pick<Pod['labels']>([{ app: 'a' }, { app: 'b', tier: 'front' }, {}]) });
    },
    () => {
      change({ addresses: some<Address>(ALL_ADDRESSES) });
    },
    () => {
      change({ phase: pick(['pending', 'running', 'finished'] as const) });
    },
    () => {
      change({ hostNetwork: next() < 0.5 });
    },
    () => {
      change({ ports: pick<Pod['ports']>([[], [{ name: 'http', port: 80, protocol: 'TCP' }], [{ name: 'http', port: 53, protocol: 'UDP' }]]) });
    },
    () => {
      const name = pick(nodeNames);
      const pod: Pod & { node?: string } = { ...pick([...pods.values()]) };
      if (name === undefined) delete pod.node;
      else pod.node = name;
      pods.set(podKey(pod), pod);
    },
    () => {
      const like = pick([...pods.values()]);
      const pod = { ...like, name: `new-${String(serial)}`, addresses: some(ALL_ADDRESSES) };
      pods.set(podKey(pod), pod);
    },
    () => {
      if (pods.size > 2) pods.delete(pick([...pods.keys()]));
    },
    () => {
      const like = pick([...namespaces.values()]);
      namespaces.set(like.name, { ...like, labels: pick<Namespace['labels']>([{ team: 'red' }, { team: 'blue' }, {}]), isDeclared: next() < 0.8 });
    },
    () => {
      if (namespaces.size > 1) namespaces.delete(pick([...namespaces.keys()]));
    },
    () => {
      const name = pick(['n1', 'n2', 'n3', 'n4']);
      const fresh: Node = { name, labels: { zone: pick(['one', 'two']) }, addresses: some(ALL_ADDRESSES), podCidrs: some(['10.0.1.0/24', '10.1.0.0/24', '2001:db8:1000::/64', 'no block']), isExample: false };
      nodes.set(name, fresh);
    },
    () => {
      if (nodes.size > 1) nodes.delete(pick([...nodes.keys()]));
    },
  ];
  const { services } = snapshot;
  const moved = { ...snapshot, pods, namespaces, nodes };
  const chance = next();
  if (chance < 0.1) return { snapshot, revision: adoptPolicies(randomPolicies(next)) };
  if (chance < 0.2) return { snapshot, revision: adoptPolicies(revision.policies.filter(() => next() < 0.7)) };
  if (chance < 0.25) return { snapshot: { ...snapshot, services: next() < 0.5 ? new Map() : servicesAt(pick(ALL_ADDRESSES)) }, revision };
  for (let more = 0; more < 1 + Math.floor(next() * 2); more += 1) pick(kinds)();
  return { snapshot: { ...moved, services }, revision };
}

function servicesAt(at: Address): ReadonlyMap<string, Service> {
  return world({ services: [service('x/api', { clusterAddresses: [at] })] }).services;
}

describe('a compiler that follows changes', () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed))('is where a compile from scratch would be after every step of walk %d', (seed) => {
    const next = random(seed);
    let state: State = { snapshot: smallWorld(seed % 2 === 0 ? 'together' : 'apart'), revision: adoptPolicies(randomPolicies(next)) };
    const compiler = new NodeCompiler(state.revision, state.snapshot, digest);
    for (let at = 0; at < 20; at += 1) {
      const before = compiler.bundles();
      const after = step(state, next, at);
      const { changed, removed } = compiler.apply(changesBetween(state, after));
      const scratch = new NodeCompiler(after.revision, after.snapshot, digest);
      expect(hashes(compiler)).toEqual(hashes(scratch));
      expect(texts(compiler)).toBe(texts(scratch));
      const different = [...scratch.bundles().values()].filter(({ node, hash }) => before.get(node)?.hash !== hash);
      expect(changed.map(({ node }) => node)).toEqual(different.map(({ node }) => node));
      expect(removed).toEqual([...before.keys()].filter((node) => !scratch.bundles().has(node)));
      state = after;
    }
  });

  it('gives the same bundles whatever order objects come in', () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const { policies } = adoptPolicies(randomPolicies(random(seed)));
      const snapshot = smallWorld('together');
      const reversed = { ...snapshot, pods: new Map([...snapshot.pods].reverse()), nodes: new Map([...snapshot.nodes].reverse()) };
      const forwards = new NodeCompiler(adoptPolicies(policies), snapshot, digest);
      const backwards = new NodeCompiler(adoptPolicies([...policies].reverse()), reversed, digest);
      expect(hashes(backwards)).toEqual(hashes(forwards));
    }
  });
});

describe('what one change touches', () => {
  const [everyone] = SUBJECTS;
  const policies: readonly Policy[] = [namespaced('NetworkPolicy x/p', everyone!, { ingress: [rule('r', [{ kind: 'workload', workload: { namespace: 'y', kind: 'Deployment', name: 'c' } }], 'any')] })];
  const snapshot = smallWorld('apart');

  it('is its own node, and the nodes whose rules name it', () => {
    const compiler = new NodeCompiler(adoptPolicies(policies), snapshot, digest);
    const c = snapshot.pods.get('y/c')!;
    const moved = { ...c, addresses: [address('10.1.0.33')] };
    expect(compiler.apply([{ kind: 'pod', key: 'y/c', pod: moved }]).changed.map(({ node }) => node)).toEqual(['n1', 'n2', 'n3']);
  });

  it('is nothing where no rule and no address is different', () => {
    const compiler = new NodeCompiler(adoptPolicies(policies), snapshot, digest);
    const c = snapshot.pods.get('y/c')!;
    expect(compiler.apply([{ kind: 'pod', key: 'y/c', pod: { ...c, labels: { ...c.labels, unrelated: 'yes' } } }])).toEqual({ changed: [], removed: [] });
  });

  it('is only the number where a new revision says the same', () => {
    const compiler = new NodeCompiler(adoptPolicies(policies), snapshot, digest);
    const next = { ...adoptPolicies(policies), number: 7 };
    expect(compiler.apply([{ kind: 'revision', revision: next }]).changed).toEqual([]);
    expect([...compiler.bundles().values()].map(({ revision }) => revision)).toEqual([7, 7, 7]);
    const [first] = compiler.bundles().values();
    expect(compareText(first!.hash, new NodeCompiler(next, snapshot, digest).bundles().get('n1')!.hash)).toBe(0);
  });
});

describe('the bundles of a compile', () => {
  it('share what is equal', () => {
    const policies = [namespaced('NetworkPolicy x/p', SUBJECTS[0]!, { ingress: [rule('r', 'any', 'any')] })];
    const bundles = [...new NodeCompiler(adoptPolicies(policies), smallWorld('apart'), digest).bundles().values()];
    expect(bundles[0]!.profiles[0]).toBe(bundles[1]!.profiles[0]);
  });

  it('close an address two pods claim where anything is enforced, and say so', () => {
    const snapshot = smallWorld('together');
    const a = snapshot.pods.get('x/a')!;
    const pods = new Map([...snapshot.pods, ['x/b', { ...snapshot.pods.get('x/b')!, addresses: a.addresses }] as const]);
    const compiled = (policies: readonly Policy[]): NodeCompiler => new NodeCompiler(adoptPolicies(policies), { ...snapshot, pods }, digest);
    const compiler = compiled([namespaced('NetworkPolicy x/p', SUBJECTS[0]!, { ingress: [] })]);
    const bundle = compiler.bundles().get('n1')!;
    expect(bundle.contested.map(({ text }) => text)).toEqual(a.addresses.map(({ text }) => text));
    expect(compiler.diagnostics().map(({ code, subject }) => `${code} ${subject}`)).toEqual(['address-contested Pod x/a', 'address-contested Pod x/b']);
    expect(renderRuleset(bundle)).toContain('10.1.0.1 : goto unknown');
    expect(renderRuleset(compiled([]).bundles().get('n1')!)).not.toContain(': goto unknown');
  });
});
