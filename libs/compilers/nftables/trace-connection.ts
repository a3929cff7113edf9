import { type Connection, type Endpoint, podKey, type Snapshot } from '#model';

import { packet, type TracePacket } from './trace-packet.ts';
import type { Tracer, TraceResult } from './tracer.ts';

/** What one node did to a packet of the connection. */
export interface NodeTrace extends TraceResult {
  readonly node: string;
  readonly hook: TracePacket['hook'];
}

export interface ConnectionTrace {
  readonly verdict: 'accept' | 'drop';
  /** In the order the packet passed them; ends with the node that dropped it. */
  readonly nodes: readonly NodeTrace[];
  /** The rule of a policy that decided last, if one did. */
  readonly rule?: TraceResult['rule'];
}

/** Which packet of a connection: its first, or an answer of one that has to be judged again. */
export type TracedPacket = 'first' | 'unstamped answer';

/** Follows packets through the rulesets of the nodes they pass. */
export interface ConnectionTracer {
  trace(connection: Connection, which?: TracedPacket): ConnectionTrace;
}

/**
 * Makes a tracer for connections in a cluster: a packet passes the sender's node, then the
 * receiver's where that is another one. Addresses outside the cluster have no ruleset.
 *
 *   pod ──► [forward] its node ──► network ──► [forward] the receiver's node ──► pod
 *   pod ──► [input] its own node;   a node ──► [output] its own pods
 *
 * Tracing throws where a pod names no node, or a node has no ruleset: what nobody enforces must
 * not look let through.
 */
export function createConnectionTracer(snapshot: Snapshot, tracerAt: (node: string) => Tracer | undefined): ConnectionTracer {
  let places: ReadonlyMap<string, Place> | undefined;
  const placeAt = (end: Endpoint): Place => (end.kind === 'pod' ? placeOfPod(end.pod) : ((places ??= placesByAddress(snapshot)).get(end.address.text) ?? ELSEWHERE));
  return {
    trace(connection, which = 'first') {
      const nodes: NodeTrace[] = [];
      const sender = placeAt(which === 'first' ? connection.from : connection.to);
      const receiver = placeAt(which === 'first' ? connection.to : connection.from);
      for (const { node, hook } of passagesOf(sender, receiver)) {
        const tracer = tracerAt(node);
        if (tracer === undefined) throw new Error(`trace connection: node ${node} has no ruleset`);
        const result = tracer.trace(packetOf(connection, hook, which));
        nodes.push({ node, hook, ...result });
        if (result.verdict === 'drop') break;
      }
      const rule = nodes.findLast((node) => node.rule !== undefined)?.rule;
      return { verdict: nodes.at(-1)?.verdict ?? 'accept', nodes, ...(rule === undefined ? {} : { rule }) };
    },
  };
}

interface Place {
  readonly node: string | undefined;
  readonly isHost: boolean;
}

const ELSEWHERE: Place = { node: undefined, isHost: false };

function placesByAddress(snapshot: Snapshot): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  for (const node of snapshot.nodes.values()) for (const { text } of node.addresses) places.set(text, { node: node.name, isHost: true });
  for (const pod of snapshot.pods.values()) {
    if (pod.hostNetwork || pod.phase === 'finished' || pod.node === undefined) continue;
    for (const { text } of pod.addresses) places.set(text, { node: pod.node, isHost: false });
  }
  return places;
}

function placeOfPod(pod: Extract<Endpoint, { kind: 'pod' }>['pod']): Place {
  if (pod.node === undefined) throw new Error(`trace connection: pod ${podKey(pod)} names no node`);
  return { node: pod.node, isHost: pod.hostNetwork };
}

type NodePassage = Pick<TracePacket, 'hook'> & { readonly node: string };

function passagesOf(sender: Place, receiver: Place): readonly NodePassage[] {
  if (sender.node !== undefined && sender.node === receiver.node) {
    if (sender.isHost && receiver.isHost) return [];
    return [{ node: sender.node, hook: sender.isHost ? 'output' : receiver.isHost ? 'input' : 'forward' }];
  }
  const passages: NodePassage[] = [];
  if (sender.node !== undefined) passages.push({ node: sender.node, hook: sender.isHost ? 'output' : 'forward' });
  if (receiver.node !== undefined) passages.push({ node: receiver.node, hook: receiver.isHost ? 'input' : 'forward' });
  return passages;
}

const EPHEMERAL = 40000;

function packetOf({ from, to, protocol, port }: Connection, hook: TracePacket['hook'], which: TracedPacket): TracePacket {
  if (which === 'first') return packet({ hook, source: from.address, destination: to.address, protocol, sourcePort: EPHEMERAL, destinationPort: port });
  return packet({
    hook,
    source: to.address,
    destination: from.address,
    protocol,
    sourcePort: port,
    destinationPort: EPHEMERAL,
    ctState: 'established',
    ctDirection: 'reply',
  });
}
