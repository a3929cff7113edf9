import { type Address, parseAddress } from '#model';
import { type Answer, decode, type DecodedPacket } from 'dns-packet';

import { hostNameIn } from './protocol-signature.ts';

/** What a name server answered: the name that was asked for, and its addresses. */
export interface DnsAnswer {
  readonly name: string;
  readonly addresses: readonly { readonly address: Address; readonly ttlSeconds: number }[];
}

const MOST_ADDRESSES = 64;
const LONGEST = 4_096;

/**
 * Reads the payload of an answer, or gives undefined for anything else: a query, an error, no
 * addresses, or bytes nothing can be made of.
 *
 * Only addresses that follow from the question by aliases count, so that what else is in an answer
 * names nothing. The time to live is the shortest on the way.
 */
export function readDnsAnswer(bytes: Buffer, start: number, end: number, transport: 'TCP' | 'UDP'): DnsAnswer | undefined {
  const from = transport === 'TCP' ? start + 2 : start;
  if (end - from < 12 || end - from > LONGEST) return undefined;
  let packet: DecodedPacket;
  try {
    packet = decode(bytes.subarray(from, end));
  } catch {
    return undefined;
  }
  if (packet.type !== 'response' || (packet as { readonly rcode?: string }).rcode !== 'NOERROR') return undefined;
  const [question] = packet.questions ?? [];
  const name = question === undefined ? undefined : hostNameIn(question.name);
  if (name === undefined || packet.questions?.length !== 1) return undefined;
  const addresses = addressesOf(name, packet.answers ?? []);
  return addresses.length === 0 ? undefined : { name, addresses };
}

function addressesOf(name: string, answers: readonly Answer[]): DnsAnswer['addresses'] {
  const livesFor = new Map([[name, Number.POSITIVE_INFINITY]]);
  const found: DnsAnswer['addresses'][number][] = [];
  for (const answer of answers) {
    if (found.length >= MOST_ADDRESSES) break;
    if (answer.type !== 'CNAME' && answer.type !== 'A' && answer.type !== 'AAAA') continue;
    const soFar = livesFor.get(answer.name.toLowerCase());
    if (soFar === undefined) continue;
    const ttlSeconds = Math.min(soFar, answer.ttl ?? 0);
    if (answer.type === 'CNAME') {
      livesFor.set(answer.data.toLowerCase(), ttlSeconds);
      continue;
    }
    const address = parseAddress(answer.data);
    if (address !== undefined) found.push({ address, ttlSeconds });
  }
  return found;
}
