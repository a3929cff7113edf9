import { describe, expect, it } from '@jest/globals';

import type { DispatchEntry, EnforcementMode, FailMode, NodeBundle, Profile } from '#compilers/nftables';

import { random } from '../../test/support/large-cluster.ts';
import { bundleWith, makePod, makeProfile, peerAddress, podAddress } from '../../test/support/node-bundles.ts';
import { FakeDriver } from './fake-driver.ts';
import { NodeTable } from './node-table.ts';

const SEEDS = Array.from({ length: 30 }, (_, at) => at + 1);
const STEPS = 40;
const START = Date.UTC(2026, 0, 1);

/** A bundle with something of everything: few of each, so that steps meet. */
function randomBundle(next: () => number, at: number): NodeBundle {
  const pick = <T>(...values: readonly T[]): T => values[Math.floor(next() * values.length)]!;
  const some = (count: number): readonly number[] => Array.from({ length: count }, (_, place) => place).filter(() => next() < 0.6);
  const mode = (): EnforcementMode | undefined => pick<EnforcementMode | undefined>(undefined, undefined, 'enforce', 'audit', 'observe');
  const profiles = [0, 1, ...(next() < 0.3 ? [2] : [])].map((place) => ending(makeProfile(place, some(6).map((each) => peerAddress(each).text)), pick(0, 0, START + 60_000, START + 5_000_000)));
  const pods = some(5).map((place): DispatchEntry => {
    const [ingressMode, isOpen] = [mode(), next() < 0.2];
    const { pod, addresses, ingress } = makePod(place, 2);
    return { pod, addresses: next() < 0.2 ? addresses.slice(0, 1) : addresses, ...(isOpen || ingress === undefined ? {} : { ingress }), ...(ingressMode === undefined ? {} : { ingressMode }), ...(next() < 0.3 ? { interface: `veth${String(place)}` } : {}), ...(next() < 0.3 ? { links: [{ interface: 'br-a', addresses: addresses.slice(0, 1) }] } : {}) };
  });
  const host = next() < 0.2 ? { host: { addresses: [peerAddress(900)], ingress: profiles[0]!.name, sshPort: pick(22, 2222) } } : {};
  return {
    ...bundleWith(pods, profiles, `h${String(at)}`),
    revision: at,
    local4: pick(['10.64.0.0/14'], ['10.64.0.0/15', '192.0.2.0/28'], []),
    contested: some(2).map((place) => podAddress(4, 50 + place)),
    failMode: pick<FailMode>('closed', 'closed', 'open', 'open-unattended'),
    ...(next() < 0.5 ? { bridges: pick(['br-a'], ['br-a', 'br-b']) } : {}),
    ...host,
  };
}

/** The name stands for the rules, so a profile whose rules end at another time is called something else. */
function ending(profile: Profile, at: number): Profile {
  if (at === 0) return profile;
  const name = `${profile.name}_${at === START + 60_000 ? 'soon' : 'late'}`;
  return { ...profile, name, digest: `${profile.digest} ${String(at)}`, namespaced: profile.namespaced.map((rule) => ({ ...rule, expiry: { set: `e_${name}`, at } })) };
}

function renamed(bundle: NodeBundle): NodeBundle {
  const names = new Map(bundle.profiles.map(({ name }) => [name.slice(0, 'i_app_0000'.length), name]));
  const { host } = bundle;
  const follows = (ingress: string): string => names.get(ingress.slice(0, 'i_app_0000'.length)) ?? ingress;
  return { ...bundle, ...(host?.ingress === undefined ? {} : { host: { ...host, ingress: follows(host.ingress) } }), pods: bundle.pods.map((pod) => (pod.ingress === undefined ? pod : { ...pod, ingress: follows(pod.ingress) })) };
}

describe('a walk through bundles', () => {
  it.each(SEEDS)('holds at every step what laying out that bundle alone gives: seed %d', (seed) => {
    const next = random(seed);
    let now = START;
    const driver = new FakeDriver(() => now);
    const table = new NodeTable({ driver, now: () => now });
    let changed = 0;
    let bundle = renamed(randomBundle(next, 0));
    for (let at = 1; at <= STEPS; at += 1) {
      const fresh = renamed(randomBundle(next, at));
      // mostly one thing at a time, so that the same rules meet other members
      const { pods } = next() < 0.6 ? fresh : bundle;
      const { profiles } = next() < 0.3 ? fresh : bundle;
      bundle = next() < 0.15 ? fresh : renamed({ ...bundle, pods, profiles, hash: fresh.hash, revision: at, ...(next() < 0.3 ? { contested: fresh.contested } : {}), ...(next() < 0.2 ? { local4: fresh.local4 } : {}) });
      const keep = next() < 0.1 ? { keep: [{ address: peerAddress(at), forSeconds: 30 }] } : {};
      if (next() < 0.1) table.setUnattended(next() < 0.5);
      const report = table.apply(bundle, keep);
      expect(report.kind === 'failed' ? report : 'applied').toBe('applied');
      if (report.kind === 'applied' && report.how === 'changed') changed += 1;
      expect({ at, differences: table.verify() }).toEqual({ at, differences: [] });
      now += Math.floor(next() * 4_000);
    }
    expect(changed).toBeGreaterThan(STEPS / 2);
  });
});
