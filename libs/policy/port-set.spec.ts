import { describe, expect, it } from '@jest/globals';

import { EVERY_PORT, formatPorts, intersectPorts, portSet, type PortSet, subtractPorts, unitePorts } from '#policy';

const tcp = (...ranges: readonly (readonly [number, number])[]): PortSet => portSet(ranges.map(([from, to]) => ({ protocol: 'TCP', from, to })));

describe('port sets', () => {
  it.each<readonly [string, PortSet, string]>([
    ['touching ranges become one', tcp([80, 81], [82, 90]), '80-90/TCP'],
    ['overlapping ranges become one', tcp([80, 85], [82, 90]), '80-90/TCP'],
    ['a range inside another vanishes', tcp([80, 90], [82, 83]), '80-90/TCP'],
    ['an empty range vanishes', tcp([90, 80]), ''],
    ['order does not matter', tcp([443, 443], [80, 80]), '80/TCP, 443/TCP'],
    ['a protocol from end to end goes by its name', tcp([1, 65535]), 'TCP'],
    ['everything is all', EVERY_PORT, 'all'],
    ['union', unitePorts(tcp([80, 80]), tcp([81, 81])), '80-81/TCP'],
    ['intersection', intersectPorts(tcp([80, 90]), tcp([85, 99])), '85-90/TCP'],
    ['intersection keeps protocols apart', intersectPorts(tcp([53, 53]), portSet([{ protocol: 'UDP', from: 53, to: 53 }])), ''],
    ['everything changes nothing in an intersection', intersectPorts(EVERY_PORT, tcp([80, 80])), '80/TCP'],
    ['a hole splits', subtractPorts(tcp([80, 90]), tcp([85, 85])), '80-84/TCP, 86-90/TCP'],
    ['a hole at the edge shortens', subtractPorts(tcp([80, 90]), tcp([70, 80])), '81-90/TCP'],
    ['a hole over all leaves nothing', subtractPorts(tcp([80, 90]), EVERY_PORT), ''],
    ['a hole elsewhere changes nothing', subtractPorts(tcp([80, 90]), tcp([91, 99])), '80-90/TCP'],
    ['everything but one port', subtractPorts(EVERY_PORT, tcp([22, 22])), 'ICMP, SCTP, 1-21/TCP, 23-65535/TCP, UDP'],
  ])('%s', (_why, set, text) => {
    expect(formatPorts(set)).toBe(text);
  });
});
