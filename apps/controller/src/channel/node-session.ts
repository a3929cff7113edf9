import { type ServerDuplexStream, status } from '@grpc/grpc-js';

import { partsOf } from '#channel';
import { type BundleMark, type BundleSnapshot, type ControllerMessage, LARGEST_TEXT_BYTES, type NodeAck, type NodeHello, type NodeMessage, type NodeNack, PROTOCOL } from '#distribution';

import type { DesiredLine } from './desired-line.ts';
import type { IntakeRoom } from './intake-budget.ts';
import { NumberedIntake, type Take } from './numbered-intake.ts';

export type NodeCall = ServerDuplexStream<NodeMessage | undefined, ControllerMessage | undefined>;

/** What a session needs of the channel it belongs to. */
export interface SessionPort {
  readonly line: () => DesiredLine | undefined;
  readonly snapshot: () => Promise<BundleSnapshot | undefined>;
  readonly onAck: (ack: NodeAck) => void;
  readonly onNack: (nack: NodeNack, sent: BundleMark) => void;
  readonly onReport: (text: string) => void;
  /** Room for a text of so many bytes, as soon as there is some; gives what withdraws it. */
  readonly room: (bytes: number, granted: (room: IntakeRoom) => void) => () => void;
  readonly isRoomAwaited: () => boolean;
  /** How long a text may take to come while others wait for its room. */
  readonly textWithinMs: number;
  readonly takeFlows: Take;
  readonly takeMetadata: Take;
  readonly onThrownAway: (why: string) => void;
  readonly onEnd: (why: string) => void;
}

/** What of a bundle is on its way or was sent last. */
interface Sent extends BundleMark {
  readonly version: number;
}

const MOST_WAITING = 4;
/** A stream counts messages and not bytes: a thousand nodes that do not read must not fill memory with parts of bundles. */
const MOST_UNFLUSHED = 2;
const MOST_UNREADABLE = 3;
const LONGEST_REPORT = 1_000_000;

/**
 * One connection of one node, from its `hello` on.
 *
 * ```
 *   newest ─► (not while one is unanswered, not while the stream is full) ─► delta | snapshot ─► ack | nack ─► newest?
 * ```
 *
 * One bundle is under way at a time. Whatever changes meanwhile waits as one way to what is newest
 * by then: a slow node makes no queue, and is never sent what is out of date.
 */
export class NodeSession {
  readonly #call: NodeCall;
  readonly #port: SessionPort;
  readonly #flows: NumberedIntake;
  readonly #metadata: NumberedIntake;
  /** Short messages of which only the last counts, by kind. */
  readonly #notes = new Map<string, ControllerMessage>();
  /** What the node has or will have once it has read everything. */
  #has: BundleMark | undefined;
  #hasVersion = 0;
  #unanswered: Sent | undefined;
  #messages: Iterator<ControllerMessage> | undefined;
  #isAsking = false;
  #isFull = false;
  /** The beginning of a text there is no room for yet. */
  #held: (() => void) | undefined;
  /** When whoever waits for the room of a text that does not come has waited long enough. */
  readonly #deadlines = new Map<'flows' | 'metadata', NodeJS.Timeout>();
  /** Written, and not yet on its way. */
  #unflushed = 0;
  #isEnded = false;
  #unreadable = 0;

  constructor(call: NodeCall, hello: NodeHello, welcome: { readonly controllerVersion: string; readonly statusEveryMs: number; readonly returnWithinMs: number }, port: SessionPort) {
    this.#call = call;
    this.#port = port;
    this.#has = hello.held;
    const intake = { onThrownAway: port.onThrownAway, onBroken: (why: string) => { this.end(status.INVALID_ARGUMENT, why); } };
    this.#flows = new NumberedIntake({ ...intake, largest: LARGEST_TEXT_BYTES.flows, take: port.takeFlows, onTaken: (number) => { this.#taken({ kind: 'flows-taken', number }); } });
    this.#metadata = new NumberedIntake({ ...intake, largest: LARGEST_TEXT_BYTES.metadata, take: port.takeMetadata, onTaken: (number) => { this.#taken({ kind: 'metadata-taken', number }); } });
    call.on('drain', () => {
      this.#isFull = false;
      this.#pump();
    });
    this.#notes.set('welcome', { kind: 'welcome', protocol: Math.min(PROTOCOL.newest, hello.newestProtocol), ...welcome });
    this.#pump();
  }

  /** Something else is desired than before. */
  desiredChanged(): void {
    this.#pump();
  }

  confirm(hash: string, by: string): void {
    this.#note({ kind: 'confirm', hash, by });
  }

  retry(hash: string): void {
    this.#note({ kind: 'retry', hash });
  }

  /** Takes in what the node says. */
  receive(message: NodeMessage | undefined): void {
    // a newer enforcer may say things this version does not know
    if (message === undefined || this.#isEnded) return;
    switch (message.kind) {
      case 'hello':
        this.end(status.INVALID_ARGUMENT, 'it says hello twice');
        return;
      case 'ack':
        if (message.version !== this.#unanswered?.version) return;
        this.#unanswered = undefined;
        this.#unreadable = 0;
        this.#port.onAck(message);
        this.#pump();
        return;
      case 'nack':
        this.#refused(message);
        return;
      case 'report':
        if (message.text.length > LONGEST_REPORT) this.#port.onThrownAway('a report is longer than any');
        else this.#port.onReport(message.text);
        return;
      case 'flows':
      case 'metadata':
        this.#takeIn(message);
        return;
    }
  }

  #takeIn(message: NodeMessage & { readonly kind: 'flows' | 'metadata' }): void {
    const { kind, part } = message;
    const intake = kind === 'flows' ? this.#flows : this.#metadata;
    // what is longer than any is refused when it is read
    if (part.offset !== 0 || part.total > LARGEST_TEXT_BYTES[kind]) {
      this.#add(intake, message);
      return;
    }
    this.#stopWaitingFor(kind);
    intake.begin(undefined);
    const asked = { hasRoom: false };
    const withdraw = this.#port.room(part.total, (room) => {
      asked.hasRoom = true;
      this.#held = undefined;
      intake.begin(room);
      if (room.isShared) this.#waitFor(kind);
      this.#add(intake, message);
      if (!this.#isBehind()) this.#call.resume();
    });
    if (asked.hasRoom) return;
    this.#held = withdraw;
    this.#call.pause();
  }

