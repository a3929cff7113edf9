import type { Payload } from './protocol-payload.ts';
import type { Signature } from './protocol-signature.ts';

/** Eight bytes: its name, which layer, and the version. */
export const amqp: Signature = {
  protocol: 'amqp',
  transports: ['TCP', 'SCTP'],
  match: (payload) => {
    if (!payload.startsWith('AMQP')) return undefined;
    const layer = payload.u8(4);
    const [major, minor, revision] = [payload.u8(5), payload.u8(6), payload.u8(7)];
    if (layer === 0 && major === 0 && minor === 9 && revision === 1) return { version: '0-9-1' };
    if ((layer === 0 || layer === 2 || layer === 3) && major === 1 && minor === 0 && revision === 0) return { version: '1.0' };
    return layer === 1 && major === 1 ? { version: `${String(minor)}-${String(revision)}` } : undefined;
  },
};

const LAST_KAFKA_API = 100;
const LAST_KAFKA_VERSION = 20;
const LONGEST_KAFKA_REQUEST = 104_857_600;

/** Length, which request, its version, a number that counts up, and who asks. */
export const kafka: Signature = {
  protocol: 'kafka',
  transports: ['TCP'],
  match: (payload) => {
    const length = payload.u32(0);
    const api = payload.u16(4);
    const version = payload.u16(6);
    const name = payload.u16(12);
    if (length < 10 || length > LONGEST_KAFKA_REQUEST || api < 0 || api > LAST_KAFKA_API || version < 0 || version > LAST_KAFKA_VERSION) return undefined;
    const isNamed = name === 0xffff || (name >= 0 && name <= 249 && name + 10 <= length && payload.isPrintable(14, Math.min(name, Math.max(0, payload.length - 14))));
    // clients begin to count at 0 or 1; anything may follow, but not after four billion requests
    return isNamed && payload.u32(8) < 2 ** 24 ? { version: `${String(api)} v${String(version)}` } : undefined;
  },
};

const MQTT_CONNECT = 0x10;

export const mqtt: Signature = {
  protocol: 'mqtt',
  transports: ['TCP'],
  match: (payload) => {
    if (payload.u8(0) !== MQTT_CONNECT) return undefined;
    let at = 1;
    // the length takes one to four bytes; the upper bit says that another follows
    while (at <= 4 && payload.u8(at) >= 0x80) at += 1;
    if (at > 4) return undefined;
    at += 1;
    if (payload.u16(at) === 4 && payload.startsWith('MQTT', at + 2)) return payload.u8(at + 6) === 5 ? { version: '5.0' } : { version: '3.1.1' };
    return payload.u16(at) === 6 && payload.startsWith('MQIsdp', at + 2) ? { version: '3.1' } : undefined;
  },
};

const SEQUENCE = 0x30;
const INTEGER = 0x02;
/** Bind, unbind, search, and the extended request that StartTLS is. */
const LDAP_REQUESTS = [0x60, 0x42, 0x63, 0x77];

/** A sequence of a message number and a request, in BER. */
export const ldap: Signature = {
  protocol: 'ldap',
  transports: ['TCP'],
  match: (payload) => {
    if (payload.u8(0) !== SEQUENCE) return undefined;
    const first = payload.u8(1);
    const at = first < 0x80 ? 2 : first <= 0x84 ? 2 + (first & 0x7f) : -1;
    const size = payload.u8(at + 1);
    if (at < 0 || first === 0x80 || payload.u8(at) !== INTEGER || size < 1 || size > 4) return undefined;
    return LDAP_REQUESTS.includes(payload.u8(at + 2 + size)) ? {} : undefined;
  },
};

const LONGEST_ZOOKEEPER_TIMEOUT_MS = 3_600_000;

/** A request to connect: protocol 0, what was seen last, how long a session lives, its number and its password. */
export const zookeeper: Signature = {
  protocol: 'zookeeper',
  transports: ['TCP'],
  match: (payload) => {
    const length = payload.u32(0);
    const timeout = payload.u32(16);
    const isConnect = (length === 44 || length === 45) && payload.u32(4) === 0 && timeout > 0 && timeout <= LONGEST_ZOOKEEPER_TIMEOUT_MS && payload.u32(28) === 16;
    return isConnect ? {} : undefined;
  },
};

/** A query or an answer to one; over TCP with its length before it. */
export const dnsOverUdp: Signature = {
  protocol: 'dns',
  transports: ['UDP'],
  match: (payload) => (isDns(payload, 0) ? {} : undefined),
};

export const dnsOverTcp: Signature = {
  protocol: 'dns',
  transports: ['TCP'],
  match: (payload) => (payload.u16(0) >= 17 && isDns(payload, 2) ? {} : undefined),
};

const MOST_LABELS = 128;
const INTERNET = 1;
const LAST_QUERY_TYPE = 65_535;

function isDns(payload: Payload, start: number): boolean {
  const flags = payload.u16(start + 2);
  // a plain query, one question; what is reserved is zero
  if (flags < 0 || (flags & 0x7840) !== 0 || payload.u16(start + 4) !== 1) return false;
  const isAnswer = (flags & 0x8000) !== 0;
  if (!isAnswer && (payload.u16(start + 6) !== 0 || payload.u16(start + 8) !== 0 || payload.u16(start + 10) > 2)) return false;
  let at = start + 12;
  for (let count = 0; count < MOST_LABELS; count += 1) {
    const length = payload.u8(at);
    if (length === 0) return payload.u16(at + 1) >= 1 && payload.u16(at + 1) <= LAST_QUERY_TYPE && (payload.u16(at + 3) & 0x7fff) === INTERNET;
    if (length < 1 || length > 63) return false;
    at += 1 + length;
  }
  return false;
}
