import { createServer, type Server, type Socket, connect } from 'node:net';

/** A line to a port of loopback that a test can cut and mend, as a network does. */
export class CuttableLine {
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #mode: 'open' | 'cut' | 'silent' = 'open';

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((near) => {
      this.#join(near);
    });
  }

  static async to(target: number): Promise<CuttableLine> {
    const line = new CuttableLine(target);
    await new Promise<void>((resolve) => line.#server.listen(0, '127.0.0.1', resolve));
    return line;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Ends every connection, and refuses new ones. */
  cut(): void {
    this.#mode = 'cut';
    this.#end();
  }

  /** Nothing goes through any more, and nobody is told: a broken router. */
  silence(): void {
    this.#mode = 'silent';
    for (const socket of this.#sockets) socket.pause();
  }

  /** New connections go through. Those that were silent stay so. */
  mend(): void {
    this.#mode = 'open';
  }

  close(): void {
    this.#end();
    this.#server.close();
  }

  #end(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(near: Socket): void {
    if (this.#mode === 'cut') {
      near.destroy();
      return;
    }
    const far = connect(this.#target, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
    if (this.#mode === 'silent') for (const socket of [near, far]) socket.pause();
  }
}
