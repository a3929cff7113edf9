import type { NftChain } from './nft-object.ts';
import { commented as rule, staticChain as chain } from './static-chain.ts';

/**
 * What the node itself sends and receives, where its own policy is asked for (host mode): the set
 * `host` is empty where it is not, and then every one of these lets through without a look.
 *
 *   input  ── pods, after their own rules ─► host_receives ◄─ others ── input
 *   output ── to others ─► host_sends;   answers either way are judged by the mirrored profile
 *
 * The ways in that keep the node reachable come before anything that drops.
 */
export function hostChains(kept: string): readonly NftChain[] {
  return [
    chain('host_receives', 'what the node itself may receive', [
      rule('meta l4proto . th dport @host_ports_in goto stamp', 'failsafe: ways to log in, our own channel, addresses from DHCP'),
      'jump sane',
      kept,
      'meta nfproto vmap @host_in',
      'goto stamp',
    ]),
    chain('host_answers', 'answers of the node itself', [
      rule('meta l4proto . th sport @host_ports_in goto stamp', 'failsafe: answers to those who logged in'),
      kept,
      'meta nfproto vmap @host_in_reply',
      'goto stamp',
    ]),
    chain('host_sends', 'what the node itself may send', [
      'ct direction reply goto host_answers',
      rule('meta l4proto . th dport @host_ports_out goto stamp', 'failsafe: ways to log in, our own channel, asking for addresses'),
      'jump sane',
      kept,
      'meta nfproto vmap @host_out',
      'goto stamp',
    ]),
    chain('host_asked', 'answers to what the node itself sent', [
      rule('meta l4proto . th sport @host_ports_out goto stamp', 'failsafe: answers on our own channel'),
      rule('ip saddr @local4 accept', 'failsafe: a node reaches its own pods'),
      rule('ip6 saddr @local6 accept', 'failsafe: a node reaches its own pods'),
      kept,
      'meta nfproto vmap @host_out_reply',
      'goto stamp',
    ]),
    chain('answers', 'answers to what the node began', ['meta nfproto @host goto host_asked']),
    chain('from_others', 'who is no pod of this node, to the node', ['meta nfproto @host goto host_receives']),
    chain('to_others', 'the node to who is no pod of it', ['meta nfproto @host goto host_sends']),
  ];
}
