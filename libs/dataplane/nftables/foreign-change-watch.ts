import type { ForeignChange } from '../driver.ts';
import { AttributeWriter } from '../netlink/attribute-writer.ts';
import { attributesOf, messages, type NetlinkMessage, NLM_F_REQUEST } from '../netlink/netlink-message.ts';
import type { NetlinkSocket } from '../netlink/netlink-socket.ts';
import { CHAIN, ELEMENTS, GEN, MSG, NFNL_SUBSYS_NFTABLES, NFNLGRP_NFTABLES, RULE, SET } from './kernel-numbers.ts';

const MOST_LINES = 5;

const words: Readonly<Record<number, { readonly what: string; readonly name?: number }>> = {
  [MSG.NEWTABLE]: { what: 'wrote the table' },
  [MSG.DELTABLE]: { what: 'deleted the table' },
  [MSG.NEWCHAIN]: { what: 'wrote chain', name: CHAIN.NAME },
  [MSG.DELCHAIN]: { what: 'deleted chain', name: CHAIN.NAME },
  [MSG.NEWRULE]: { what: 'added a rule to', name: RULE.CHAIN },
  [MSG.DELRULE]: { what: 'deleted a rule of', name: RULE.CHAIN },
  [MSG.NEWSET]: { what: 'wrote set', name: SET.NAME },
  [MSG.DELSET]: { what: 'deleted set', name: SET.NAME },
  [MSG.NEWSETELEM]: { what: 'added elements to', name: ELEMENTS.SET },
  [MSG.DELSETELEM]: { what: 'deleted elements of', name: ELEMENTS.SET },
};

/**
 * Listens for changes of our table by anybody else.
 *
 * The kernel tells every change with the address of the socket it came through, and ends each
 * transaction with the process behind it. While a large commit of our own is under way it is told
 * not to: whether somebody else was at work meanwhile shows in the number of transactions.
 */
export class ForeignChangeWatch {
  readonly #socket: NetlinkSocket;
  readonly #table: string;
  readonly #ownPort: number;
  readonly #listener: (change: ForeignChange) => void;
  #what: string[] = [];
  #isIncomplete = false;
  #generation = 0;
  #generationBefore = 0;

  constructor(socket: NetlinkSocket, table: string, ownPort: number, listener: (change: ForeignChange) => void) {
    this.#socket = socket;
    this.#table = table;
    this.#ownPort = ownPort;
    this.#listener = listener;
    socket.dropFrom(ownPort);
    socket.join(NFNLGRP_NFTABLES);
    socket.onMessages(
      (message) => {
        this.#take(message);
      },
      () => {
        this.#isIncomplete = true;
        this.#tell({});
      },
    );
  }

  pause(): void {
    this.#socket.leave(NFNLGRP_NFTABLES);
    this.#generationBefore = this.#askGeneration();
  }

  resume(): void {
    this.#socket.join(NFNLGRP_NFTABLES);
    this.#generation = this.#askGeneration();
    // one transaction was ours
    if (((this.#generation - this.#generationBefore) >>> 0) <= 1) return;
    this.#isIncomplete = true;
    queueMicrotask(() => {
      this.#tell({});
    });
  }

  stop(): void {
    this.#socket.close();
  }

  #take(message: NetlinkMessage): void {
    if (message.type >> 8 !== NFNL_SUBSYS_NFTABLES) return;
    const kind = message.type & 0xff;
    const attributes = attributesOf(message);
    if (kind === MSG.NEWGEN) {
      const pid = attributes.u32(GEN.PROC_PID);
      const process = attributes.text(GEN.PROC_NAME);
      if (this.#what.length > 0 || this.#isIncomplete) this.#tell({ ...(pid === undefined ? {} : { pid }), ...(process === undefined ? {} : { process }) });
      return;
    }
    const said = words[kind];
    // in all of these messages the first attribute is the table's name
    if (said === undefined || message.portId === this.#ownPort || attributes.text(1) !== this.#table) return;
    const line = said.name === undefined ? said.what : `${said.what} ${attributes.text(said.name) ?? '?'}`;
    if (this.#what.length < MOST_LINES && !this.#what.includes(line)) this.#what.push(line);
  }

  #tell(who: { readonly pid?: number; readonly process?: string }): void {
    if (this.#socket.isClosed || (this.#what.length === 0 && !this.#isIncomplete)) return;
    const change = { what: this.#what, ...who, isIncomplete: this.#isIncomplete };
    this.#what = [];
    this.#isIncomplete = false;
    this.#listener(change);
  }

  #askGeneration(): number {
    const writer = new AttributeWriter(64).begin((NFNL_SUBSYS_NFTABLES << 8) | MSG.GETGEN, NLM_F_REQUEST, 1).finish();
    this.#socket.send(writer.bytes());
    const buffer = Buffer.alloc(1 << 16);
    for (;;) {
      const received = this.#socket.receive(buffer, 1_000);
      if (received.kind === 'overflow') this.#isIncomplete = true;
      if (received.kind === 'nothing') throw new Error('ask for the generation of the ruleset: no answer');
      if (received.kind !== 'bytes') continue;
      for (const message of messages(buffer, received.length)) {
        const isAnswer = message.sequence === 1 && (message.type & 0xff) === MSG.NEWGEN && message.portId === this.#socket.portId;
        if (isAnswer) return attributesOf(message).u32(GEN.ID) ?? 0;
        this.#take(message);
      }
    }
  }
}
