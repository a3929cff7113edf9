import { describe, expect, it } from '@jest/globals';

import type { NodeBundle } from '#compilers/nftables';

import { bundleWith, makePod, makeProfile, podAddress } from '../../../test/support/node-bundles.ts';
import { BundleCheck } from './bundle-check.ts';

const profiles = [makeProfile(0, ['192.0.2.1']), makeProfile(1, ['198.51.100.0/24'])];
const good = bundleWith([{ ...makePod(0, 2), interface: 'veth0' }, { ...makePod(1, 2), links: [{ interface: 'br-0a1b', addresses: [podAddress(4, 1), podAddress(6, 1)] }] }], profiles);
const FORGED = '192.0.2.1 } ; flush ruleset ; add element inet ringfence local4 { 192.0.2.2';

const forgeries: readonly [string, NodeBundle][] = [
  ['an element of a peer set', { ...good, profiles: [makeProfile(0, [FORGED]), profiles[1]!] }],
  ['a rule behind a profile of the same name', { ...good, profiles: [{ ...profiles[0]!, namespaced: profiles[0]!.namespaced.map((rule) => ({ ...rule, expiry: { set: 'e; flush ruleset; #', at: 5 } })) }, profiles[1]!] }],
  ['an address of a pod', { ...good, pods: [{ ...good.pods[0]!, addresses: [{ ...podAddress(4, 0), text: FORGED }] }, good.pods[1]!] }],
  ['a block of the node', { ...good, local4: [FORGED] }],
  ['a contested address', { ...good, contested: [{ ...podAddress(4, 9), text: FORGED }] }],
  ['a profile the node itself follows', { ...good, host: { addresses: [], ingress: 'i_app_0000 ; drop' } }],
];

describe('a bundle somebody else wrote', () => {
  it('passes where it says nothing but elements and names of ours', () => {
    const check = new BundleCheck();
    expect(check.fault({ ...good, bridges: ['br-0a1b'] })).toBeUndefined();
    expect(check.fault({ ...good, pods: good.pods.slice(1) })).toBeUndefined();
    expect(check.fault({ ...good, profiles: [makeProfile(0, ['192.0.2.9']), profiles[1]!] })).toBeUndefined();
  });

  it.each(forgeries)('does not where it forges %s, whether it comes first or after one that passed', (_what, forged) => {
    expect(new BundleCheck().fault(forged)).toMatch(/is no|cannot be laid out/);
    const check = new BundleCheck();
    expect(check.fault(good)).toBeUndefined();
    expect(check.fault(forged)).toMatch(/is no|cannot be laid out/);
    // what did not pass is nothing to go on from
    expect(check.fault(forged)).toMatch(/is no|cannot be laid out/);
    expect(check.fault(good)).toBeUndefined();
  });
});
