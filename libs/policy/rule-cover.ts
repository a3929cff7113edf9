import { type Peer, type PortMatch, prefixCovers, type Rule } from '#model';

/**
 * Whether one rule matches everything another does, as far as their texts tell: true is certain,
 * false may be too careful.
 */
export function coversRule(wide: Rule, narrow: Rule): boolean {
  if (wide.application !== undefined && wide.application !== narrow.application) return false;
  return coversPeers(wide.peers, narrow.peers) && coversPorts(wide.ports, narrow.ports);
}

function coversPeers(wide: Rule['peers'], narrow: Rule['peers']): boolean {
  if (wide === 'any') return true;
  return narrow !== 'any' && narrow.every((one) => wide.some((other) => coversPeer(other, one)));
}

function coversPeer(wide: Peer, narrow: Peer): boolean {
  if (wide.kind === 'cidr' && narrow.kind === 'cidr') {
    const isHoleApart = wide.except.every((hole) => !prefixCovers(hole, narrow.cidr) && (!prefixCovers(narrow.cidr, hole) || narrow.except.some((own) => prefixCovers(own, hole))));
    return prefixCovers(wide.cidr, narrow.cidr) && isHoleApart;
  }
  if (wide.kind === 'pods' && narrow.kind === 'pods') {
    const isSameNamespaces = textOf(wide.namespaces) === textOf(narrow.namespaces) || (wide.namespaces.kind === 'selector' && wide.namespaces.selector.requirements.length === 0);
    const demands = new Set(narrow.pods.requirements.map(textOf));
    return isSameNamespaces && wide.pods.requirements.every((requirement) => demands.has(textOf(requirement)));
  }
  return wide.kind !== 'cidr' && narrow.kind !== 'cidr' && textOf(wide) === textOf(narrow);
}

function coversPorts(wide: Rule['ports'], narrow: Rule['ports']): boolean {
  if (wide === 'any') return true;
  return narrow !== 'any' && narrow.every((one) => wide.some((other) => coversPort(other, one)));
}

function coversPort(wide: PortMatch, narrow: PortMatch): boolean {
  if (wide.protocol !== 'any' && wide.protocol !== narrow.protocol) return false;
  if (wide.kind === 'protocol') return true;
  if (wide.kind === 'named') return narrow.kind === 'named' && wide.name === narrow.name;
  return narrow.kind === 'range' && wide.from <= narrow.from && narrow.to <= wide.to;
}

function textOf(value: unknown): string {
  return JSON.stringify(value);
}
