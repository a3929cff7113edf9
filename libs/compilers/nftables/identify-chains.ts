import { HAS_PAYLOAD, hasNone, type MarkLayout, setMark } from './connection-mark.ts';
import { logEither, logStatement } from './log-statement.ts';
import type { NftChain } from './nft-object.ts';
import { commented as rule, staticChain as chain } from './static-chain.ts';

/**
 * Shows the first payload of each connection that is let through, and answers of name servers, to
 * whoever tells protocols apart; decides nothing. Asked for by elements of the set `identify`.
 *
 * Sockets whose application is known are elements of `spoken4` and `spoken6`, and left alone. Any
 * other connection stays pending, and so on the slow path, until its first payload has been seen;
 * those to name servers stay temporary for as long as they live.
 */
export function identifyChains(layout: MarkLayout): readonly NftChain[] {
  return [
    chain('first_payload', 'the first payload of a connection, in whichever direction', logEither('P')),
    chain('identify', 'shows what is spoken; decides nothing', [
      `meta l4proto . th dport @name_ports ${setMark(layout.temporary, layout.temporary)} return`,
      rule(`meta l4proto . th sport @name_ports ct direction reply ${logStatement('N')} return`, 'answers of name servers'),
      rule(`ct state established ${hasNone(layout.pending)} return`, 'its first payload has been seen'),
      rule('ct state new ip daddr . meta l4proto . th dport @spoken4 return', 'known already'),
      rule('ct state new ip6 daddr . meta l4proto . th dport @spoken6 return', 'known already'),
      `${HAS_PAYLOAD} goto first_payload`,
      `meta l4proto { tcp, udp } ${setMark(layout.pending, layout.pending)}`,
    ]),
  ];
}
