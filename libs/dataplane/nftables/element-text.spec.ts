import { describe, expect, it } from '@jest/globals';

import { parseAddress } from '#model';

import { random } from '../../../test/support/large-cluster.ts';
import { writeIpv4, writeIpv6 } from './address-bytes.ts';
import { keyBytes, splitElement } from './element-text.ts';

function hex(keyType: string, text: string): string {
  return Buffer.from(keyBytes(keyType, text), 'latin1').toString('hex');
}

describe('an element as text', () => {
  it.each<[string, string, string]>([
    ['ip saddr', '192.0.2.1', 'c0000201c0000201'],
    ['ip saddr', '192.0.2.0/25', 'c0000200c000027f'],
    ['ip saddr', '192.0.2.9-192.0.2.12', 'c0000209c000020c'],
    ['ip saddr', '0.0.0.0/0', '00000000ffffffff'],
    ['ip6 saddr', '2001:db8::/126', '20010db800000000000000000000000020010db8000000000000000000000003'],
    ['meta l4proto . th dport', 'tcp . 80', '06000000005000000600000000500000'],
    ['meta l4proto . th dport', 'udp . 1-1023', '11000000000100001100000003ff0000'],
    ['ip saddr . meta l4proto . th dport', '192.0.2.1 . sctp . 9', 'c00002018400000000090000c00002018400000000090000'],
    ['ct mark', '0x01000000', '0000000100000001'],
    ['meta nfproto', 'ipv6', '0a0a'],
    ['iifname . ip saddr', '"veth1" . 192.0.2.1', `${'7665746831'.padEnd(32, '0')}c0000201${'7665746831'.padEnd(32, '0')}c0000201`],
  ])('of %s, %s, has a beginning and an end', (keyType, text, bytes) => {
    expect(hex(keyType, text)).toBe(bytes);
  });

  it.each<[string, string]>([
    ['ip saddr', ''],
    ['ip saddr', '192.0.2'],
    ['ip saddr', '192.0.2.1 . tcp'],
    ['ip saddr', '192.0.2.9-192.0.2.1'],
    ['ip saddr', '192.0.2.0/33'],
    ['ip saddr', '192.0.2.0/'],
    ['ip saddr', '2001:db8::1'],
    ['ip saddr', '192.0.2.1 }; flush ruleset'],
    ['ip6 saddr', '2001:db8::1::2'],
    ['ip6 saddr', '2001:db8:::1'],
    ['meta l4proto . th dport', 'tcp'],
    ['meta l4proto . th dport', 'toString . 1'],
    ['meta l4proto . th dport', 'tcp . 65536'],
    ['iifname . ip saddr', '"veth*" . 192.0.2.1'],
    ['iifname . ip saddr', 'sixteen-letters-x . 192.0.2.1'],
  ])('of %s is refused: %s', (keyType, text) => {
    expect(() => keyBytes(keyType, text)).toThrow(/is no key here/);
  });

  it.each<[string, object]>([
    ['192.0.2.1', { key: '192.0.2.1' }],
    ['192.0.2.1 timeout 90s', { key: '192.0.2.1', timeoutMs: 90_000 }],
    ['tcp . 80 timeout 1h5m', { key: 'tcp . 80', timeoutMs: 3_900_000 }],
    ['0x1 comment "one timeout 5s two"', { key: '0x1', comment: 'one timeout 5s two' }],
    ['0x1 timeout 250ms comment "x"', { key: '0x1', timeoutMs: 250, comment: 'x' }],
  ])('comes apart: %s', (text, parts) => {
    expect(splitElement(text)).toEqual(parts);
  });
});

describe('addresses, read fast', () => {
  const next = random(11);
  const pieces = ['0', '1', 'ff', 'db8', '2001', ':', '::', '.', '192', '255', '256', '01', 'g', '', '/', '%', '10000'];
  it('are the same as those the general parser knows, and nothing else is one', () => {
    let valid = 0;
    for (let at = 0; at < 8_000; at += 1) {
      const text = at % 2 === 0 ? Array.from({ length: 1 + Math.floor(next() * 12) }, () => pieces[Math.floor(next() * pieces.length)]).join('') : randomAddress();
      const address = parseAddress(text);
      const bytes = Buffer.alloc(16, 0xee);
      const isIpv4 = writeIpv4(text, 0, text.length, bytes, 0);
      expect({ text, isIpv4 }).toEqual({ text, isIpv4: address?.family === 4 && !text.includes(':') });
      if (isIpv4) expect(bytes.readUInt32BE(0)).toBe(Number(address?.bits));
      const isIpv6 = writeIpv6(text, 0, text.length, bytes, 0);
      const mapped = address?.family === 4 && text.includes(':');
      expect({ text, isIpv6 }).toEqual({ text, isIpv6: address?.family === 6 || mapped });
      if (!isIpv6) continue;
      valid += 1;
      const bits = BigInt(`0x${bytes.toString('hex')}`);
      expect({ text, bits }).toEqual({ text, bits: mapped ? (0xffffn << 32n) | address.bits : address?.bits });
    }
    expect(valid).toBeGreaterThan(1_000);
  });

  function randomAddress(): string {
    const groups = Array.from({ length: 8 }, () => (next() < 0.4 ? '0' : Math.floor(next() * 65_536).toString(16)));
    const from = Math.floor(next() * 7);
    const to = from + 1 + Math.floor(next() * (8 - from));
    return next() < 0.3 ? groups.join(':') : `${groups.slice(0, from).join(':')}::${groups.slice(to).join(':')}`;
  }
});
