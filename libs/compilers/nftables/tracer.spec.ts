import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { address } from '../../../test/support/worlds.ts';
import { packet } from './trace-packet.ts';
import { createTracer } from './tracer.ts';

const golden = readFileSync(join(import.meta.dirname, 'testdata', 'blocks.nft'), 'utf8');

/** A table of ours around some lines. */
function table(...lines: readonly string[]): string {
  return ['add table inet ringfence', 'delete table inet ringfence', 'table inet ringfence {', ...lines, '}', ''].join('\n');
}

function chain(...rules: readonly string[]): string {
  return table('\tchain forward {', '\t\ttype filter hook forward priority -10; policy accept;', ...rules.map((rule) => `\t\t${rule}`), '\t}');
}

function verdictOn(text: string, fields: Partial<Parameters<typeof packet>[0]> = {}): string {
  const plain = { hook: 'forward', source: address('192.0.2.1'), destination: address('198.51.100.1'), protocol: 'TCP', destinationPort: 443 } as const;
  return createTracer(text).trace(packet({ ...plain, ...fields })).verdict;
}

describe('a tracer', () => {
  it.each([
    ['a statement it does not know', chain('ip saddr 192.0.2.1 frobnicate'), 'line 6: unknown word: frobnicate'],
    ['a word it does not know', chain('quota over 1 mbytes drop'), 'line 6: unknown word: quota'],
    ['a rule that ends in the middle', chain('ct state'), 'line 6: a rule that ends in the middle'],
    ['a set that is not there', chain('ip saddr @nobody drop'), 'line 6: no such set: @nobody'],
    ['a chain that is not there', chain('goto nowhere'), 'line 6: no chain is called nowhere'],
    ['a set of another type', table('\tset s {', '\t\ttypeof ip6 saddr', '\t}', '\tchain c {', '\t\tip saddr @s drop', '\t}'), 'line 8: @s holds ipv6, not ipv4'],
    ['a type it does not know', table('\tset s {', '\t\ttypeof ether saddr', '\t}'), 'line 4: unknown type: ether saddr'],
    ['something unknown in a set', table('\tset s {', '\t\ttypeof ip saddr', '\t\ttimeout 1h', '\t}'), 'line 6: unknown in a set: timeout 1h'],
    ['a chain twice', table('\tchain c {', '\t}', '\tchain c {', '\t}'), 'line 6: a second object called c'],
    ['a hook of another kind', table('\tchain c {', '\t\ttype nat hook prerouting priority -100; policy accept;', '\t}'), 'line 5: unknown hook'],
    ['a chain that drops by itself', table('\tchain c {', '\t\ttype filter hook forward priority -10; policy drop;', '\t}'), 'line 5: unknown hook'],
    ['another table', 'table ip filter {\n}\n', 'line 1: not our table'],
    ['text after the table', `${table()}flush ruleset\n`, 'line 5: text after the table'],
    ['a table without end', 'table inet ringfence {\n', 'the table does not end'],
    ['an unknown object', table('\tflowtable f {', '\t}'), 'line 4: unknown object'],
    ['a verdict that is none', table('\tmap m {', '\t\ttypeof ip saddr : verdict', '\t\telements = {', '\t\t\t192.0.2.1 : queue', '\t\t}', '\t}'), 'line 4: an element without a verdict: 192.0.2.1 : queue'],
  ])('refuses %s', (_name, text, message) => {
    expect(() => createTracer(text)).toThrow(message);
  });

  it.each([
    ['twice the same element', ['\t\ttypeof ip saddr', '\t\telements = {', '\t\t\t192.0.2.1, 192.0.2.1', '\t\t}'], 'the same element twice'],
    ['intervals that overlap', ['\t\ttypeof ip saddr', '\t\tflags interval', '\t\telements = {', '\t\t\t192.0.2.0/24, 192.0.2.7', '\t\t}'], 'intervals that overlap'],
    ['host bits', ['\t\ttypeof ip saddr', '\t\tflags interval', '\t\telements = {', '\t\t\t192.0.2.7/24', '\t\t}'], 'host bits are set'],
    ['an address of the other family', ['\t\ttypeof ip saddr', '\t\telements = {', '\t\t\t2001:db8::1', '\t\t}'], 'not an address of this family'],
    ['a range in a plain set', ['\t\ttypeof ip saddr', '\t\telements = {', '\t\t\t192.0.2.1-192.0.2.9', '\t\t}'], 'not an address of this family'],
    ['a range from high to low', ['\t\ttypeof ip saddr', '\t\tflags interval', '\t\telements = {', '\t\t\t192.0.2.9-192.0.2.1', '\t\t}'], 'not a range'],
  ])('refuses a set with %s as soon as it looks something up', (_name, lines, message) => {
    const text = table('\tset s {', ...lines, '\t}', '\tchain forward {', '\t\ttype filter hook forward priority -10; policy accept;', '\t\tip saddr @s drop', '\t}');
    expect(() => verdictOn(text)).toThrow(message);
  });

  it.each([
    ['nothing', [], 'accept'],
    ['an accept', ['accept', 'drop'], 'accept'],
    ['a protocol in a list', ['meta l4proto { udp, tcp } drop'], 'drop'],
    ['a protocol not in a list', ['meta l4proto { udp, sctp } drop'], 'accept'],
    ['a rule without a verdict', ['counter', 'drop'], 'drop'],
    ['return in a chain the kernel calls', ['return', 'drop'], 'accept'],
  ])('says what the kernel says of %s', (_name, rules, verdict) => {
    expect(verdictOn(chain(...rules))).toBe(verdict);
  });

  it('goes back after a jump, not after goto', () => {
    const call = (way: string): string =>
      table('\tchain inner {', '\t\tmeta l4proto udp drop', '\t}', '\tchain forward {', '\t\ttype filter hook forward priority -10; policy accept;', `\t\t${way} inner`, '\t\tdrop', '\t}');
    expect([verdictOn(call('jump')), verdictOn(call('goto'))]).toEqual(['drop', 'accept']);
  });

  it('ends a ruleset that runs in circles', () => {
    expect(() => verdictOn(table('\tchain forward {', '\t\ttype filter hook forward priority -10; policy accept;', '\t\tjump forward', '\t}'))).toThrow('more than 16 jumps');
  });

  it('says where each decision was made', () => {
    const { path, verdict } = createTracer(golden).trace(
      packet({ hook: 'forward', source: address('10.1.0.1'), destination: address('203.0.113.70'), protocol: 'TCP', destinationPort: 8080 }),
    );
    expect(verdict).toBe('drop');
    const lines = golden.split('\n');
    expect(path.length).toBeGreaterThan(2);
    for (const { line, text } of path) expect(lines[line - 1]).toContain(text);
    expect(path.filter(({ comment }) => comment !== '').at(-1)?.comment).toBe('isolated by NetworkPolicy x/blocks');
  });

  it.each([
    ['203.0.113.63', 8080, 'TCP', 'accept'],
    ['203.0.113.64', 8080, 'TCP', 'drop'],
    ['203.0.113.127', 8080, 'TCP', 'drop'],
    ['203.0.113.128', 8999, 'TCP', 'accept'],
    ['203.0.113.128', 9000, 'TCP', 'drop'],
    ['203.0.113.0', 8080, 'TCP', 'drop'],
    ['203.0.113.9', 1, 'SCTP', 'accept'],
    ['203.0.113.9', 0, 'ICMP', 'accept'],
    ['203.0.113.64', 0, 'ICMP', 'drop'],
    ['8.8.8.8', 53, 'UDP', 'accept'],
    ['10.1.0.2', 8080, 'TCP', 'accept'],
    ['10.1.0.2', 80, 'TCP', 'drop'],
  ] as const)('reads blocks with exceptions, ranges of ports and ports by name: %s %d %s', (to, destinationPort, protocol, verdict) => {
    expect(verdictOn(golden, { source: address('10.1.0.1'), destination: address(to), protocol, destinationPort })).toBe(verdict);
  });
});
