import { describe, expect, it } from '@jest/globals';

import { WIRE_PROTOCOLS } from '#model';

import { Payload } from './protocol-payload.ts';
import type { Identification, Transport } from './protocol-signature.ts';
import { identifyProtocol } from './protocol-table.ts';

const zeros = (count: number): string => '\0'.repeat(count);
const be16 = (value: number): string => String.fromCharCode(value >> 8, value & 255);
const be32 = (value: number): string => be16(value >>> 16) + be16(value & 0xffff);
const le32 = (value: number): string => String.fromCharCode(value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24);
const extension = (type: number, body: string): string => be16(type) + be16(body.length) + body;
const sni = (name: string): string => extension(0, be16(name.length + 3) + '\0' + be16(name.length) + name);

function clientHello(extensions: string): string {
  const body = `\x03\x03${'r'.repeat(32)}\x20${'s'.repeat(32)}${be16(4)}\x13\x01\x13\x02\x01\0${be16(extensions.length)}${extensions}`;
  return `\x16\x03\x01${be16(body.length + 4)}\x01\0${be16(body.length)}${body}`;
}

function query(name: string, flags = 0x0100): string {
  const labels = name.split('.').map((label) => String.fromCharCode(label.length) + label);
  return `\x12\x34${be16(flags)}${be16(1)}${zeros(6)}${labels.join('')}\0${be16(1)}${be16(1)}`;
}

const kafkaRequest = (api: number, version: number, client: string): string => {
  const body = be16(api) + be16(version) + be32(1) + be16(client.length) + client + zeros(4);
  return be32(body.length) + body;
};

type Case = readonly [what: string, text: string, expected: Identification, transport?: Transport];

