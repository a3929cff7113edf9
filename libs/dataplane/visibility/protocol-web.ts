import type { Payload } from './protocol-payload.ts';
import { hostNameIn, type Identification, type Signature } from './protocol-signature.ts';

const METHODS = ['GET ', 'POST ', 'PUT ', 'HEAD ', 'DELETE ', 'OPTIONS ', 'PATCH ', 'CONNECT ', 'TRACE ', 'PROPFIND ', 'REPORT ', 'MKCOL ', 'PURGE '];
const READ_AT_MOST = 1_024;
const REQUEST_LINE = /^[A-Z]{3,8} [^\s\0]+(?: HTTP\/(1\.[01])\r?\n|$)/;
const HOST = /\r\nhost:[ \t]*([^\s:,/@]{1,253})(?::\d{1,5})?[ \t]*\r\n/i;

export const http: Signature = {
  protocol: 'http',
  transports: ['TCP'],
  match: (payload) => {
    if (payload.startsWith('HTTP/1.')) return { version: payload.text(5, 3) };
    return METHODS.some((method) => payload.startsWith(method)) ? readRequest(payload) : undefined;
  },
};

// a request line that is cut off by the end of the copy is one still; one that says another protocol is none
function readRequest(payload: Payload): Omit<Identification, 'protocol'> | undefined {
  const text = payload.text(0, READ_AT_MOST);
  const line = REQUEST_LINE.exec(text) ?? (/[\r\n\0]/.test(text) ? null : /^[A-Z]{3,8} [^\s\0]+(?: H?T?T?P?\/?1?\.?)?$/.exec(text));
  if (line === null) return undefined;
  const host = HOST.exec(text)?.[1];
  const serverName = host === undefined ? undefined : hostNameIn(host);
  return { ...(line[1] === undefined ? {} : { version: line[1] }), ...(serverName === undefined ? {} : { serverName }) };
}

const SETTINGS = 4;

/** The preface of a client that knows beforehand, as gRPC does; or a server's settings. */
export const http2: Signature = {
  protocol: 'http2',
  transports: ['TCP'],
  match: (payload) => {
    if (payload.startsWith('PRI * HTTP/2.0\r\n')) return {};
    const length = payload.u24(0);
    const isSettings = payload.u8(3) === SETTINGS && payload.u8(4) === 0 && payload.u32(5) === 0 && length >= 0 && length <= 96 && length % 6 === 0;
    // every setting has a number of its own, 1 to some dozen
    return isSettings && (length === 0 || (payload.u16(9) >= 1 && payload.u16(9) <= 64)) ? {} : undefined;
  },
};

export const sip: Signature = {
  protocol: 'sip',
  transports: ['TCP', 'UDP', 'SCTP'],
  match: (payload) => {
    if (payload.startsWith('SIP/2.0 ')) return {};
    return /^(?:INVITE|REGISTER|OPTIONS|SUBSCRIBE|NOTIFY|MESSAGE|ACK|BYE|CANCEL|PUBLISH|REFER|INFO|UPDATE|PRACK) sips?:/.test(payload.text(0, 20)) ? {} : undefined;
  },
};
