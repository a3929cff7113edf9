import { partsOf, TextAssembly } from '#channel';
import type { NodeBundle } from '#compilers/nftables';
import { applyDeltas, type BundleReading, type ControllerMessage, LARGEST_TEXT_BYTES, type NodeMessage, PROTOCOL, readBundleText } from '#distribution';

import type { NodeMetadata } from '../metadata/node-metadata.ts';
import type { BundleTaker, Taking } from './bundle-taker.ts';
import type { FlowQueue } from './flow-queue.ts';
import { MetadataQueue } from './metadata-queue.ts';

export interface ConversationOptions {
  readonly node: string;
  readonly enforcerVersion: string;
  readonly taker: BundleTaker;
  readonly flows: FlowQueue;
  readonly metadata: NodeMetadata;
  /** What came last on an earlier connection. */
  readonly mirror: NodeBundle | undefined;
  readonly digest: (text: string) => string;
  /** False: there is no room until {@link NodeConversation.room}. */
  readonly write: (message: NodeMessage) => boolean;
  readonly end: () => void;
  readonly onWelcome: (controllerVersion: string, returnWithinMs: number) => void;
  /** A bundle came and was offered to the kernel, which took it or did not. */
  readonly onTaken: (bundle: NodeBundle) => void;
  readonly onTrouble: (why: string) => void;
}

type BundleMessage = Extract<ControllerMessage, { kind: 'snapshot' | 'delta' }>;

const MOST_REPORTS = 256;
const LEAST_STATUS_MS = 1_000;
const LONGEST_STATUS_MS = 600_000;

/**
 * What one connection to the controller is about.
 *
 * Urgent things go first: whether a bundle is in, then what happened, then what was seen. Nothing
 * is written while there is no room, and nothing waits without bound.
 */
