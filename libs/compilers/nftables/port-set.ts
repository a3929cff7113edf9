import { compareText, type PodPort, type PortMatch } from '#model';

import { type Digest, digestOf } from './digest.ts';
import type { PortRange, PortSet } from './node-bundle.ts';

export type NamedPort = Extract<PortMatch, { kind: 'named' }>;

/** What a rule's port list comes down to: plain ports, whether ICMP is among them, and names still to be looked up on a pod. */
export interface PortDemand {
  readonly ports?: PortSet;
  readonly icmp: boolean;
  readonly named: readonly NamedPort[];
}

/** Reads a rule's port list. A name that is not looked up here stays in `named`. */
export function readPorts(matches: readonly PortMatch[], digest: Digest): PortDemand {
  const ranges: PortRange[] = [];
  const named: NamedPort[] = [];
  let icmp = false;
  for (const match of matches) {
    if (match.kind === 'named') named.push(match);
    else if (match.protocol === 'ICMP') icmp ||= match.kind === 'protocol' || match.from === 0;
    else if (match.kind === 'protocol') ranges.push({ protocol: match.protocol, from: 0, to: 65535 });
    else if (match.from <= match.to) ranges.push({ protocol: match.protocol, from: match.from, to: match.to });
  }
  return { ...(ranges.length === 0 ? {} : { ports: portSet(ranges, digest) }), icmp, named };
}

/** The ports a pod has under that name. */
export function lookUp({ name, protocol }: NamedPort, ports: readonly PodPort[]): readonly PodPort[] {
  return ports.filter((port) => port.name === name && (protocol === 'any' || port.protocol === protocol));
}

export function asPortMatch({ protocol, port }: PodPort): PortMatch {
  return { kind: 'range', protocol, from: port, to: port };
}

export function formatPortRange({ protocol, from, to }: PortRange): string {
  return `${protocol.toLowerCase()} . ${from === to ? String(from) : `${String(from)}-${String(to)}`}`;
}

function portSet(ranges: readonly PortRange[], digest: Digest): PortSet {
  const merged: PortRange[] = [];
  for (const range of [...ranges].sort((a, b) => compareText(a.protocol, b.protocol) || a.from - b.from)) {
    const previous = merged.at(-1);
    if (previous?.protocol !== range.protocol || range.from > previous.to + 1) merged.push(range);
    else if (range.to > previous.to) merged[merged.length - 1] = { ...previous, to: range.to };
  }
  const first = merged[0];
  const hint = first === undefined ? 'none' : `${first.protocol.toLowerCase()}_${String(first.from)}`;
  return { name: `p_${hint}_${digestOf(digest, merged.map(formatPortRange)).slice(0, 20)}`, ranges: merged };
}