const cases: readonly Case[] = [
  ['TLS with a server name behind other extensions', clientHello(extension(0x2b, '\x02\x03\x04') + sni('Shop.example.com')), { protocol: 'tls', serverName: 'shop.example.com' }],
  ['TLS without a server name', clientHello(extension(0x2b, '\x02\x03\x04')), { protocol: 'tls' }],
  ['TLS cut off before the name', clientHello(sni('shop.example.com')).slice(0, 90), { protocol: 'tls' }],
  ['TLS with a name no host has', clientHello(sni('a\nb')), { protocol: 'tls' }],
  ['TLS with an address for a name', clientHello(sni('192.0.2.1')), { protocol: 'tls' }],
  ['a TLS server', `\x16\x03\x03${be16(70)}\x02\0${be16(66)}${zeros(66)}`, { protocol: 'tls' }],
  ['HTTP', 'GET /health HTTP/1.1\r\nAccept: */*\r\nHost: Shop.example.com:8080\r\n\r\n', { protocol: 'http', version: '1.1', serverName: 'shop.example.com' }],
  ['HTTP/1.0', 'HEAD / HTTP/1.0\r\n\r\n', { protocol: 'http', version: '1.0' }],
  ['an HTTP request line that is cut off', `GET /${'a'.repeat(200)}`, { protocol: 'http' }],
  ['an HTTP answer', 'HTTP/1.1 200 OK\r\n', { protocol: 'http', version: '1.1' }],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', { protocol: 'http2' }],
  ['an HTTP/2 server', `\0\0\x06\x04\0${zeros(4)}${be16(3)}${be32(100)}`, { protocol: 'http2' }],
  ['SSH', 'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n', { protocol: 'ssh', version: '2.0' }],
  ['PostgreSQL startup', `${be32(20)}${be32(196_608)}user\0shop\0\0`, { protocol: 'postgresql', version: '3.0' }],
  ['PostgreSQL startup, 3.2', `${be32(20)}${be32(196_610)}user\0shop\0\0`, { protocol: 'postgresql', version: '3.2' }],
  ['PostgreSQL asking for TLS', be32(8) + be32(80_877_103), { protocol: 'postgresql', version: 'ssl' }],
  ['PostgreSQL asking for GSS', be32(8) + be32(80_877_104), { protocol: 'postgresql', version: 'gss' }],
  ['PostgreSQL cancelling', be32(16) + be32(80_877_102) + be32(77) + be32(88), { protocol: 'postgresql', version: 'cancel' }],
  ['MySQL', `\x4a\0\0\0\x0a8.4.2\0${zeros(60)}`, { protocol: 'mysql', version: '8.4.2' }],
  ['MariaDB', `\x5c\0\0\0\x0a5.5.5-10.11.6-MariaDB\0${zeros(60)}`, { protocol: 'mysql', version: '5.5.5-10.11.6-MariaDB' }],
  ['MySQL refusing a client', '\x45\0\0\0\xff\x6a\x04Host is not allowed to connect', { protocol: 'mysql', version: 'error' }],
  ['Redis', '*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n', { protocol: 'redis' }],
  ['MongoDB', `${le32(60)}${le32(1)}${le32(0)}${le32(2013)}${le32(0)}\0${zeros(39)}`, { protocol: 'mongodb', version: 'msg' }],
  ['MongoDB the old way', `${le32(60)}${le32(1)}${le32(0)}${le32(2004)}${le32(4)}admin.$cmd\0${zeros(29)}`, { protocol: 'mongodb', version: 'query' }],
  ['Kafka asking for versions', kafkaRequest(18, 3, 'producer-1'), { protocol: 'kafka', version: '18 v3' }],
  ['Kafka without a name', `${be32(12)}${be16(3)}${be16(9)}${be32(0)}\xff\xff\0\0`, { protocol: 'kafka', version: '3 v9' }],
  ['Kafka where PostgreSQL has its version', kafkaRequest(3, 0, ''), { protocol: 'kafka', version: '3 v0' }],
  ['AMQP 0-9-1', 'AMQP\0\0\x09\x01', { protocol: 'amqp', version: '0-9-1' }],
  ['AMQP 1.0', 'AMQP\0\x01\0\0', { protocol: 'amqp', version: '1.0' }],
  ['AMQP 1.0 with SASL', 'AMQP\x03\x01\0\0', { protocol: 'amqp', version: '1.0' }],
  ['DNS', query('api.example.com'), { protocol: 'dns' }, 'UDP'],
  ['a DNS answer', query('api.example.com', 0x8180), { protocol: 'dns' }, 'UDP'],
  ['DNS over TCP', be16(33) + query('api.example.com'), { protocol: 'dns' }],
  ['MQTT 3.1.1', '\x10\x10\0\x04MQTT\x04\x02\0\x3c\0\x04abcd', { protocol: 'mqtt', version: '3.1.1' }],
  ['MQTT 5 with a longer length', '\x10\x90\x01\0\x04MQTT\x05\x02\0\x3c', { protocol: 'mqtt', version: '5.0' }],
  ['MQTT 3.1', '\x10\x10\0\x06MQIsdp\x03\x02', { protocol: 'mqtt', version: '3.1' }],
  ['memcached, text', 'set session:1 0 300 5\r\nhello\r\n', { protocol: 'memcached', version: 'text' }],
  ['memcached, asking', 'get session:1\r\n', { protocol: 'memcached', version: 'text' }],
  ['memcached, binary', `\x80\0${be16(3)}\0\0\0\0${be32(3)}${zeros(12)}abc`, { protocol: 'memcached', version: 'binary' }],
  ['NATS', 'INFO {"server_id":"N","version":"2.10"}\r\n', { protocol: 'nats' }],
  ['SMTP', '220 mail.example.com ESMTP ready\r\n', { protocol: 'smtp' }],
  ['an SMTP client', 'EHLO client.example.com\r\n', { protocol: 'smtp' }],
  ['FTP', '220 (vsFTPd 3.0.3)\r\n', { protocol: 'ftp' }],
  ['IMAP', '* OK [CAPABILITY IMAP4rev1] ready\r\n', { protocol: 'imap' }],
  ['POP3', '+OK POP3 server ready\r\n', { protocol: 'pop3' }],
  ['LDAP bind', '\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0', { protocol: 'ldap' }],
  ['LDAP with a long length', '\x30\x82\x01\x00\x02\x01\x02\x63\x81\xf8', { protocol: 'ldap' }],
  ['Microsoft SQL Server', `\x12\x01${be16(26)}\0\0\x01\0\0${be16(16)}${be16(6)}\xff${zeros(12)}`, { protocol: 'mssql' }],
  ['Cassandra options', `\x04\0\0\0\x05${be32(0)}`, { protocol: 'cassandra', version: '4' }],
  ['Cassandra startup', `\x04\0\0\0\x01${be32(22)}${be16(1)}${be16(11)}CQL_VERSION${be16(5)}3.0.0`, { protocol: 'cassandra', version: '4' }],
  ['Bolt', `\x60\x60\xb0\x17${zeros(16)}`, { protocol: 'bolt' }],
  ['STOMP', 'CONNECT\naccept-version:1.2\n\n\0', { protocol: 'stomp' }],
  ['ZooKeeper', `${be32(44)}${be32(0)}${zeros(8)}${be32(30_000)}${zeros(8)}${be32(16)}${zeros(16)}`, { protocol: 'zookeeper' }],
  ['SIP', 'INVITE sip:bob@example.com SIP/2.0\r\n', { protocol: 'sip' }, 'UDP'],
];