export class NodeConversation {
  readonly #options: ConversationOptions;
  readonly #assembly = new TextAssembly(LARGEST_TEXT_BYTES.bundle);
  readonly #metadata: MetadataQueue;
  readonly #urgent: NodeMessage[] = [];
  #reports: NodeMessage[] = [];
  #parts: Iterator<NodeMessage> | undefined;
  #flowsSent = 0;
  /** What deltas are put on: the controller knows it as what this node has. */
  #base: NodeBundle | undefined;
  #statusTimer: NodeJS.Timeout | undefined;
  #isWelcome = false;
  #hasRoom = true;
  #isOver = false;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.#base = options.taker.held ?? options.mirror;
    this.#metadata = new MetadataQueue(options.metadata, () => {
      this.pump();
    });
  }

  begin(): void {
    const { node, enforcerVersion, taker } = this.#options;
    const held = this.#base?.node === node ? { revision: this.#base.revision, hash: this.#base.hash } : undefined;
    this.#urgent.push(
      { kind: 'hello', newestProtocol: PROTOCOL.newest, oldestProtocol: PROTOCOL.oldest, node, enforcerVersion, driver: taker.driver, capabilities: taker.capabilities, ...(held === undefined ? {} : { held }) },
      { kind: 'report', text: JSON.stringify(taker.status()) },
    );
    this.pump();
  }

  receive(message: ControllerMessage | undefined): void {
    // a newer controller may say things this version does not know
    if (message === undefined || this.#isOver) return;
    switch (message.kind) {
      case 'welcome':
        this.#welcome(message);
        return;
      case 'snapshot':
      case 'delta':
        this.#receiveBundle(message);
        return;
      case 'flows-taken':
        this.#options.flows.taken(message.number);
        this.pump();
        return;
      case 'metadata-taken':
        this.#metadata.taken(message.number);
        this.pump();
        return;
      case 'confirm':
        this.#safely(() => {
          this.#options.taker.confirm(message.hash, message.by);
        });
        return;
      case 'retry':
        this.#retry(message.hash);
        return;
    }
  }

  report(report: object): void {
    this.#reports.push({ kind: 'report', text: JSON.stringify(report) });
    // what is enforced now is told by the next status, whatever is dropped here
    if (this.#reports.length > MOST_REPORTS) this.#reports = this.#reports.slice(-MOST_REPORTS);
    this.pump();
  }

  offerAgain(): void {
    const { taker, onTrouble } = this.#options;
    if (this.#base === undefined || !this.#isWelcome || this.#isOver) return;
    if (taker.held?.hash === this.#base.hash && taker.held.revision === this.#base.revision) return;
    const taking = this.#take(this.#base);
    if (taking.kind === 'refused') onTrouble(taking.why);
  }

  room(): void {
    this.#hasRoom = true;
    this.pump();
  }

  ended(): void {
    this.#isOver = true;
    clearInterval(this.#statusTimer);
    this.#metadata.close();
  }

  close(): void {
    this.#options.end();
  }

  pump(): void {
    while (this.#hasRoom && !this.#isOver) {
      const message = this.#next();
      if (message === undefined) return;
      this.#hasRoom = this.#options.write(message);
    }
  }

  #next(): NodeMessage | undefined {
    const first = this.#urgent.shift();
    if (first !== undefined || !this.#isWelcome) return first;
    const report = this.#reports.shift();
    if (report !== undefined) return report;
    const part = this.#parts?.next();
    if (part !== undefined && part.done !== true) return part.value;
    this.#parts = this.#nextText();
    const begun = this.#parts?.next();
    return begun === undefined || begun.done === true ? undefined : begun.value;
  }

  #nextText(): Iterator<NodeMessage> | undefined {
    const metadata = this.#metadata.next();
    if (metadata !== undefined) return numbered('metadata', metadata);
    const flows = this.#options.flows.after(this.#flowsSent);
    if (flows === undefined) return undefined;
    this.#flowsSent = flows.number;
    return numbered('flows', flows);
  }

  #welcome({ controllerVersion, statusEveryMs, returnWithinMs, protocol }: Extract<ControllerMessage, { kind: 'welcome' }>): void {
    if (protocol < PROTOCOL.oldest || protocol > PROTOCOL.newest) {
      this.#options.onTrouble(`it wants protocol ${String(protocol)}, which this enforcer does not speak`);
      this.#options.end();
      return;
    }
    if (this.#isWelcome) return;
    this.#isWelcome = true;
    this.#options.onWelcome(controllerVersion, returnWithinMs);
    this.#statusTimer = setInterval(() => {
      this.#safely(() => {
        this.offerAgain();
        this.report(this.#options.taker.status());
      });
    }, Math.min(Math.max(statusEveryMs, LEAST_STATUS_MS), LONGEST_STATUS_MS));
    this.pump();
  }

  #receiveBundle({ kind, version, revision, hash, part }: BundleMessage): void {
    const reading = this.#assembly.add(`${kind} ${String(version)}`, part);
    if (reading.kind === 'more') return;
    const found: BundleReading = reading.kind === 'refused' ? reading : this.#decode(kind, reading.text, { revision, hash });
    if (found.kind === 'refused') {
      this.#options.onTrouble(found.why);
      this.#urgent.push({ kind: 'nack', version, reason: 'unreadable', why: found.why, diagnostics: [] });
      this.pump();
      return;
    }
    this.#base = found.bundle;
    const taking = this.#take(found.bundle);
    this.#options.onTaken(found.bundle);
    if (taking.kind === 'applied') this.#urgent.push({ kind: 'ack', version, revision, hash, commitMs: taking.commitMs, elements: taking.elements, generation: taking.generation });
    else this.#urgent.push({ kind: 'nack', version, reason: 'refused', why: taking.why, diagnostics: taking.diagnostics });
    this.pump();
  }

  // what becomes of it is in the reports, as of anything that is offered again
  #retry(hash: string): void {
    if (this.#base === undefined || this.#base.hash !== hash) return;
    const taking = this.#take(this.#base, true);
    if (taking.kind === 'refused') this.#options.onTrouble(taking.why);
  }

  #safely(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.onTrouble(error instanceof Error ? error.message : String(error));
    }
  }

  // whatever goes wrong in here is this node's, and no reason to lose the connection
  #take(bundle: NodeBundle, isAgain = false): Taking {
    try {
      return this.#options.taker.take(bundle, isAgain);
    } catch (error) {
      return { kind: 'refused', why: error instanceof Error ? error.message : String(error), diagnostics: [] };
    }
  }

  #decode(kind: BundleMessage['kind'], text: string, mark: { readonly revision: number; readonly hash: string }): BundleReading {
    const { node, digest } = this.#options;
    if (kind === 'delta' && this.#base === undefined) return { kind: 'refused', why: 'it is a change of a bundle that is not here' };
    const reading = kind === 'snapshot' || this.#base === undefined ? readBundleText(text) : applyDeltas(this.#base, text, digest);
    if (reading.kind === 'refused') return reading;
    const { bundle } = reading;
    if (bundle.node !== node) return { kind: 'refused', why: `it is a bundle of node ${JSON.stringify(bundle.node.slice(0, 80))}` };
    if (bundle.hash !== mark.hash || bundle.revision !== mark.revision) return { kind: 'refused', why: `it is revision ${String(bundle.revision)} (${bundle.hash}), and was announced as ${String(mark.revision)} (${mark.hash})` };
    return reading;
  }
}

function* numbered(kind: 'flows' | 'metadata', { number, text }: { readonly number: number; readonly text: string }): Generator<NodeMessage> {
  for (const part of partsOf(text)) yield { kind, number, part };
}
