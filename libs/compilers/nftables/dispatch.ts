import { compareAddresses, type Address, type IpFamily } from '#model';

import type { DispatchEntry, NodeBundle } from './node-bundle.ts';
import { mirrorOf } from './profile-chains.ts';
import type { NftMap, NftSet } from './nft-object.ts';

/** Where a packet of each pod goes: by sender into what it may send, by receiver into what it may receive; and mirrored for answers. */
export function dispatchMaps(bundle: NodeBundle): readonly NftMap[] {
  return ([4, 6] as const).flatMap((family) => [
    dispatchMap(bundle, family, `out${String(family)}`, 'what each pod may send', egressVerdict, 'unknown_sender'),
    dispatchMap(bundle, family, `in${String(family)}`, 'what each pod may receive', ingressVerdict, 'unknown_receiver'),
    dispatchMap(bundle, family, `out_reply${String(family)}`, 'answers to what each pod sent', (entry) => egressVerdict(entry, mirrorOf), 'unknown_receiver'),
    dispatchMap(bundle, family, `in_reply${String(family)}`, 'answers of each pod', (entry) => ingressVerdict(entry, mirrorOf), 'unknown_sender'),
  ]);
}

/** Pairs of addresses of one pod: the one look-up that tells a pod talking to itself. */
export function selfSets({ pods }: NodeBundle): readonly NftSet[] {
  return ([4, 6] as const).map((family) => {
    const elements = pods.flatMap(({ addresses }) => {
      const own = addresses.filter((address) => address.family === family);
      return own.flatMap((from) => own.map((to) => `${from.text} . ${to.text}`));
    });
    const keyType = family === 4 ? 'ip saddr . ip daddr' : 'ip6 saddr . ip6 daddr';
    return { name: `self${String(family)}`, keyType, isInterval: false, why: 'pods of this node, with themselves', elements };
  });
}

type VerdictOf = (entry: DispatchEntry) => string;

function dispatchMap(bundle: NodeBundle, family: IpFamily, name: string, why: string, verdictOf: VerdictOf, otherwise: string): NftMap {
  const placed: { readonly address: Address; readonly verdict: string }[] = [];
  for (const entry of bundle.pods) for (const address of entry.addresses) placed.push({ address, verdict: verdictOf(entry) });
  for (const address of bundle.contested) placed.push({ address, verdict: 'goto unknown' });
  const elements = placed
    .filter(({ address }) => address.family === family)
    .sort((a, b) => compareAddresses(a.address, b.address))
    .map(({ address, verdict }) => ({ key: address.text, verdict }));
  // `*` stands for every other address
  elements.push({ key: '*', verdict: `jump ${otherwise}` });
  return { name, keyType: family === 4 ? 'ip saddr' : 'ip6 saddr', why, elements };
}

function egressVerdict({ egress }: DispatchEntry, named = asIs): string {
  return egress === undefined ? 'continue' : `jump ${named(egress)}`;
}

function ingressVerdict({ ingress }: DispatchEntry, named = asIs): string {
  return ingress === undefined ? 'goto stamp' : `goto ${named(ingress)}`;
}

function asIs(chain: string): string {
  return chain;
}
