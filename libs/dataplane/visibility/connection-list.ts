import { AttributeWriter } from '../netlink/attribute-writer.ts';
import { acknowledgementIn, messages, NLM_F_DUMP, NLM_F_REQUEST } from '../netlink/netlink-message.ts';
import { NetlinkSocket } from '../netlink/netlink-socket.ts';
import { type ReadableWatch, whenReadable } from '../netlink/readable-watch.ts';
import { type ConnectionRecord, newConnectionRecord, readConnection } from './connection-record.ts';

const CT_NEW = 0x100;
const CT_GET = 0x101;
const READ_SIZE = 64 * 1_024;
/** The kernel packs some hundred connections into one piece; a turn of the event loop takes a few. */
const PIECES_A_TURN = 8;

/**
 * Reads the list of all tracked connections, a piece at a turn, however long it is.
 *
 * It changes while it is read: what began or ended meanwhile may be in it or not.
 */
export class ConnectionList {
  readonly #socket: NetlinkSocket;
  readonly #watch: ReadableWatch;
  readonly #buffer = Buffer.allocUnsafeSlow(READ_SIZE);
  readonly #record = newConnectionRecord();
  readonly #visit: (record: ConnectionRecord, bytes: Buffer) => void;
  readonly #finish: (isWhole: boolean) => void;

  constructor(namespacePath: string | undefined, visit: (record: ConnectionRecord, bytes: Buffer) => void, finish: (isWhole: boolean) => void) {
    this.#visit = visit;
    this.#finish = finish;
    this.#socket = new NetlinkSocket({ ...(namespacePath === undefined ? {} : { namespacePath }), receiveBufferBytes: 1_024 * 1_024 });
    this.#watch = whenReadable(this.#socket.fd, () => {
      this.#readSome();
    });
    this.#socket.send(new AttributeWriter(64).begin(CT_GET, NLM_F_REQUEST | NLM_F_DUMP, 1).finish().bytes());
  }

  close(): void {
    this.#watch.stop();
    this.#socket.close();
  }

  #readSome(): void {
    for (let piece = 0; piece < PIECES_A_TURN; piece += 1) {
      const received = this.#socket.receive(this.#buffer, 0);
      if (received.kind === 'nothing') return;
      if (received.kind === 'overflow') {
        this.#end(false);
        return;
      }
      for (const message of messages(this.#buffer, received.length)) {
        const answer = acknowledgementIn(message);
        if (answer !== undefined) {
          this.#end(answer.errno === 0);
          return;
        }
        if (message.type === CT_NEW && readConnection(message.bytes, message.start + 4, message.end, this.#record)) this.#visit(this.#record, message.bytes);
      }
    }
  }

  #end(isWhole: boolean): void {
    this.close();
    this.#finish(isWhole);
  }
}
