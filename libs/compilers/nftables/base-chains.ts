import { hasNone, isLive, type MarkLayout, stampChains } from './connection-mark.ts';
import { hostChains } from './host-chains.ts';
import { identifyChains } from './identify-chains.ts';
import { logEither } from './log-statement.ts';
import type { NftChain } from './nft-object.ts';
import { senderChains } from './sender-chains.ts';
import { commented as rule, hookChain, staticChain as chain } from './static-chain.ts';

// after service translation, before others' filters
const PRIORITY = -10;

/**
 * The part of a ruleset that is the same on every node, in the order it is written.
 *
 * It only ever takes away, and packets that belong to no pod of this node leave it after a few
 * look-ups. Every map that jumps is reached on one way from each hook: the kernel walks all ways
 * whenever such a map gets an element.
 */
export function baseChains(layout: MarkLayout): readonly NftChain[] {
  const kept = `ct state established,related ${hasNone(layout.pending | layout.temporary)} jump kept`;
  return [
    ...identifyChains(layout),
    ...stampChains(layout),
    chain('unknown', 'closes what nobody vouches for: a pod not known yet, or an address two pods claim', [...logEither('U'), 'counter drop']),
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
      rule('icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } accept', 'failsafe: switches learn from it where neighbours listen'),
      rule('ct state untracked accept', 'failsafe: what the node exempts from tracking has no replies to tell'),
      rule('ct state related meta l4proto { icmp, ipv6-icmp } accept', 'failsafe: errors about connections that are let through'),
      rule('ct state invalid counter drop', 'belongs to no connection'),
      rule('ct state new meta l4proto tcp tcp flags & (fin | syn | rst | ack) != syn counter drop', 'picks up a connection in the middle'),
    ]),
    chain('kept', 'connections from before, of pods whose old connections stay: not stamped, so that they end with the element', [
      'ip saddr @keep4 accept',
      'ip daddr @keep4 accept',
      'ip6 saddr @keep6 accept',
      'ip6 daddr @keep6 accept',
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
      kept,
      rule('ip saddr . ip daddr @self4 goto stamp', 'a pod may always talk to itself'),
      rule('ip6 saddr . ip6 daddr @self6 goto stamp', 'a pod may always talk to itself'),
      'ct direction reply goto reply',
      'ip saddr vmap @out4',
      'ip6 saddr vmap @out6',
      'ip daddr vmap @in4',
      'ip6 daddr vmap @in6',
      'goto stamp',
    ]),
    ...hostChains(kept),
    chain('to_node', 'pods to their node: what the sender may send', [
      'jump sane',
      kept,
      'ip saddr vmap @out4',
      'ip6 saddr vmap @out6',
      'meta nfproto @host goto host_receives',
      'goto stamp',
    ]),
    chain('from_node_reply', 'answers of the node to its pods', [
      'ip daddr vmap @out_reply4',
      'ip6 daddr vmap @out_reply6',
      'meta nfproto @host goto host_answers',
      'goto stamp',
    ]),
    chain('from_node', 'the node to its pods: what the receiver may receive', [
      'jump sane',
      kept,
      'ct direction reply goto from_node_reply',
      rule('fib saddr type local goto stamp', 'failsafe: a node reaches its own pods, as the kubelet does to probe them'),
      'ip daddr vmap @in4',
      'ip6 daddr vmap @in6',
      'goto stamp',
    ]),
    ...senderChains(),
    hookChain('forward', PRIORITY, [
      isLive(layout),
      'ip saddr != @local4 ip daddr != @local4 accept',
      'ip6 saddr != @local6 ip6 daddr != @local6 accept',
      'goto between',
    ]),
    hookChain('input', PRIORITY, [
      rule('iifname "lo" accept', 'failsafe: the node to itself'),
      isLive(layout),
      'ct state established ct direction reply goto answers',
      'ip saddr != @local4 goto from_others',
      'ip6 saddr != @local6 goto from_others',
      'goto to_node',
    ]),
    hookChain('output', PRIORITY, [
      rule('oifname "lo" accept', 'failsafe: the node to itself'),
      rule('meta l4proto tcp tcp flags & rst == rst accept', 'failsafe: resets the node sends'),
      isLive(layout),
      'ip daddr != @local4 goto to_others',
      'ip6 daddr != @local6 goto to_others',
      'goto from_node',
    ]),
  ];
}
