import { logStatement } from './log-statement.ts';
import type { NftChain } from './nft-object.ts';
import { commented as rule, hookChain, staticChain as chain } from './static-chain.ts';

// before connections are tracked: what is dropped here makes none
const PRIORITY = -310;

/** Keeps whoever is behind a guarded interface to the addresses that are theirs; where none is guarded, nothing happens. */
export function senderChains(): readonly NftChain[] {
  return [
    chain('guarded_sender', 'a pod speaks from its own addresses only', [
      'iifname . ip saddr @senders4 accept',
      'iifname . ip6 saddr @senders6 accept',
      rule(
        'icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-report, mld-listener-done, mld2-listener-report } accept',
        'failsafe: neighbour discovery, which speaks from link-local addresses',
      ),
      rule('ip saddr 0.0.0.0 udp dport 67 accept', 'failsafe: asking for an address'),
      rule('ip6 saddr fe80::/10 udp dport 547 accept', 'failsafe: asking for an address'),
      logStatement('S'),
      'counter drop',
    ]),
    hookChain('prerouting', PRIORITY, ['iifname @guarded goto guarded_sender']),
  ];
}
