import { IS_LIVE, stampChains } from './connection-mark.ts';
import type { NftChain, NftRule } from './nft-object.ts';

/**
 * The part of a ruleset that is the same on every node, in the order it is written.
 *
 * It runs after service translation (priority -10) and before others' filters, it only ever
 * takes away, and packets that belong to no pod of this node leave it after a few look-ups.
 */
export function baseChains(): readonly NftChain[] {
  return [
    ...stampChains(),
    chain('unknown', 'closes what nobody vouches for: a pod not known yet, or an address two pods claim', [
      'counter drop',
    ]),
    chain('unknown_sender', 'reached where the sender is no known pod of this node', [
      'ip saddr @local4 goto unknown',
      'ip6 saddr @local6 goto unknown',
    ]),
    chain('unknown_receiver', 'reached where the receiver is no known pod of this node', [
      'ip daddr @local4 goto unknown',
      'ip6 daddr @local6 goto unknown',
    ]),
    chain('sane', 'failsafe, and what is no beginning of a connection', [
      rule('icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept', 'failsafe: neighbour discovery'),
      rule('ct state untracked accept', 'failsafe: what the node exempts from tracking has no replies to tell'),
      rule('ct state related meta l4proto { icmp, ipv6-icmp } accept', 'failsafe: errors about connections that are let through'),
      rule('ct state invalid counter drop', 'belongs to no connection'),
      rule('ct state new meta l4proto tcp tcp flags & (fin | syn | rst | ack) != syn counter drop', 'picks up a connection in the middle'),
    ]),
    chain('reply', 'answers whose connection has to be judged again: the same rules, mirrored', [
      'ip daddr vmap @out_reply4',
      'ip6 daddr vmap @out_reply6',
      'ip saddr vmap @in_reply4',
      'ip6 saddr vmap @in_reply6',
      'goto stamp',
    ]),
    chain('between', 'pods to pods and the world: what the sender may send, then what the receiver may receive', [
      'jump sane',
      rule('ip saddr . ip daddr @self4 goto stamp', 'a pod may always talk to itself'),
      rule('ip6 saddr . ip6 daddr @self6 goto stamp', 'a pod may always talk to itself'),
      'ct direction reply goto reply',
      'ip saddr vmap @out4',
      'ip6 saddr vmap @out6',
      'ip daddr vmap @in4',
      'ip6 daddr vmap @in6',
      'goto stamp',
    ]),
    chain('to_node', 'pods to their node: what the sender may send', [
      'jump sane',
      'ip saddr vmap @out4',
      'ip6 saddr vmap @out6',
      'goto stamp',
    ]),
    chain('from_node_reply', 'answers of the node to its pods', [
      'ip daddr vmap @out_reply4',
      'ip6 daddr vmap @out_reply6',
      'goto stamp',
    ]),
    chain('from_node', 'the node to its pods: what the receiver may receive', [
      'jump sane',
      'ct direction reply goto from_node_reply',
      rule('fib saddr type local goto stamp', 'failsafe: a node reaches its own pods, as the kubelet does to probe them'),
      'ip daddr vmap @in4',
      'ip6 daddr vmap @in6',
    ]),
    hook('forward', [
      IS_LIVE,
      'ip saddr @local4 goto between',
      'ip daddr @local4 goto between',
      'ip6 saddr @local6 goto between',
      'ip6 daddr @local6 goto between',
    ]),
    hook('input', [
      rule('iifname "lo" accept', 'failsafe: the node to itself'),
      IS_LIVE,
      rule('ct state established ct direction reply accept', 'failsafe: answers to what the node began'),
      'ip saddr @local4 goto to_node',
      'ip6 saddr @local6 goto to_node',
    ]),
    hook('output', [
      rule('oifname "lo" accept', 'failsafe: the node to itself'),
      rule('meta l4proto tcp tcp flags & rst == rst accept', 'failsafe: resets the node sends'),
      IS_LIVE,
      'ip daddr @local4 goto from_node',
      'ip6 daddr @local6 goto from_node',
    ]),
  ];
}

function chain(name: string, why: string, rules: readonly (string | NftRule)[]): NftChain {
  return { name, why, isStatic: true, rules: rules.map((each) => (typeof each === 'string' ? { text: each } : each)) };
}

function hook(name: 'forward' | 'input' | 'output', rules: readonly (string | NftRule)[]): NftChain {
  const calls = `type filter hook ${name} priority -10; policy accept;`;
  return { ...chain(name, `every packet the node sees at ${name}`, rules), hook: calls };
}

function rule(text: string, comment: string): NftRule {
  return { text, comment };
}
