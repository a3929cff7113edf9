import { parseAddress } from '#model';

import { AttributeWriter } from '../../libs/dataplane/netlink/attribute-writer.ts';
import { addressKey } from '../../libs/dataplane/visibility/address-text.ts';

type Ends = readonly [source: string, sourcePort: number, destination: string, destinationPort: number];

/** A connection to write down as the kernel would, for specs. */
export interface ExampleConnection {
  readonly protocol: number;
  readonly original: Ends;
  readonly reply: Ends;
  readonly mark: number;
  readonly icmpType?: number;
  readonly counters?: { readonly sent: readonly [packets: number, bytes: number]; readonly received: readonly [packets: number, bytes: number] };
  /** Milliseconds since 1970. */
  readonly times?: readonly [started: number, stopped: number];
}

export function connectionBytes({ protocol, original, reply, mark, icmpType, counters, times }: ExampleConnection): Buffer {
  const writer = new AttributeWriter();
  for (const [type, ends] of [[1, original], [2, reply]] as const) writeTuple(writer, type, ends, protocol, icmpType);
  writer.u32(8, mark);
  const pair = (type: number, [first, second]: readonly [bigint, bigint]): void => {
    const at = writer.open(type);
    writer.u64(1, first).u64(2, second).close(at);
  };
  if (counters !== undefined) {
    pair(9, [BigInt(counters.sent[0]), BigInt(counters.sent[1])]);
    pair(10, [BigInt(counters.received[0]), BigInt(counters.received[1])]);
  }
  if (times !== undefined) pair(20, [BigInt(times[0]) * 1_000_000n, BigInt(times[1]) * 1_000_000n]);
  return Buffer.from(writer.bytes());
}

function writeTuple(writer: AttributeWriter, type: number, [source, sourcePort, destination, destinationPort]: Ends, protocol: number, icmpType: number | undefined): void {
  const tuple = writer.open(type);
  const addresses = writer.open(1);
  const isSix = source.includes(':');
  writer.raw(isSix ? 3 : 1, addressBytes(source)).raw(isSix ? 4 : 2, addressBytes(destination)).close(addresses);
  const ports = writer.open(2);
  writer.u8(1, protocol);
  if (icmpType === undefined) writer.u16(2, sourcePort).u16(3, destinationPort);
  else writer.u16(4, 77).u8(isSix ? 8 : 5, icmpType);
  writer.close(ports).close(tuple);
}

export function addressBytes(text: string): Buffer {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`no address: ${text}`);
  return Buffer.from(addressKey(address), 'latin1');
}
