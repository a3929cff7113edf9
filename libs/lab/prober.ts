import { type Address, type Connection, makePrefix, prefixContains } from '#model';

import type { Lab } from './lab.ts';
import type { LabHost } from './lab-host.ts';
import type { LabPlace } from './lab-world.ts';
import { fragmentsOf } from './fragments.ts';
import { packetBytes, type ProbePacket } from './probe-packet.ts';

/** What became of the first packet of a connection. */
export type ProbeOutcome =
  | { readonly kind: 'arrived' }
  /** Dropped on its way, by rules or for want of a route. */
  | { readonly kind: 'dropped' }
  /** No packet ever left: nothing is known about rules. */
  | { readonly kind: 'not sent'; readonly why: string };

/** What is probed: a connection as it begins, ends at their places. */
export interface ProbedConnection {
  readonly connection: Connection;
  readonly from: LabPlace;
  readonly to: LabPlace;
  /** Where the packet is sent to, where that is not where it is to arrive: the address of a Service. */
  readonly by?: Pick<Connection, 'port'> & Pick<ProbePacket, 'destination'>;
  /** Bytes of data behind the header of UDP or ICMP; what does not fit a link goes in fragments. */
  readonly dataBytes?: number;
}

/** Probes on their way at once: fewer than a processor's receive queue holds. */
const BURST = 250;
const EPERM = 1;
const FIRST_PORT = 20_000;
const PORTS = 40_000;

/**
 * Tells by real packets which connections can begin: a probe is let through where its packet arrives.
 *
 * Arrival is seen at the links of a pod or of an outside host, and for what a node takes itself
 * behind its input rules. What has not arrived when the marker has is dropped, and is sent once
 * more, from another port, before that counts: nothing waits for a time to pass.
 */
export class Prober {
  readonly #lab: Lab;
  #count = 0;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  probe(probes: readonly ProbedConnection[]): readonly ProbeOutcome[] {
    const outcomes = new Map<ProbedConnection, ProbeOutcome>();
    const sendable: ProbedConnection[] = [];
    for (const probe of probes) {
      if (isRoutable(probe.connection.from.address) && isRoutable(probe.connection.to.address)) sendable.push(probe);
      else outcomes.set(probe, { kind: 'not sent', why: 'no router passes on addresses of this kind' });
    }
    for (let at = 0; at < sendable.length; at += BURST) {
      const burst = sendable.slice(at, at + BURST);
      this.#send(burst, outcomes);
      this.#send(burst.filter((probe) => outcomes.get(probe)?.kind === 'dropped'), outcomes);
    }
    return probes.map((probe) => outcomes.get(probe) ?? { kind: 'dropped' });
  }

  #send(probes: readonly ProbedConnection[], outcomes: Map<ProbedConnection, ProbeOutcome>): void {
    if (probes.length === 0) return;
    const awaited = new Map<LabHost, Map<number, ProbedConnection>>();
    const ready = probes.map((probe) => {
      const to = this.#lab.at(probe.to);
      const packet = this.#packetOf(probe);
      const tags = awaited.get(to) ?? new Map<number, ProbedConnection>();
      awaited.set(to, tags.set(packet.tag, probe));
      outcomes.set(probe, { kind: 'dropped' });
      return { probe, packet, pieces: fragmentsOf(packetBytes(packet), packet.tag & 0xffff), sender: this.#lab.at(probe.from).sender };
    });
    // opens them
    for (const host of awaited.keys()) host.capture.drain(() => undefined);
    this.#lab.marker.inOrder(() => {
      for (const { probe, packet, pieces, sender } of ready) {
        const errno = pieces.map((bytes) => sender.send(bytes, packet.destination)).find((each) => each !== 0 && each !== EPERM);
        if (errno !== undefined) outcomes.set(probe, { kind: 'not sent', why: `the sender's kernel refused, errno ${String(errno)}` });
      }
    });
    for (const [host, capture] of this.#lab.captures()) {
      capture.drain((tag) => {
        const probe = awaited.get(host)?.get(tag);
        if (probe !== undefined) outcomes.set(probe, { kind: 'arrived' });
      });
    }
  }

  #packetOf({ connection, by, dataBytes }: ProbedConnection): ProbePacket {
    const number = (this.#count += 1);
    return {
      source: connection.from.address,
      destination: by?.destination ?? connection.to.address,
      protocol: connection.protocol,
      sourcePort: FIRST_PORT + (number % PORTS),
      destinationPort: by?.port ?? connection.port,
      tag: (0x10000000 + number) >>> 0,
      ...(dataBytes === undefined ? {} : { dataBytes }),
    };
  }
}

const UNROUTABLE = [
  makePrefix(4, 0n, 8),
  makePrefix(4, 127n << 24n, 8),
  makePrefix(4, 224n << 24n, 4),
  makePrefix(4, 0xffffffffn, 32),
  makePrefix(6, 0n, 127),
  makePrefix(6, 0xfe80n << 112n, 10),
  makePrefix(6, 0xff00n << 112n, 8),
];

/** Whether routers pass packets of this address on at all: not where it is loopback, link-local or multicast. */
export function isRoutable(address: Address): boolean {
  return !UNROUTABLE.some((prefix) => prefixContains(prefix, address));
}
