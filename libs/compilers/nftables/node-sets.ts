import { type Address, compareAddresses, compareText, type Direction, type IpFamily } from '#model';

import { auditSet } from './deny-path.ts';
import { isGuardable } from './guardable-name.ts';
import type { Directions, GuardedLink, NodeBundle } from './node-bundle.ts';
import type { NftSet } from './nft-object.ts';
import { rulesOf } from './rule-numbers.ts';
import type { RulesetOptions } from './ruleset-options.ts';

const FAMILIES: readonly IpFamily[] = [4, 6];
const BOTH = ['ipv4', 'ipv6'];
const SSH_PORT = 22;
const LONGEST_TIMEOUT_SECONDS = 10 * 365 * 86_400;

/** The sets every ruleset has, whatever the policies. */
export function nodeSets(bundle: NodeBundle, options: RulesetOptions): readonly NftSet[] {
  return [...localSets(bundle), ...selfSets(bundle), ...auditSets(bundle), ...keptSets(options), ...senderSets(bundle, options), ...hostSets(bundle, options), ...identifySets(options)];
}

/** One set for each rule that ends: its elements last as long as the rule. */
export function expirySets({ profiles }: NodeBundle, { now }: RulesetOptions): readonly NftSet[] {
  const sets = new Map<string, NftSet>();
  for (const { expiry, policy, rule } of profiles.flatMap(rulesOf)) {
    if (expiry !== undefined && !sets.has(expiry.set)) sets.set(expiry.set, { ...plain(expiry.set, 'meta nfproto', `while ${policy} ${rule} lasts`, lasting(expiry.at, now)), hasTimeouts: true });
  }
  return [...sets.values()].sort((a, b) => compareText(a.name, b.name));
}

function lasting(until: number, now: number | undefined): readonly string[] {
  if (now === undefined) return BOTH;
  // rounded down: never longer than it was meant to last
  const seconds = Math.min(Math.floor((until - now) / 1000), LONGEST_TIMEOUT_SECONDS);
  return seconds >= 1 ? BOTH.map((family) => `${family} timeout ${String(seconds)}s`) : [];
}

function localSets({ local4, local6 }: NodeBundle): readonly NftSet[] {
  const why = 'addresses only pods of this node have';
  return [
    { ...plain('local4', 'ip saddr', why, local4), isInterval: true },
    { ...plain('local6', 'ip6 saddr', why, local6), isInterval: true },
  ];
}

/** Pairs of addresses of one pod: the one look-up that tells a pod talking to itself. */
function selfSets({ pods }: NodeBundle): readonly NftSet[] {
  return FAMILIES.map((family) => {
    const elements = pods.flatMap(({ addresses }) => {
      const own = addresses.filter((address) => address.family === family);
      return own.flatMap((from) => own.map((to) => `${from.text} . ${to.text}`));
    });
    return plain(`self${String(family)}`, family === 4 ? 'ip saddr . ip daddr' : 'ip6 saddr . ip6 daddr', 'pods of this node, with themselves', elements);
  });
}

function auditSets({ pods, host }: NodeBundle): readonly NftSet[] {
  const subjects: readonly (Directions & { readonly addresses: readonly Address[] })[] = host === undefined ? pods : [...pods, host];
  const setOf = (direction: Direction, family: IpFamily): NftSet => {
    const audited = subjects.filter(({ ingressMode, egressMode }) => (direction === 'ingress' ? ingressMode : egressMode) === 'audit');
    const what = direction === 'ingress' ? 'receive' : 'send';
    return plain(auditSet(direction, family), addressType(family), `who may ${what} what is denied, and is told of`, textsOf(audited.flatMap(({ addresses }) => addresses), family));
  };
  return FAMILIES.flatMap((family) => [setOf('egress', family), setOf('ingress', family)]);
}

