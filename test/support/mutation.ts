import { createTracer, packet, type TracePacket, type Tracer } from '#compilers/nftables';
import { type Connection, type Endpoint, type Node, parseAddress, type Pod, podKey, type Snapshot } from '#model';

/** A text with one thing in it taken away or changed. */
export interface Mutant {
  /** What was done, with the line as it was. */
  readonly what: string;
  /** The object it was done in: the name of a chain, set or map. */
  readonly inside: string;
  readonly text: string;
}

/** A packet with what the ruleset as emitted does to it. */
export interface PacketCase {
  readonly packet: TracePacket;
  readonly verdict: 'accept' | 'drop';
  /** The generation it leaves with, where it is let through. */
  readonly generation: number;
}

/**
 * The same world with every pod on a node of its own, which also owns a block of addresses nobody
 * has: so each node's ruleset is about one pod, and nothing hides behind what the other end denies.
 */
export function apart(snapshot: Snapshot): Snapshot {
  const nodes = new Map([...snapshot.nodes.values()].map((node): [string, Node] => [node.name, { ...node, podCidrs: [] }]));
  const pods = [...snapshot.pods.values()].map((pod, at): [string, Pod] => {
    if (pod.hostNetwork || pod.node === undefined || pod.phase === 'finished') return [podKey(pod), pod];
    const node = `apart-${String(at + 1)}`;
    nodes.set(node, { name: node, labels: {}, addresses: [], podCidrs: [`10.250.${String(at)}.0/24`, `fd00:250:${at.toString(16)}::/64`], isExample: true });
    return [podKey(pod), { ...pod, node }];
  });
  return { ...snapshot, nodes, pods: new Map(pods) };
}

/** Connections of a node's pods, and of addresses of its block that no pod has. */
export function connectionsAt(node: Node, connections: Iterable<Connection>): readonly Connection[] {
  const found = [...connections].filter((connection) => isOf(connection.from, node) || isOf(connection.to, node));
  const strangers = node.podCidrs.map((block): Endpoint => ({ kind: 'address', address: parseAddress(block.replace(/(?:0)?\/\d+$/, '9'))! }));
  const others = ['203.0.113.7', '2001:db8:ffff::7'].map((text): Endpoint => ({ kind: 'address', address: parseAddress(text)! }));
  for (const stranger of strangers) {
    for (const other of others) {
      if (stranger.address.family !== other.address.family) continue;
      found.push({ from: stranger, to: other, protocol: 'TCP', port: 80 }, { from: other, to: stranger, protocol: 'TCP', port: 80 });
    }
  }
  return found;
}

function isOf(end: Endpoint, { name }: Node): boolean {
  return end.kind === 'pod' && end.pod.node === name && !end.pod.hostNetwork;
}

/** Packets of these connections as the node of one end sees them: the first, and an answer nobody has stamped. */
export function packetsOf(connections: Iterable<Connection>, text: string): readonly PacketCase[] {
  const tracer = createTracer(text);
  const kept = new Map<string, PacketCase>();
  for (const connection of connections) for (const each of variantsOf(connection)) keep(each, tracer, kept);
  return [...kept.values()];
}

function variantsOf({ from, to, protocol, port }: Connection): readonly TracePacket[] {
  const first = packet({ hook: 'forward', source: from.address, destination: to.address, protocol, sourcePort: 40000, destinationPort: port });
  const answer = packet({ hook: 'forward', source: to.address, destination: from.address, protocol, sourcePort: port, destinationPort: 40000, ctState: 'established', ctDirection: 'reply' });
  return [first, answer];
}

// One packet for each way through the ruleset, and for each end and port that takes it: all the others are like one of these.
function keep(each: TracePacket, tracer: Tracer, kept: Map<string, PacketCase>): void {
  const { verdict, path, ctMark } = tracer.trace(each);
  const way = `${each.hook} ${each.ctState} ${each.ctDirection} ${String(each.ctMark)} ${each.protocol} ${path.map(({ line }) => line).join()}`;
  const found: PacketCase = { packet: each, verdict, generation: ctMark >>> 24 };
  const keys = [`${way} from ${each.source.text}`, `${way} to ${each.destination.text}`, `${way} port ${String(each.sourcePort)} ${String(each.destinationPort)} ${String(each.source.family)}`];
  if (each.ctState === 'new') keys.push(`${way} from ${each.source.text} to ${each.destination.text} ${String(each.destinationPort)}`);
  for (const key of keys) if (!kept.has(key)) kept.set(key, found);
}

/** The packet that shows a mutant, if there is one; a text the tracer refuses is shown by that. */
export function shown(mutant: Mutant, cases: readonly PacketCase[]): PacketCase | 'refused' | undefined {
  let tracer: Tracer;
  try {
    tracer = createTracer(mutant.text);
  } catch {
    return 'refused';
  }
  return cases.find((each) => {
    const { verdict, ctMark } = tracer.trace(each.packet);
    return verdict !== each.verdict || (verdict === 'accept' && ctMark >>> 24 !== each.generation);
  });
}

