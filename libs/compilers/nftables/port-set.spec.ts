import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import type { PortMatch } from '#model';

import { formatPortRange, lookUp, readPorts } from './port-set.ts';

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function tcp(from: number, to = from): PortMatch {
  return { kind: 'range', protocol: 'TCP', from, to };
}

function read(...matches: readonly PortMatch[]): readonly string[] {
  const { ports, icmp } = readPorts(matches, digest);
  return [...(ports?.ranges.map(formatPortRange) ?? []), ...(icmp ? ['icmp'] : [])];
}

describe('ports of a rule', () => {
  it.each([
    ['one', [tcp(80)], ['tcp . 80']],
    ['sorted, without doubles', [tcp(443), tcp(80), tcp(443)], ['tcp . 80', 'tcp . 443']],
    ['overlapping and touching ones joined', [tcp(80, 90), tcp(85, 99), tcp(100)], ['tcp . 80-100']],
    ['apart by protocol', [tcp(53), { kind: 'range', protocol: 'UDP', from: 53, to: 53 }], ['tcp . 53', 'udp . 53']],
    ['a whole protocol', [{ kind: 'protocol', protocol: 'SCTP' }, { kind: 'range', protocol: 'SCTP', from: 9, to: 9 }], ['sctp . 0-65535']],
    ['ICMP apart, because it has none', [{ kind: 'protocol', protocol: 'ICMP' }, tcp(80)], ['tcp . 80', 'icmp']],
    ['none where the end is before the beginning', [tcp(90, 80)], []],
    ['none', [], []],
  ] as const)('%s', (_name, matches, ranges) => {
    expect(read(...matches)).toEqual(ranges);
  });

  it('have a name that depends on nothing but them', () => {
    expect(readPorts([tcp(80), tcp(443)], digest).ports?.name).toBe(readPorts([tcp(443), tcp(80), tcp(80)], digest).ports?.name);
    expect(readPorts([tcp(80)], digest).ports?.name).not.toBe(readPorts([tcp(80, 81)], digest).ports?.name);
  });
});

describe('a port by name', () => {
  const ports = [
    { name: 'dns', port: 53, protocol: 'UDP' },
    { name: 'dns', port: 5353, protocol: 'TCP' },
    { port: 80, protocol: 'TCP' },
  ] as const;

  it.each([
    ['TCP', 'dns', [5353]],
    ['UDP', 'dns', [53]],
    ['any', 'dns', [53, 5353]],
    ['SCTP', 'dns', []],
    ['any', 'http', []],
    ['any', '', []],
  ] as const)('%s %s', (protocol, name, found) => {
    expect(lookUp({ kind: 'named', protocol, name }, ports).map(({ port }) => port)).toEqual(found);
  });
});