function keptSets({ kept = [] }: RulesetOptions): readonly NftSet[] {
  const sorted = [...kept].sort((a, b) => compareAddresses(a.address, b.address));
  return FAMILIES.map((family) => {
    const elements = sorted.filter(({ address }) => address.family === family).map(({ address, forSeconds }) => (forSeconds === undefined ? address.text : `${address.text} timeout ${String(forSeconds)}s`));
    return { ...plain(`keep${String(family)}`, addressType(family), 'whose connections from before stay, for as long as the element does', elements), hasTimeouts: true };
  });
}

function senderSets({ pods, bridges = [], failMode }: NodeBundle, { isUnattended = false }: RulesetOptions): readonly NftSet[] {
  const alone = pods.flatMap(({ interface: name, addresses }): readonly GuardedLink[] => (name === undefined ? [] : [{ interface: name, addresses }]));
  const links = [...alone, ...pods.flatMap((pod) => pod.links ?? [])].filter((link) => isGuardable(link.interface));
  // strangers who are let through because nobody is there to vouch for them are let through here, too
  const shared = failMode === 'open-unattended' && isUnattended ? [] : bridges.filter(isGuardable);
  const names = [...new Set([...alone.map((link) => link.interface).filter(isGuardable), ...shared])].sort(compareText);
  const pairs = (family: IpFamily): readonly string[] => [...new Set(links.flatMap((link) => textsOf(link.addresses, family).map((text) => `"${link.interface}" . ${text}`)))].sort(compareText);
  return [
    plain('guarded', 'iifname', 'interfaces behind which only pods we know may speak', names.map((name) => `"${name}"`)),
    ...FAMILIES.map((family) => plain(`senders${String(family)}`, `iifname . ${addressType(family)}`, 'which addresses are whose', pairs(family))),
  ];
}

function hostSets({ host }: NodeBundle, { now, hostUntil }: RulesetOptions): readonly NftSet[] {
  const ways = host === undefined ? [] : portTexts([host.sshPort ?? SSH_PORT, ...(host.channelPort === undefined ? [] : [host.channelPort])]);
  // rounded up: this is for when nobody is left to take them away in time
  const judged = host === undefined ? [] : hostUntil === undefined ? BOTH : lasting(hostUntil + 999, now);
  const asking = host === undefined ? [] : ['udp . 67', 'udp . 547'];
  const answering = host === undefined ? [] : ['udp . 68', 'udp . 546'];
  return [
    { ...plain('host', 'meta nfproto', 'families in which the node itself is judged', judged), hasTimeouts: true },
    plain('host_ports_in', PORT, 'where the node is always reached', [...ways, ...answering]),
    plain('host_ports_out', PORT, 'what the node always reaches', [...ways, ...asking]),
  ];
}

function portTexts(ports: readonly number[]): readonly string[] {
  return [...new Set(ports)].sort((a, b) => a - b).map((port) => `tcp . ${String(port)}`);
}

function identifySets({ isIdentifying = false }: RulesetOptions): readonly NftSet[] {
  return [
    plain('identify', 'meta nfproto', 'families in which first payloads are shown', isIdentifying ? BOTH : []),
    ...FAMILIES.map((family) => ({ ...plain(`spoken${String(family)}`, `${family === 4 ? 'ip' : 'ip6'} daddr . ${PORT}`, 'sockets whose application is known', []), hasTimeouts: true })),
    plain('name_ports', PORT, 'where names are asked for', isIdentifying ? ['tcp . 53', 'udp . 53'] : []),
  ];
}

const PORT = 'meta l4proto . th dport';

function plain(name: string, keyType: string, why: string, elements: readonly string[]): NftSet {
  return { name, keyType, isInterval: false, why, elements };
}

function addressType(family: IpFamily): string {
  return family === 4 ? 'ip saddr' : 'ip6 saddr';
}

function textsOf(addresses: readonly Address[], family: IpFamily): readonly string[] {
  const unique = new Map(addresses.filter((address) => address.family === family).map((address) => [address.text, address]));
  return [...unique.values()].sort(compareAddresses).map(({ text }) => text);
}
