import type { Address } from '#model';

import { addressAt } from './address-text.ts';
import type { ConnectionRecord } from './connection-record.ts';
import { protocolName } from './flow-key.ts';
import type { TalliedFlow } from './flow-tally.ts';
import { findNamespace } from './pod-namespace.ts';
import { findProcesses, type ProcessFinding } from './process-lookup.ts';
import type { SocketQuestion } from './socket-lookup.ts';

export interface ProcessSamplerOptions {
  /** The program at one end of a connection of this flow, as it calls itself. */
  readonly onFound: (flow: TalliedFlow, end: 'client' | 'server', name: string) => void;
  /** One end of one connection is looked up so often at most. */
  readonly everyMs?: number;
  readonly locate?: (address: Address) => string | undefined;
  readonly find?: (question: SocketQuestion) => ProcessFinding;
}

interface Question {
  readonly flow: TalliedFlow;
  readonly end: 'client' | 'server';
  readonly question: Omit<SocketQuestion, 'namespacePath'>;
}

/** What waits longer is about connections that have ended by then. */
const MOST_WAITING = 4;
const MOST_NAMESPACES = 1_024;
const EVERY_MS = 250;

/**
 * Finds out which programs are behind flows, a few times a second at most: for a first connection
 * of each flow whose end is a pod of this node, if it is still there when its turn comes.
 *
 * Short connections are mostly missed, so nothing follows from a program that is not named.
 */
export class ProcessSampler {
  readonly #onFound: ProcessSamplerOptions['onFound'];
  readonly #everyMs: number;
  readonly #locate: (address: Address) => string | undefined;
  readonly #find: (question: SocketQuestion) => ProcessFinding;
  readonly #waiting: Question[] = [];
  /** By address; the path is good as long as the process in it lives. */
  readonly #namespaces = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ onFound, everyMs = EVERY_MS, locate = findNamespace, find = findProcesses }: ProcessSamplerOptions) {
    this.#onFound = onFound;
    this.#everyMs = everyMs;
    this.#locate = locate;
    this.#find = find;
  }

  /** A connection of this flow has begun. */
  begun(flow: TalliedFlow, { original, reply }: ConnectionRecord, bytes: Buffer): void {
    if (flow.processes !== undefined || this.#waiting.length >= MOST_WAITING || this.#waiting.some((each) => each.flow === flow)) return;
    const protocol = protocolName(original.protocol);
    if (protocol !== 'TCP' && protocol !== 'UDP') return;
    const at = (place: number): Address => addressAt(bytes, place, original.addressLength);
    const ask = (end: 'client' | 'server', local: Address, localPort: number, remote: Address, remotePort: number): void => {
      this.#waiting.push({ flow, end, question: { protocol, local: { address: local, port: localPort }, remote: { address: remote, port: remotePort } } });
    };
    if (flow.clientPod !== undefined) ask('client', at(original.sourceAt), original.sourcePort, at(original.destinationAt), original.destinationPort);
    if (flow.serverPod !== undefined) ask('server', at(reply.sourceAt), reply.sourcePort, at(reply.destinationAt), reply.destinationPort);
    this.#schedule();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#waiting.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#answer();
      this.#schedule();
    }, this.#everyMs);
  }

  #answer(): void {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    const { flow, end, question } = next;
    const { address } = question.local;
    const namespacePath = this.#namespaces.get(address.text) ?? this.#locate(address);
    if (namespacePath === undefined) return;
    try {
      const finding = this.#find({ ...question, namespacePath });
      if (this.#namespaces.size >= MOST_NAMESPACES) this.#namespaces.clear();
      this.#namespaces.set(address.text, namespacePath);
      const [first] = finding.kind === 'found' ? finding.processes : [];
      if (first !== undefined) this.#onFound(flow, end, first.command);
    } catch {
      // the process whose namespace it was has ended
      this.#namespaces.delete(address.text);
    }
  }
}
