import { type MarkLayout, markLayout, readMark } from '#compilers/nftables';

import { AttributeWriter } from './netlink/attribute-writer.ts';
import { findU32 } from './netlink/attribute-reader.ts';
import { attributesOf, familyOf, NLM_F_DUMP, NLM_F_REQUEST } from './netlink/netlink-message.ts';
import { NetlinkSocket } from './netlink/netlink-socket.ts';
import type { ConnectionSweep } from './generations.ts';

const CT_NEW = 0x100;
const CT_GET = 0x101;
const CTA_TUPLE_ORIG = 1;
const CTA_MARK = 8;
const CTA_ZONE = 18;
const CTA_MARK_MASK = 21;
const NLA_F_NESTED = 0x8000;
const BATCH_BYTES = 60_000;
const SEQUENCE = 1;

/** Takes the stamps of generations off the connections that still carry them, straight in the kernel's table of connections. */
export class ConntrackSweep implements ConnectionSweep {
  readonly #place: { readonly namespacePath?: string };
  readonly #layout: MarkLayout;

  /** `ownedMark`: the bits of a connection's mark that are ours; all unless said. */
  constructor({ ownedMark, ...place }: { readonly namespacePath?: string; readonly ownedMark?: number } = {}) {
    this.#place = place;
    this.#layout = markLayout(ownedMark);
  }

  clear(generations: ReadonlySet<number>): number {
    const socket = new NetlinkSocket({ ...this.#place, receiveBufferBytes: 8 * 2 ** 20, sendBufferBytes: 2 ** 20 });
    try {
      const updates = listStamped(socket, generations, this.#layout);
      for (const bytes of updates.batches) {
        socket.send(bytes);
        // an error here is a connection that ended meanwhile
        socket.answers();
      }
      return updates.count;
    } finally {
      socket.close();
    }
  }
}

function listStamped(socket: NetlinkSocket, generations: ReadonlySet<number>, layout: MarkLayout): { readonly batches: readonly Buffer[]; readonly count: number } {
  const request = new AttributeWriter(64).begin(CT_GET, NLM_F_REQUEST | NLM_F_DUMP, SEQUENCE).finish();
  const batches: Buffer[] = [];
  let count = 0;
  let writer = new AttributeWriter(BATCH_BYTES);
  socket.dump(request.bytes(), (message) => {
    // nearly all connections are of the generation that stays
    const mark = findU32(message.bytes, message.start + 4, message.end, CTA_MARK) ?? 0;
    if ((mark & layout.generation) === 0 || !generations.has(readMark(layout, mark).generation)) return;
    const attributes = attributesOf(message);
    const tuple = attributes.raw(CTA_TUPLE_ORIG);
    if (tuple === undefined) return;
    writer.begin(CT_NEW, NLM_F_REQUEST, SEQUENCE, familyOf(message)).raw(NLA_F_NESTED | CTA_TUPLE_ORIG, tuple);
    const zone = attributes.u16(CTA_ZONE);
    if (zone !== undefined) writer.u16(CTA_ZONE, zone);
    writer.u32(CTA_MARK, 0).u32(CTA_MARK_MASK, layout.generation);
    count += 1;
    if (writer.length < BATCH_BYTES - 512) return;
    batches.push(writer.finish().bytes());
    writer = new AttributeWriter(BATCH_BYTES);
  });
  if (writer.length > 0) batches.push(writer.finish().bytes());
  return { batches, count };
}
