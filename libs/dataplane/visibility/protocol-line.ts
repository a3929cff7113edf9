import type { Payload } from './protocol-payload.ts';
import type { Signature } from './protocol-signature.ts';

const LINE_AT_MOST = 256;

/** The text up to the first line's end, or up to where looking stops. */
function firstLine(payload: Payload): string {
  const text = payload.text(0, LINE_AT_MOST);
  const end = text.search(/[\r\n]/);
  return end < 0 ? text : text.slice(0, end);
}

export const ssh: Signature = {
  protocol: 'ssh',
  transports: ['TCP'],
  match: (payload) => {
    const version = /^SSH-(\d\.\d{1,2})-[\x20-\x7e]*$/.exec(firstLine(payload))?.[1];
    return version === undefined ? undefined : { version };
  },
};

/** A greeting names itself; a client that does not wait for one says EHLO. */
export const smtp: Signature = {
  protocol: 'smtp',
  transports: ['TCP'],
  match: (payload) => {
    const line = firstLine(payload);
    return /^220[ -].*\bE?L?SMTP\b/i.test(line) || /^(?:EHLO|HELO|LHLO) [\x21-\x7e]{1,253}$/i.test(line) ? {} : undefined;
  },
};

export const ftp: Signature = {
  protocol: 'ftp',
  transports: ['TCP'],
  match: (payload) => (/^220[ -].*ftp/i.test(firstLine(payload)) ? {} : undefined),
};

export const imap: Signature = {
  protocol: 'imap',
  transports: ['TCP'],
  match: (payload) => (/^\* (?:OK|PREAUTH) .*imap/i.test(firstLine(payload)) ? {} : undefined),
};

export const pop3: Signature = {
  protocol: 'pop3',
  transports: ['TCP'],
  match: (payload) => (/^\+OK .*(?:pop|<[^<>@\s]+@[^<>@\s]+>$|dovecot ready)/i.test(firstLine(payload)) ? {} : undefined),
};

/** Its server speaks first. */
export const nats: Signature = {
  protocol: 'nats',
  transports: ['TCP'],
  match: (payload) => {
    if (payload.startsWith('INFO {"')) return {};
    return payload.startsWith('CONNECT {"') || payload.startsWith('CONNECT {}') ? {} : undefined;
  },
};

export const stomp: Signature = {
  protocol: 'stomp',
  transports: ['TCP'],
  match: (payload) => (/^(?:CONNECT|STOMP)\r?\n[a-z-]+:/.test(payload.text(0, 64)) ? {} : undefined),
};

/** An array of strings, which is how every client library sends commands. */
export const redis: Signature = {
  protocol: 'redis',
  transports: ['TCP'],
  match: (payload) => {
    const text = payload.text(0, 32);
    return /^\*[1-9]\d{0,6}\r\n(?:\$[1-9]\d{0,8}\r\n|$)/.test(text) ? {} : undefined;
  },
};

const MEMCACHED_REQUEST = 0x80;
const MEMCACHED_RESPONSE = 0x81;
const LAST_MEMCACHED_COMMAND = 0x4c;

export const memcached: Signature = {
  protocol: 'memcached',
  transports: ['TCP'],
  match: (payload) => {
    const kind = payload.u8(0);
    if (kind === MEMCACHED_REQUEST || kind === MEMCACHED_RESPONSE) return isBinaryMemcached(payload) ? { version: 'binary' } : undefined;
    const line = firstLine(payload);
    if (line.length === payload.length) return undefined;
    const isCommand =
      /^(?:get|gets|delete|incr|decr|touch|gat|gats) [\x21-\x7e]{1,250}/.test(line) ||
      /^(?:set|add|replace|append|prepend|cas) [\x21-\x7e]{1,250} \d+ -?\d+ \d+/.test(line) ||
      /^(?:m[gsdan] [\x21-\x7e]{1,250}|mn|me [\x21-\x7e]+)/.test(line) ||
      /^(?:stats|version)(?: [a-z]+)?$/.test(line);
    return isCommand ? { version: 'text' } : undefined;
  },
};

function isBinaryMemcached(payload: Payload): boolean {
  const key = payload.u16(2);
  const extras = payload.u8(4);
  const body = payload.u32(8);
  return payload.u8(1) <= LAST_MEMCACHED_COMMAND && extras >= 0 && extras <= 32 && payload.u8(5) === 0 && key <= 250 && body >= key + extras && body < 2 ** 27 && payload.length >= 24;
}
