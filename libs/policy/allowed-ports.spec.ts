import { describe, expect, it } from '@jest/globals';

import { adoptPolicies, AllowedPorts, createEvaluator, hasPort, layerPolicies, type PoliciesInForce } from '#policy';
import type { Json, Policy, Pod, Protocol } from '#model';
import { clusterPolicy, networkPolicy, pod } from '../../test/support/policies.ts';
import { namespace, world } from '../../test/support/worlds.ts';

/** A small generator with a seed, so that a failing world can be named. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const NAMESPACES = ['x', 'y'] as const;
const NAMES = ['a', 'b'] as const;
const PROBES: readonly (readonly [number, Protocol])[] = [[79, 'TCP'], [80, 'TCP'], [85, 'TCP'], [53, 'UDP'], [80, 'SCTP'], [0, 'ICMP']];

function randomWorld(seed: number): { readonly policies: readonly Policy[]; readonly pods: readonly Pod[] } {
  const random = generator(seed);
  const pick = <T>(items: readonly T[]): T => items[random(items.length)] as T;
  const some = <T>(make: () => T, most: number): readonly T[] => Array.from({ length: random(most + 1) }, make);
  const selector = (key: string, values: readonly string[]): Json => pick<Json>([{}, { matchLabels: { [key]: pick(values) } }, { matchExpressions: [{ key, operator: 'NotIn', values: [pick(values)] }] }]);
  const space = (): Json => selector('ns', NAMESPACES);
  const own = (): Json => selector('pod', NAMES);
  const peer = (): Json => pick<Json>([{ podSelector: own() }, { namespaceSelector: space() }, { namespaceSelector: space(), podSelector: own() }, { ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.1.0/24'] } }, { ipBlock: { cidr: 'fd00::/16', except: ['fd00:0:0:1::/64'] } }]);
  const port = (): Json => pick<Json>([{ port: 80 }, { port: 80, endPort: 90 }, { port: 'dns', protocol: 'UDP' }, { protocol: 'SCTP' }, {}]);
  const netpol = (): Policy =>
    networkPolicy(`${pick(NAMESPACES)}/p${String(random(9))}`, {
      podSelector: own(),
      policyTypes: pick<Json>([['Ingress'], ['Egress'], ['Ingress', 'Egress']]),
      ingress: [...some(() => ({ from: [...some(peer, 2)], ports: [...some(port, 2)] }), 2)],
      egress: [...some(() => ({ to: [...some(peer, 2)], ports: [...some(port, 2)] }), 2)],
    });
  const protocol = (): Json => pick<Json>([{ tcp: { destinationPort: { number: 80 } } }, { udp: { destinationPort: { range: { start: 50, end: 60 } } } }, { destinationNamedPort: 'dns' }]);
  const subject = (): Json => pick<Json>([{ namespaces: space() }, { pods: { namespaceSelector: space(), podSelector: own() } }]);
  const adminRule = (peers: string) => (): Json => ({ action: pick(['Accept', 'Deny', 'Pass']), [peers]: [subject()], ...(random(2) === 0 ? {} : { protocols: [protocol()] }) });
  const admin = (): Policy =>
    clusterPolicy(`c${String(random(9))}`, { tier: pick(['Admin', 'Baseline']), priority: random(3), subject: subject(), ingress: [...some(adminRule('from'), 3)], egress: [...some(adminRule('to'), 3)] });
  const pods = NAMESPACES.flatMap((ns, index) =>
    NAMES.map((name, at) => pod(`${ns}/${name}`, [`10.0.${String(index)}.${String(at + 1)}`, `fd00:0:0:${String(index)}::${String(at + 1)}`], { labels: { pod: name }, ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] })),
  );
  return { policies: [...some(netpol, 3), ...some(admin, 3)], pods };
}

describe('sets of ports agree with evaluate, port by port', () => {
  const seeds = Array.from({ length: 300 }, (_, index) => index + 1);
  const byName = (policies: readonly Policy[]): PoliciesInForce => layerPolicies(adoptPolicies(policies), ({ name }) => (/[02468]$/.test(name) ? 'enforcers' : 'network'));
  it.each<readonly [string, (policies: readonly Policy[]) => PoliciesInForce, number]>([
    ['enforced by one', adoptPolicies, 2_000],
    ['enforced by two', byName, 1_900],
  ])('in three hundred random worlds, %s', (_what, inForceOf, least) => {
    const seen = { allow: 0, deny: 0 };
    const disagreements: string[] = [];
    for (const seed of seeds) {
      const { policies, pods } = randomWorld(seed);
      const snapshot = world({ namespaces: NAMESPACES.map((name) => namespace(name, { ns: name })), pods });
      const inForce = inForceOf(policies);
      const allowed = new AllowedPorts(inForce, snapshot);
      const evaluator = createEvaluator(inForce, snapshot);
      for (const [from, to, family] of pods.flatMap((one) => pods.flatMap((other) => ([0, 1] as const).map((at) => [one, other, at] as const)))) {
        const ends = [from, to].map((each) => ({ address: each.addresses[family]!, pod: each }));
        const set = allowed.between(ends[0]!, ends[1]!);
        for (const [port, protocol] of PROBES) {
          const { decision } = evaluator.evaluate({ from: { kind: 'pod', ...ends[0]! }, to: { kind: 'pod', ...ends[1]! }, protocol, port });
          if (decision !== 'unknown') seen[decision] += 1;
          if ((decision === 'allow') !== hasPort(set, protocol, port)) disagreements.push(`seed ${String(seed)}: ${from.name} to ${to.name} ${String(port)}/${protocol}`);
        }
      }
    }
    expect(disagreements).toEqual([]);
    // a generator that only ever opens or closes would prove nothing
    expect(Math.min(seen.allow, seen.deny)).toBeGreaterThan(least);
  });
});

describe('what is not known', () => {
  const snapshot = world({ pods: [pod('shop/web', ['10.0.0.1']), pod('mon/prom', ['10.0.0.2'])] });
  const ends = ['mon/prom', 'shop/web'].map((key) => ({ pod: snapshot.pods.get(key)!, address: snapshot.pods.get(key)!.addresses[0]! }));
  const rule = (action: string): Json => ({ action, from: [{ namespaces: { matchLabels: { team: 'ops' } } }] });
  it.each<readonly [string, readonly string[], number, number]>([
    ['an uncertain allowance counts only as possible', ['Accept', 'deny-all'], 0, 5],
    ['an uncertain denial counts as certain', ['Deny'], 0, 5],
    ['an uncertain pass is neither here nor there', ['Pass', 'deny-all'], 0, 5],
  ])('%s', (_why, actions, certain, possible) => {
    const rules = actions.map((action): Json => (action === 'deny-all' ? { action: 'Deny', from: [{ namespaces: {} }] } : rule(action)));
    const policy = clusterPolicy('a', { tier: 'Admin', priority: 1, subject: { namespaces: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } }, ingress: rules });
    const allowed = new AllowedPorts(adoptPolicies([policy]), snapshot);
    const sizes = (['certain', 'possible'] as const).map((reading) => allowed.between(ends[0]!, ends[1]!, 'any', reading).length);
    expect(sizes.map((size) => size > 0)).toEqual([certain > 0, possible > 0]);
  });
});
