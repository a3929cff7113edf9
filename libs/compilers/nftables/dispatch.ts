import { compareAddresses, type Address, type IpFamily } from '#model';

import type { Directions, NodeBundle } from './node-bundle.ts';
import type { NftMap } from './nft-object.ts';
import { mirrorOf } from './profile-chains.ts';
import type { RulesetOptions } from './ruleset-options.ts';

/** Where a packet of each pod goes: by sender into what it may send, by receiver into what it may receive; and mirrored for answers. */
export function dispatchMaps(bundle: NodeBundle, { isUnattended = false }: RulesetOptions): readonly NftMap[] {
  const isOpen = bundle.failMode === 'open' || (bundle.failMode === 'open-unattended' && isUnattended);
  const [sender, receiver] = isOpen ? ['continue', 'continue'] : ['jump unknown_sender', 'jump unknown_receiver'];
  return ([4, 6] as const).flatMap((family) => [
    dispatchMap(bundle, family, `out${String(family)}`, 'what each pod may send', egressVerdict, sender),
    dispatchMap(bundle, family, `in${String(family)}`, 'what each pod may receive', ingressVerdict, receiver),
    dispatchMap(bundle, family, `out_reply${String(family)}`, 'answers to what each pod sent', (entry) => egressVerdict(entry, mirrorOf), receiver),
    dispatchMap(bundle, family, `in_reply${String(family)}`, 'answers of each pod', (entry) => ingressVerdict(entry, mirrorOf), sender),
  ]);
}

/** Where packets of the node itself go; empty where its traffic is its own business. */
export function hostMaps({ host }: NodeBundle): readonly NftMap[] {
  const map = (name: string, why: string, verdict: string | undefined): NftMap => ({
    name,
    keyType: 'meta nfproto',
    why,
    elements: verdict === undefined ? [] : [
      { key: 'ipv4', verdict },
      { key: 'ipv6', verdict },
    ],
  });
  return [
    map('host_in', 'what the node itself may receive', host && ingressVerdict(host)),
    map('host_out', 'what the node itself may send', host && egressVerdict(host)),
    map('host_in_reply', 'answers of the node itself', host && ingressVerdict(host, mirrorOf)),
    map('host_out_reply', 'answers to what the node itself sent', host && egressVerdict(host, mirrorOf)),
  ];
}

/** Whether anything of a pod may be dropped: only then is who nobody knows closed. */
export function isEnforcing(pods: readonly Directions[]): boolean {
  return pods.some(
    ({ ingress, egress, ingressMode = 'enforce', egressMode = 'enforce' }) => (ingress !== undefined && ingressMode === 'enforce') || (egress !== undefined && egressMode === 'enforce'),
  );
}

type VerdictOf = (entry: Directions) => string;

function dispatchMap(bundle: NodeBundle, family: IpFamily, name: string, why: string, verdictOf: VerdictOf, otherwise: string): NftMap {
  const placed: { readonly address: Address; readonly verdict: string }[] = [];
  for (const entry of bundle.pods) for (const address of entry.addresses) placed.push({ address, verdict: verdictOf(entry) });
  for (const address of bundle.contested) placed.push({ address, verdict: 'goto unknown' });
  const elements = placed
    .filter(({ address }) => address.family === family)
    .sort((a, b) => compareAddresses(a.address, b.address))
    .map(({ address, verdict }) => ({ key: address.text, verdict }));
  // `*` stands for every other address
  elements.push({ key: '*', verdict: otherwise });
  return { name, keyType: family === 4 ? 'ip saddr' : 'ip6 saddr', why, elements };
}

function egressVerdict({ egress, egressMode }: Directions, named = asIs): string {
  return egress === undefined || egressMode === 'observe' ? 'continue' : `jump ${named(egress)}`;
}

function ingressVerdict({ ingress, ingressMode }: Directions, named = asIs): string {
  return ingress === undefined || ingressMode === 'observe' ? 'continue' : `jump ${named(ingress)}`;
}

function asIs(chain: string): string {
  return chain;
}
