import { LabHost } from './lab-host.ts';
import { linksAreUp } from './link-state.ts';
import { header6, TRANSPORT_NUMBER } from './probe-packet.ts';
import { LinkCapture } from './packet-socket.ts';
import { setRoute } from './route-message.ts';
import { systemCalls } from './system-calls.ts';
import { known, LOWER, mac, ROUTER, UPPER, wire } from './wiring.ts';

const LINK = 3;
const TARGET = known('100::5246:1');
const SOURCE = known('100::5246:2');
/** More links than the longest way through a lab has, translated and turned back by a node included. */
const CROSSINGS = 16;
const PATIENCE_MS = 5_000;
const POLLIN = 1;
const MASK_BYTES = 128;

/**
 * Tells when every packet sent before has arrived or is gone.
 *
 * A link hands its packets to the receive queue of the processor that sends, and that queue is
 * worked off in order. While `inOrder` runs, everything is sent from one processor. The marker is
 * sent last and crosses one link after another, back and forth between the world and a mirror
 * without rules, more often than any probe does: each time it comes round, all that went before it
 * is one link further. So when it ends, the others have ended too: what has not arrived was dropped.
 */
export class Marker {
  readonly #mirror = new LabHost('the mirror', ROUTER, (namespace) => new LinkCapture(namespace));
  #number = 0;

  constructor(world: LabHost) {
    // from now on, so that it sees the first marker too
    this.#mirror.capture.drain(() => undefined);
    const wires = wire({ name: 'mirror', index: LINK, mac: mac(5, 0, 0) }, { name: 'world', index: LINK, mac: mac(6, 0, 0) }, this.#mirror.namespace);
    world.apply(wires.upper);
    this.#mirror.apply(wires.lower);
    world.apply([setRoute({ destination: TARGET, target: { kind: 'via', index: LINK, gateway: LOWER } })]);
    this.#mirror.apply([setRoute({ destination: TARGET, target: { kind: 'via', index: LINK, gateway: UPPER } })]);
    for (const host of [world, this.#mirror]) linksAreUp(host.namespace);
  }

  /** Runs `send` on one processor, and returns when all that it sent has come to its end. */
  inOrder(send: () => void): void {
    onOneProcessor(() => {
      send();
      this.#pass();
    });
  }

  close(): void {
    this.#mirror.close();
  }

  #pass(): void {
    const tag = ((this.#number = (this.#number + 1) & 0xffffff) | 0x52000000) >>> 0;
    const echo = Buffer.alloc(12);
    echo.writeUInt8(128, 0);
    echo.writeUInt32BE(tag, 8);
    // an odd number of links away, so that the last look at it is in the mirror
    const errno = this.#mirror.sender.send(Buffer.concat([header6(SOURCE, TARGET, TRANSPORT_NUMBER.icmp6, echo.length, CROSSINGS), echo]), TARGET);
    if (errno !== 0) throw new Error(`lab: send marker: errno ${String(errno)}`);
    const deadline = performance.now() + PATIENCE_MS;
    while (!this.#isThrough(tag)) {
      if (performance.now() > deadline) throw new Error(`lab: marker ${tag.toString(16)} never arrived`);
      waitReadable(this.#mirror.capture.fds, 100);
    }
  }

  #isThrough(tag: number): boolean {
    let isThrough = false;
    this.#mirror.capture.drain((found, hopLimit) => {
      if (found === tag && hopLimit <= 2) isThrough = true;
    });
    return isThrough;
  }
}

function waitReadable(fds: readonly number[], timeoutMs: number): void {
  const list = Buffer.alloc(8 * fds.length);
  fds.forEach((fd, at) => {
    list.writeInt32LE(fd, 8 * at);
    list.writeInt16LE(POLLIN, 8 * at + 4);
  });
  systemCalls().poll(list, fds.length, timeoutMs);
}

function onOneProcessor(body: () => void): void {
  const { getAffinity, setAffinity, currentProcessor } = systemCalls();
  const before = Buffer.alloc(MASK_BYTES);
  if (getAffinity(0, before.length, before) < 0) throw new Error('lab: cannot tell which processors there are');
  const processor = currentProcessor();
  const one = Buffer.alloc(MASK_BYTES);
  one[processor >> 3] = 1 << (processor & 7);
  if (setAffinity(0, one.length, one) < 0) throw new Error('lab: cannot stay on one processor');
  try {
    body();
  } finally {
    setAffinity(0, before.length, before);
  }
}