describe('the first bytes of', () => {
  it.each(cases)('%s', (_what, text, expected, transport = 'TCP') => {
    expect(identifyProtocol(transport, Buffer.from(text, 'latin1'))).toEqual(expected);
  });

  it('every protocol that has a name are among the cases', () => {
    const named = new Set(cases.map(([, , { protocol }]) => protocol));
    expect(WIRE_PROTOCOLS.filter((protocol) => !named.has(protocol))).toEqual([]);
  });

  it.each([
    ['nothing', ''],
    ['one byte of TLS', '\x16'],
    ['a record that is no handshake', '\x17\x03\x03\0\x10'],
    ['a word in capitals', 'GET\r\n'],
    ['a request of a protocol that looks like HTTP', 'GET / RTSP/1.0\r\n'],
    ['a request line with a zero', 'GET /\0 HTTP/1.1\r\n'],
    ['a sentence', 'hello there, how are you\r\n'],
    ['zeros', zeros(64)],
    ['ones', '\xff'.repeat(64)],
    ['a PostgreSQL length too large', `${be32(1_000_000)}${be32(196_608)}user`],
    ['a greeting that does not say of what', '220 ready\r\n'],
    ['an array of numbers', '*3\r\n:1\r\n:2\r\n'],
  ])('%s tell nothing', (_what, text) => {
    expect(identifyProtocol('TCP', Buffer.from(text, 'latin1'))).toBeUndefined();
  });

  it('UDP are never read as a protocol of TCP', () => {
    expect(identifyProtocol('UDP', Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toBeUndefined();
  });

  it('a packet are read between its ends only', () => {
    const bytes = Buffer.from(`xxSSH-2.0-a\r\nGET / HTTP/1.1\r\n`, 'latin1');
    expect(identifyProtocol('TCP', bytes, 2, 13)).toEqual({ protocol: 'ssh', version: '2.0' });
    expect(identifyProtocol('TCP', bytes, 2, 6)).toBeUndefined();
  });
});

describe('whatever comes', () => {
  it('every beginning of every case, and every case with a byte changed, is told or not, without failing', () => {
    let told = 0;
    let seed = 7;
    const next = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % below;
    };
    for (const [, text] of cases) {
      const whole = Buffer.from(text, 'latin1');
      for (let end = 0; end <= whole.length; end += 1) if (identifyProtocol('TCP', whole, 0, end) !== undefined) told += 1;
      for (let round = 0; round < 200; round += 1) {
        const changed = Buffer.from(whole);
        for (let times = next(4); times >= 0; times -= 1) changed[next(changed.length)] = next(256);
        for (const transport of ['TCP', 'UDP', 'SCTP'] as const) {
          const found = identifyProtocol(transport, changed, 0, next(changed.length + 1));
          expect(found?.serverName ?? 'a').toMatch(/^[a-z0-9._-]+$/);
        }
      }
    }
    expect(told).toBeGreaterThan(0);
  });

  it('random bytes are hardly ever taken for something', () => {
    let seed = 99;
    let told = 0;
    const bytes = Buffer.alloc(64);
    for (let round = 0; round < 20_000; round += 1) {
      for (let at = 0; at < bytes.length; at += 4) {
        seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
        bytes.writeUInt32BE((seed ^ (seed >>> 15)) >>> 0, at);
      }
      if (identifyProtocol('TCP', bytes) !== undefined) told += 1;
    }
    expect(told).toBeLessThan(20);
  });
});

describe('a payload', () => {
  it('reads -1 behind its end', () => {
    const payload = new Payload(Buffer.from([1, 2, 3, 4, 5]), 1, 3);
    expect([payload.u8(1), payload.u8(2), payload.u16(0), payload.u16(1), payload.u24(0), payload.u32(0), payload.u24le(0), payload.u32le(0), payload.u8(-1)]).toEqual([3, -1, 0x0203, -1, -1, -1, -1, -1, -1]);
    expect([payload.text(1, 10), payload.text(2, 1), payload.startsWith('\x02\x03'), payload.startsWith('\x02\x03\x04'), payload.isPrintable(0, 3)]).toEqual(['\x03', '', true, false, false]);
  });
});