/** Every way to take one rule or element out of a ruleset, or to change one so that it says something else. */
export function* rulesetMutants(text: string): Generator<Mutant> {
  const lines = text.split('\n');
  let inside = '';
  let isElement = false;
  for (const [at, line] of lines.entries()) {
    const words = line.trim();
    const [, kind, name] = /^(set|map|chain) (\S+) \{$/.exec(words) ?? [];
    if (kind !== undefined && name !== undefined) inside = `${kind} ${name}`;
    if (words === 'elements = {') isElement = true;
    else if (words === '}') isElement = false;
    else if (isElement) yield* elementMutants(lines, at, inside);
    else if (inside.startsWith('chain') && kind === undefined && words !== '' && !/^(?:comment|type) /.test(words)) yield* ruleMutants(lines, at, inside);
  }
}

function* elementMutants(lines: readonly string[], at: number, inside: string): Generator<Mutant> {
  const element = lines[at]!.trim().replace(/,$/, '');
  yield { what: `element ${element} taken out`, inside, text: withoutElement(lines, at) };
  const changed = changedElement(element);
  if (changed !== undefined) yield { what: `element ${element} is ${changed}`, inside, text: lines.with(at, lines[at]!.replace(element, changed)).join('\n') };
}

// An element may be the last, and then the one before it must lose its comma; or the only one.
function withoutElement(lines: readonly string[], at: number): string {
  const isFirst = lines[at - 1]!.trim() === 'elements = {';
  const isLast = lines[at + 1]!.trim() === '}';
  if (isFirst && isLast) return lines.toSpliced(at - 1, 3).join('\n');
  if (!isLast) return lines.toSpliced(at, 1).join('\n');
  return lines.with(at - 1, lines[at - 1]!.replace(/,$/, '')).toSpliced(at, 1).join('\n');
}

function changedElement(element: string): string | undefined {
  const [key = '', verdict] = element.split(' : ');
  if (verdict !== undefined) return `${key} : ${verdict === 'accept' || verdict === 'continue' || verdict === 'goto stamp' ? 'drop' : 'accept'}`;
  const [, head, port, tail] = /^(.*(?:tcp|udp|sctp) \. )(\d+)(-\d+)?$/.exec(element) ?? [];
  if (head === undefined || port === undefined) return undefined;
  return tail === undefined ? `${head}${String((Number(port) % 65535) + 1)}` : `${head}${port}-${String(Number(tail.slice(1)) - 1)}`;
}

function* ruleMutants(lines: readonly string[], at: number, inside: string): Generator<Mutant> {
  const line = lines[at]!;
  const rule = line.trim();
  yield { what: `rule ${rule} taken out`, inside, text: lines.toSpliced(at, 1).join('\n') };
  for (const [from, to] of CHANGES) {
    const [body = '', comment = ''] = splitComment(line);
    const changed = body.replace(from, to);
    if (changed !== body) yield { what: `rule ${rule} is ${changed.trim()}`, inside, text: lines.with(at, `${changed}${comment}`).join('\n') };
  }
}

const CHANGES: readonly (readonly [RegExp, string])[] = [
  [/\b(?:accept|return|goto \S+|jump \S+)$/, 'drop'],
  [/\bdrop$/, 'accept'],
  [/\bsaddr\b/, 'daddr'],
  [/\bdaddr\b/, 'saddr'],
  [/\bth dport\b/, 'th sport'],
  [/\bth sport\b/, 'th dport'],
  [/\bmeta l4proto icmp\b/, 'meta l4proto udp'],
  [/\bct direction reply\b/, 'ct direction original'],
];

function splitComment(line: string): readonly string[] {
  const at = line.indexOf(' comment "');
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at)];
}

/** Somebody behind every peer the catalogue names, so that a rule that is gone is missed. */
export const WITNESSES = ['kube-system k8s-app kube-dns', 'kube-system k8s-app node-local-dns', 'openshift-dns dns.operator.openshift.io/daemonset-dns default']
  .map((line, at) => {
    const [namespace = '', key = '', value = ''] = line.split(' ');
    const labels = `{${key}: ${value}}`;
    return `apiVersion: apps/v1
kind: Deployment
metadata: {name: witness-${String(at)}, namespace: ${namespace}}
spec: {selector: {matchLabels: ${labels}}, template: {metadata: {labels: ${labels}}, spec: {containers: [{name: main, image: registry.example/witness}]}}}
`;
  })
  .join('---\n');

/**
 * What policies make of a ruleset: chains of profiles, sets of peers and ports, and who follows which; the rest is the same
 * on every node, but for names in it. What becomes of the denied (`_d`, `_a`) hangs on modes.
 */
export const EMITTED = /^(?:chain [io]_\w+(?<!_[da])|set (?:[a-z]_\w+|self[46])|map (?:out|in)(?:_reply)?[46])$/;
