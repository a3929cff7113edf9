import { assertNever, type Pod, type PortMatch, type Protocol, type Rule } from '#model';

/**
 * Says whether ports of a rule mean a port of a destination.
 *
 * A named port is looked up among the ports the destination pod declares, by name and protocol
 * together; an address outside, and a host-network pod, has none. ICMP has no ports, so only a
 * rule without ports, or one for ICMP itself, means it.
 */
export function matchesPorts(ports: Rule['ports'], destination: Pod | undefined, protocol: Protocol, port: number): boolean {
  return ports === 'any' || ports.some((match) => matchesPort(match, destination, protocol, port));
}

function matchesPort(match: PortMatch, destination: Pod | undefined, protocol: Protocol, port: number): boolean {
  if (match.protocol !== 'any' && match.protocol !== protocol) return false;
  switch (match.kind) {
    case 'range':
      return match.from <= port && port <= match.to;
    case 'protocol':
      return true;
    case 'named':
      return destination?.ports.some((own) => own.name === match.name && own.protocol === protocol && own.port === port) ?? false;
    default:
      return assertNever(match);
  }
}
