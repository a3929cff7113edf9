import { describe, expect, it } from '@jest/globals';
import { type Answer, encode, streamEncode } from 'dns-packet';

import { readDnsAnswer } from './dns-answer.ts';
import { DnsNames } from './dns-names.ts';

const NAME = 'api.example.com';
const a = (name: string, data: string, ttl = 60): Answer => ({ type: 'A', name, data, ttl });

function answer(answers: readonly Answer[], more: object = {}): Buffer {
  return encode({ type: 'response', id: 7, flags: 0x180, questions: [{ type: 'A', name: NAME }], answers: [...answers], ...more });
}

function read(bytes: Buffer): readonly unknown[] | undefined {
  return readDnsAnswer(bytes, 0, bytes.length, 'UDP')?.addresses.map(({ address, ttlSeconds }) => [address.text, ttlSeconds]);
}

describe('an answer of a name server', () => {
  it('gives the addresses of the name that was asked for', () => {
    const bytes = answer([a(NAME, '192.0.2.7'), { type: 'AAAA', name: NAME, data: '2001:db8:0::7', ttl: 30 }]);
    expect(readDnsAnswer(bytes, 0, bytes.length, 'UDP')?.name).toBe(NAME);
    expect(read(bytes)).toEqual([['192.0.2.7', 60], ['2001:db8::7', 30]]);
  });

  it('follows aliases, and lives as long as the shortest of them', () => {
    expect(read(answer([{ type: 'CNAME', name: NAME, data: 'Edge.example.net', ttl: 20 }, a('edge.example.net', '192.0.2.7', 300)]))).toEqual([['192.0.2.7', 20]]);
  });

  it('names nothing that the question does not lead to', () => {
    expect(read(answer([a('bank.example.org', '192.0.2.7')]))).toBeUndefined();
  });

  it('over TCP, behind its length', () => {
    const bytes = streamEncode({ type: 'response', id: 7, questions: [{ type: 'A', name: NAME }], answers: [a(NAME, '192.0.2.7')] });
    expect(readDnsAnswer(bytes, 0, bytes.length, 'TCP')).toMatchObject({ name: NAME });
  });

  it.each([
    ['a query', encode({ type: 'query', id: 7, questions: [{ type: 'A', name: NAME }] })],
    ['an error', answer([a(NAME, '192.0.2.7')], { flags: 0x183 })],
    ['no addresses', answer([])],
    ['a name no host has', encode({ type: 'response', id: 7, questions: [{ type: 'A', name: 'a b' }], answers: [a('a b', '192.0.2.7')] })],
    ['nothing', Buffer.alloc(0)],
    ['too much', Buffer.alloc(5_000)],
  ])('%s tells nothing', (_what, bytes) => {
    expect(read(bytes)).toBeUndefined();
  });

  it('however it is cut or spoilt, it is read or refused, and never fails', () => {
    const whole = answer([{ type: 'CNAME', name: NAME, data: 'edge.example.net', ttl: 20 }, a('edge.example.net', '192.0.2.7')]);
    for (let end = 0; end < whole.length; end += 1) read(whole.subarray(0, end));
    for (let at = 0; at < whole.length; at += 1) {
      for (const value of [0, 1, 0x3f, 0x80, 0xc0, 0xff]) {
        const spoilt = Buffer.from(whole);
        spoilt[at] = value;
        read(spoilt);
      }
    }
    expect(read(whole)).toEqual([['192.0.2.7', 20]]);
  });
});

describe('names that were told', () => {
  const told = (name: string, text: string, ttlSeconds = 60) => {
    const bytes = encode({ type: 'response', id: 7, questions: [{ type: 'A', name }], answers: [a(name, text, ttlSeconds)] });
    return readDnsAnswer(bytes, 0, bytes.length, 'UDP')!;
  };

  it('are good for their time to live and a grace', () => {
    const names = new DnsNames({ graceMs: 10_000 });
    names.note(told('b.example.com', '192.0.2.7', 5), 0);
    names.note(told('a.example.com', '192.0.2.7', 60), 0);
    expect(names.namesOf('192.0.2.7', 14_999)).toEqual(['a.example.com', 'b.example.com']);
    expect(names.namesOf('192.0.2.7', 15_000)).toEqual(['a.example.com']);
    expect(names.namesOf('192.0.2.7', 70_000)).toEqual([]);
    expect(names.size).toBe(0);
  });

  it('a shorter answer does not take time away from a longer one', () => {
    const names = new DnsNames({ graceMs: 0 });
    names.note(told('a.example.com', '192.0.2.7', 60), 0);
    names.note(told('a.example.com', '192.0.2.7', 1), 0);
    expect(names.namesOf('192.0.2.7', 59_000)).toEqual(['a.example.com']);
  });

  it('of too many addresses those not heard of for longest go', () => {
    const names = new DnsNames({ mostAddresses: 2 });
    names.note(told('a.example.com', '192.0.2.1'), 0);
    names.note(told('b.example.com', '192.0.2.2'), 1);
    names.note(told('a.example.com', '192.0.2.1'), 2);
    names.note(told('c.example.com', '192.0.2.3'), 3);
    expect([names.size, names.evicted, names.namesOf('192.0.2.1', 4), names.namesOf('192.0.2.2', 4)]).toEqual([2, 1, ['a.example.com'], []]);
  });

  it('of too many names of one address those that end first go', () => {
    const names = new DnsNames({ mostNamesPerAddress: 2 });
    names.note(told('short.example.com', '192.0.2.1', 1), 0);
    names.note(told('a.example.com', '192.0.2.1', 60), 0);
    names.note(told('b.example.com', '192.0.2.1', 60), 0);
    expect(names.namesOf('192.0.2.1', 0)).toEqual(['a.example.com', 'b.example.com']);
  });
});
