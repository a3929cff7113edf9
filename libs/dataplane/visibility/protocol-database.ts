import type { Payload } from './protocol-payload.ts';
import type { Signature } from './protocol-signature.ts';

const POSTGRESQL_3 = 3 << 16;
const POSTGRESQL_REQUESTS: Readonly<Record<number, string>> = { 80877102: 'cancel', 80877103: 'ssl', 80877104: 'gss' };
/** 3.0 and 3.2 exist. */
const LAST_POSTGRESQL_MINOR = 2;
const LONGEST_POSTGRESQL_STARTUP = 10_000;

/** Startup, or a request to encrypt or to cancel: length, then a number that is a version or one of three. */
export const postgresql: Signature = {
  protocol: 'postgresql',
  transports: ['TCP'],
  match: (payload) => {
    const length = payload.u32(0);
    const code = payload.u32(4);
    const request = POSTGRESQL_REQUESTS[code];
    if (request === 'cancel') return length >= 16 && length <= 268 ? { version: request } : undefined;
    if (request !== undefined) return length === 8 ? { version: request } : undefined;
    if (code < POSTGRESQL_3 || code > POSTGRESQL_3 + LAST_POSTGRESQL_MINOR || length > LONGEST_POSTGRESQL_STARTUP) return undefined;
    // pairs of names and values follow, or nothing but the end; Kafka's request 3 has a number that counts up there
    const first = payload.u8(8);
    return (first === 0 && length === 9) || (first >= 0x20 && first <= 0x7e) ? { version: `3.${String(code - POSTGRESQL_3)}` } : undefined;
  },
};

/** Its server speaks first: a packet with number 0, protocol 10 and its version; or an error that refuses the client. */
export const mysql: Signature = {
  protocol: 'mysql',
  transports: ['TCP'],
  match: (payload) => {
    const length = payload.u24le(0);
    if (payload.u8(3) !== 0 || length < 8 || length > 1_024) return undefined;
    if (payload.u8(4) === 0xff) return payload.isPrintable(7, Math.min(16, length - 3)) && payload.u8(6) >= 3 && payload.u8(6) <= 0x12 ? { version: 'error' } : undefined;
    if (payload.u8(4) !== 10) return undefined;
    const version = /^([0-9][\x20-\x7e]{2,60})\0/.exec(payload.text(5, 64))?.[1];
    return version === undefined ? undefined : { version };
  },
};

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_COMPRESSED = 2012;
const OP_MSG = 2013;
const LONGEST_MONGODB = 48_000_000;

export const mongodb: Signature = {
  protocol: 'mongodb',
  transports: ['TCP'],
  match: (payload) => {
    const length = payload.u32le(0);
    const answers = payload.u32le(8);
    if (length < 21 || length > LONGEST_MONGODB) return undefined;
    switch (payload.u32le(12)) {
      case OP_MSG:
        // only three flags exist, and the first section is a document
        return (payload.u32le(16) & ~0x10003) === 0 && payload.u8(20) <= 1 && payload.u8(20) >= 0 ? { version: 'msg' } : undefined;
      case OP_QUERY:
        return answers === 0 && payload.startsWith('admin.$cmd\0', 20) ? { version: 'query' } : undefined;
      case OP_COMPRESSED:
        return payload.u8(24) >= 0 && payload.u8(24) <= 3 ? { version: 'compressed' } : undefined;
      case OP_REPLY:
        return answers > 0 && payload.u32le(20) === 0 && payload.length >= 36 ? { version: 'reply' } : undefined;
      default:
        return undefined;
    }
  },
};

const TDS_PRELOGIN = 0x12;

/** The options before a login: the first is the version, six bytes long. */
export const mssql: Signature = {
  protocol: 'mssql',
  transports: ['TCP'],
  match: (payload) => {
    const length = payload.u16(2);
    const isPrelogin = payload.u8(0) === TDS_PRELOGIN && payload.u8(1) === 1 && length >= 20 && length <= 4_096 && payload.u16(4) === 0 && payload.u8(7) === 0;
    return isPrelogin && payload.u8(8) === 0 && payload.u16(9) < length && payload.u16(11) === 6 ? {} : undefined;
  },
};

const CASSANDRA_STARTUP = 1;
const CASSANDRA_OPTIONS = 5;

export const cassandra: Signature = {
  protocol: 'cassandra',
  transports: ['TCP'],
  match: (payload) => {
    const version = payload.u8(0);
    const flags = payload.u8(1);
    if (version < 3 || version > 6 || flags < 0 || flags > 0x1f) return undefined;
    const operation = payload.u8(4);
    const isOptions = operation === CASSANDRA_OPTIONS && payload.u32(5) === 0;
    const isStartup = operation === CASSANDRA_STARTUP && payload.u16(9) >= 1 && payload.u16(9) <= 16 && isUpperCaseOption(payload, 11);
    return isOptions || isStartup ? { version: String(version) } : undefined;
  },
};

function isUpperCaseOption(payload: Payload, at: number): boolean {
  const length = payload.u16(at);
  return length >= 3 && length <= 64 && /^[A-Z_]+$/.test(payload.text(at + 2, length));
}

/** Neo4j's: a number that was chosen for this, then four versions. */
export const bolt: Signature = {
  protocol: 'bolt',
  transports: ['TCP'],
  match: (payload) => (payload.u32(0) === 0x6060b017 ? {} : undefined),
};
