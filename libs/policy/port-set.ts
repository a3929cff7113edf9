import { assertNever, compareText, type Pod, type Protocol, PROTOCOLS, type Rule } from '#model';

/** Ports from `from` to `to`, both included; ICMP has the one port 0. */
export interface PortRange {
  readonly protocol: Protocol;
  readonly from: number;
  readonly to: number;
}

/**
 * A set of destination ports of all protocols: ranges sorted by protocol and number that neither
 * overlap nor touch, so equal sets have equal ranges.
 */
export type PortSet = readonly PortRange[];

export const NO_PORTS: PortSet = [];

/** Everything a packet can be addressed to. */
export const EVERY_PORT: PortSet = [...PROTOCOLS].sort(compareText).map(wholeProtocol);

/** The ports a rule means on this destination; a name means the port the destination pod declares for it. */
export function portsOfRule(ports: Rule['ports'], destination: Pod | undefined): PortSet {
  if (ports === 'any') return EVERY_PORT;
  return portSet(
    ports.flatMap((match): readonly PortRange[] => {
      switch (match.kind) {
        case 'range':
          return [{ protocol: match.protocol, from: match.from, to: match.to }];
        case 'protocol':
          return [wholeProtocol(match.protocol)];
        case 'named':
          return (destination?.ports ?? [])
            .filter(({ name, protocol }) => name === match.name && (match.protocol === 'any' || match.protocol === protocol))
            .map(({ port, protocol }) => ({ protocol, from: port, to: port }));
        default:
          return assertNever(match);
      }
    }),
  );
}

/** Sorts, merges and drops empty ranges. */
export function portSet(ranges: readonly PortRange[]): PortSet {
  const sorted = ranges.filter(({ from, to }) => from <= to).sort(compareRanges);
  const merged: PortRange[] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last?.protocol === range.protocol && range.from <= last.to + 1) merged[merged.length - 1] = { ...last, to: Math.max(last.to, range.to) };
    else merged.push(range);
  }
  return merged;
}

export function unitePorts(a: PortSet, b: PortSet): PortSet {
  if (a.length === 0) return b;
  return b.length === 0 ? a : portSet([...a, ...b]);
}

export function intersectPorts(a: PortSet, b: PortSet): PortSet {
  if (a === EVERY_PORT) return b;
  if (b === EVERY_PORT) return a;
  return portSet(
    a.flatMap((left) =>
      b
        .filter((right) => right.protocol === left.protocol)
        .map((right) => ({ protocol: left.protocol, from: Math.max(left.from, right.from), to: Math.min(left.to, right.to) })),
    ),
  );
}

export function subtractPorts(a: PortSet, b: PortSet): PortSet {
  if (b.length === 0) return a;
  let left: PortRange[] = [...a];
  for (const hole of b) {
    left = left.flatMap((range) => {
      if (range.protocol !== hole.protocol || hole.to < range.from || range.to < hole.from) return [range];
      return [{ ...range, to: hole.from - 1 }, { ...range, from: hole.to + 1 }].filter(({ from, to }) => from <= to);
    });
  }
  return portSet(left);
}

export function hasPort(set: PortSet, protocol: Protocol, port: number): boolean {
  return set.some((range) => range.protocol === protocol && range.from <= port && port <= range.to);
}

/** A text that is equal for equal sets, and readable: `80/TCP, 8080-8090/TCP, UDP`; `all` for everything. */
export function formatPorts(set: PortSet): string {
  if (samePorts(set, EVERY_PORT)) return 'all';
  return set.map(formatRange).join(', ');
}

export function samePorts(a: PortSet, b: PortSet): boolean {
  return a.length === b.length && a.every((range, index) => compareRanges(range, b[index] ?? range) === 0 && range.to === b[index]?.to);
}

function formatRange({ protocol, from, to }: PortRange): string {
  const whole = wholeProtocol(protocol);
  if (from === whole.from && to === whole.to) return protocol;
  return from === to ? `${String(from)}/${protocol}` : `${String(from)}-${String(to)}/${protocol}`;
}

function wholeProtocol(protocol: Protocol): PortRange {
  return protocol === 'ICMP' ? { protocol, from: 0, to: 0 } : { protocol, from: 1, to: 65535 };
}

function compareRanges(a: PortRange, b: PortRange): number {
  return compareText(a.protocol, b.protocol) || a.from - b.from || a.to - b.to;
}