  #add(intake: NumberedIntake, { kind, number, part }: NodeMessage & { readonly kind: 'flows' | 'metadata' }): void {
    if (intake.add(number, part)) this.#stopWaitingFor(kind);
    // what is not taken in yet is left where it is: with the node
    if (this.#isBehind()) this.#call.pause();
  }

  #waitFor(kind: 'flows' | 'metadata'): void {
    this.#deadlines.set(kind, setTimeout(() => {
      if (this.#port.isRoomAwaited()) this.end(status.RESOURCE_EXHAUSTED, `its ${kind} do not come, and others wait for the room`);
      else this.#waitFor(kind);
    }, this.#port.textWithinMs));
  }

  #stopWaitingFor(kind: 'flows' | 'metadata'): void {
    clearTimeout(this.#deadlines.get(kind));
    this.#deadlines.delete(kind);
  }

  /** Ends the connection; the node is told why. */
  end(code: status, why: string): void {
    if (this.#isEnded) return;
    this.left(why);
    this.#call.emit('error', { code, details: why });
  }

  /** The connection is no more. */
  left(why: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#messages = undefined;
    this.#held?.();
    for (const kind of ['flows', 'metadata'] as const) this.#stopWaitingFor(kind);
    this.#flows.end();
    this.#metadata.end();
    this.#port.onEnd(why);
  }

  #refused(nack: NodeNack): void {
    const sent = this.#unanswered;
    if (nack.version !== sent?.version) return;
    this.#unanswered = undefined;
    if (nack.reason === 'unreadable') {
      this.#has = undefined;
      this.#unreadable += 1;
    }
    this.#port.onNack(nack, sent);
    if (this.#unreadable >= MOST_UNREADABLE) this.end(status.FAILED_PRECONDITION, `it can read nothing that is sent to it: ${nack.why}`);
    else this.#pump();
  }

  #taken(message: Extract<ControllerMessage, { kind: 'flows-taken' | 'metadata-taken' }>): void {
    if (!this.#isBehind()) this.#call.resume();
    this.#note(message);
  }

  #isBehind(): boolean {
    return this.#held !== undefined || this.#flows.waiting + this.#metadata.waiting >= MOST_WAITING;
  }

  #note(message: ControllerMessage): void {
    this.#notes.set(message.kind, message);
    this.#pump();
  }

  #pump(): void {
    while (!this.#isFull && this.#unflushed < MOST_UNFLUSHED && !this.#isEnded) {
      const message = this.#next();
      if (message === undefined) return;
      this.#unflushed += 1;
      this.#isFull = !this.#call.write(message, () => {
        this.#unflushed -= 1;
        this.#pump();
      });
    }
  }

  #next(): ControllerMessage | undefined {
    for (const [kind, note] of this.#notes) {
      this.#notes.delete(kind);
      return note;
    }
    for (;;) {
      const next = this.#messages?.next();
      if (next !== undefined && next.done !== true) return next.value;
      this.#messages = undefined;
      if (!this.#begin()) return undefined;
    }
  }

  /** Begins to send what is newest, where that is due; whether it did. */
  #begin(): boolean {
    const line = this.#port.line();
    if (line === undefined || this.#unanswered !== undefined || this.#isAsking) return false;
    const { newest } = line;
    // a snapshot may be ahead of what is known here to be desired
    if (this.#has !== undefined && this.#hasVersion >= newest.version) return false;
    const way = line.from(this.#has);
    if (way.kind === 'snapshot') {
      this.#ask();
      return false;
    }
    this.#has = newest;
    this.#hasVersion = newest.version;
    if (way.kind === 'same') return false;
    this.#send('delta', newest, `[${way.texts.join()}]`);
    return true;
  }

  #ask(): void {
    this.#isAsking = true;
    this.#port.snapshot().then(
      (snapshot) => {
        this.#isAsking = false;
        if (snapshot === undefined || this.#isEnded) return;
        this.#has = snapshot;
        this.#hasVersion = snapshot.version;
        this.#send('snapshot', snapshot, snapshot.text);
        this.#pump();
      },
      (error: unknown) => {
        this.#isAsking = false;
        this.end(status.INTERNAL, `its bundle can not be written: ${error instanceof Error ? error.message : String(error)}`);
      },
    );
  }

  #send(kind: 'snapshot' | 'delta', { version, revision, hash }: Sent, text: string): void {
    this.#unanswered = { version, revision, hash };
    this.#messages = messagesOf(kind, { version, revision, hash }, text);
  }
}

function* messagesOf(kind: 'snapshot' | 'delta', mark: Sent, text: string): Generator<ControllerMessage> {
  for (const part of partsOf(text)) yield { kind, version: mark.version, revision: mark.revision, hash: mark.hash, part };
}
