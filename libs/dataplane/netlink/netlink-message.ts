import { AttributeMap } from './attribute-reader.ts';
import { errorName } from './system-calls.ts';

export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_CAPPED = 0x100;
export const NLM_F_ACK_TLVS = 0x200;
export const NLM_F_EXCL = 0x200;
export const NLM_F_DUMP = 0x300;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const HEADER = 16;
const NLMSGERR_ATTR_MSG = 1;
const NLMSGERR_ATTR_OFFS = 2;

/** One message as it lies in a buffer; the bytes are a view and good until the buffer is used again. */
export interface NetlinkMessage {
  /** The subsystem in the upper byte. */
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** Of the receiver it is meant for; in a notification, of who caused it. 0 is the kernel. */
  readonly portId: number;
  readonly bytes: Buffer;
  /** Where the payload begins: netfilter's header of four bytes, for netfilter's messages. */
  readonly start: number;
  readonly end: number;
}

/** What the kernel answered to one message: done, or an error. */
export interface Acknowledgement {
  readonly sequence: number;
  /** 0 for success. */
  readonly errno: number;
  readonly code: string;
  /** What the kernel says about it, where it says anything. */
  readonly text?: string;
  /** Where in the message that was sent the kernel saw the fault. */
  readonly offset?: number;
}

/** Walks the messages in a buffer. One that is cut short ends the walk. */
export function* messages(bytes: Buffer, length = bytes.length): Generator<NetlinkMessage> {
  let at = 0;
  while (at + HEADER <= length) {
    const size = bytes.readUInt32LE(at);
    if (size < HEADER || at + size > length) return;
    yield {
      type: bytes.readUInt16LE(at + 4),
      flags: bytes.readUInt16LE(at + 6),
      sequence: bytes.readUInt32LE(at + 8),
      portId: bytes.readUInt32LE(at + 12),
      bytes,
      start: at + HEADER,
      end: at + size,
    };
    at += (size + 3) & ~3;
  }
}

/** The attributes of a netfilter message, behind its header of four bytes. */
export function attributesOf({ bytes, start, end }: NetlinkMessage): AttributeMap {
  return new AttributeMap(bytes, start + 4, end);
}

/** The address family in netfilter's header. */
export function familyOf({ bytes, start }: NetlinkMessage): number {
  return bytes[start] ?? 0;
}

export function isDone(message: NetlinkMessage): boolean {
  return message.type === NLMSG_DONE;
}

/** The answer in a message; undefined where the message is something else. The end of a dump is one too: it may carry an error. */
export function acknowledgementIn(message: NetlinkMessage): Acknowledgement | undefined {
  if (message.type !== NLMSG_ERROR && message.type !== NLMSG_DONE) return undefined;
  const { bytes, start, end, flags, sequence } = message;
  const errno = end - start < 4 ? 0 : -bytes.readInt32LE(start);
  const said = (flags & NLM_F_ACK_TLVS) === 0 ? undefined : saidBy(message);
  const text = said?.text(NLMSGERR_ATTR_MSG);
  const offset = said?.raw(NLMSGERR_ATTR_OFFS)?.readUInt32LE(0);
  return {
    sequence,
    errno,
    code: errno === 0 ? '' : errorName(errno),
    ...(text === undefined ? {} : { text }),
    ...(offset === undefined ? {} : { offset }),
  };
}

// error number, then the message it is about (its header alone where capped), then what is said about it
function saidBy({ type, bytes, start, end, flags }: NetlinkMessage): AttributeMap | undefined {
  if (type === NLMSG_DONE) return new AttributeMap(bytes, start + 4, end);
  if (end - start < 4 + HEADER) return undefined;
  const size = (flags & NLM_F_CAPPED) === 0 ? bytes.readUInt32LE(start + 4) : HEADER;
  return new AttributeMap(bytes, start + 4 + ((size + 3) & ~3), end);
}
