import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import { adoptPolicies } from '#policy';

import { namespaced, PEERS, PORTS, rule, smallWorld, SUBJECTS } from '../../../test/support/policy-worlds.ts';
import { address } from '../../../test/support/worlds.ts';
import { baseChains } from './base-chains.ts';
import { compileNodes } from './compile.ts';
import { GENERATIONS } from './connection-mark.ts';
import { renderRuleset } from './render-ruleset.ts';
import { packet, type TracePacket } from './trace-packet.ts';
import { createTracer } from './tracer.ts';

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

// x/a and x/b take TCP 80 from x/a and y/c only and send TCP 80 to those only; y/c is open; 10.0.1.0/24 and its twin are the node's own
const policies = [namespaced('NetworkPolicy x/p', SUBJECTS[0]!, { ingress: [rule('in', PEERS[3]!, PORTS[2]!)], egress: [rule('out', PEERS[3]!, PORTS[2]!)] })];
const [bundle] = compileNodes(adoptPolicies(policies), smallWorld('together'), { digest }).bundles;
const text = renderRuleset(bundle!);

const FAMILIES = [
  { a: '10.1.0.1', b: '10.1.0.2', c: '10.1.0.3', node: '192.0.2.1', unknown: '10.0.1.99', outside: '203.0.113.9' },
  { a: '2001:db8:1000::1', b: '2001:db8:1000::2', c: '2001:db8:1000::3', node: '2001:db8:ffff::1', unknown: '2001:db8:1::99', outside: '2a00:1450::8' },
] as const;

type Who = keyof (typeof FAMILIES)[number];
type Case = readonly [verdict: 'stamped' | 'accept' | 'drop', hook: TracePacket['hook'], from: Who, to: Who, fields?: Partial<TracePacket>];

const established = { ctState: 'established', destinationPort: 80 } as const;
const answer = { ctState: 'established', ctDirection: 'reply', sourcePort: 80, destinationPort: 40000 } as const;
const live = { ctMark: 0x01000000 };

const CASES: Readonly<Record<string, Case>> = {
  'a known pod that may': ['stamped', 'forward', 'a', 'c', { destinationPort: 80 }],
  'a pod talking to itself': ['stamped', 'forward', 'b', 'b', { destinationPort: 9 }],
  'a sender that may not': ['drop', 'forward', 'a', 'outside', { destinationPort: 80 }],
  'a receiver that may not': ['drop', 'forward', 'outside', 'a', { destinationPort: 80 }],
  'a pod nothing is said about, out': ['stamped', 'forward', 'c', 'outside'],
  'a pod nothing is said about, in': ['stamped', 'forward', 'outside', 'c'],
  'what is no business of this node': ['accept', 'forward', 'outside', 'node'],
  'an unknown sender': ['drop', 'forward', 'unknown', 'outside'],
  'an unknown receiver': ['drop', 'forward', 'outside', 'unknown'],
  'a stamped connection is not judged': ['accept', 'forward', 'a', 'outside', { ...established, ...live }],
  'an unstamped one is': ['drop', 'forward', 'a', 'outside', established],
  'one of another generation is': ['drop', 'forward', 'a', 'outside', { ...established, ctMark: 0x02000000 }],
  'an answer that may pass': ['stamped', 'forward', 'c', 'a', answer],
  'an answer to an open pod from outside': ['stamped', 'forward', 'outside', 'c', answer],
  'an answer to a pod that may not have asked': ['drop', 'forward', 'c', 'a', { ...answer, sourcePort: 81 }],
  'an answer of a pod that may not have been asked': ['drop', 'forward', 'a', 'outside', answer],
  'the middle of a connection': ['drop', 'forward', 'c', 'outside', { tcpFlags: ['ack'] }],
  'what belongs to no connection': ['drop', 'forward', 'c', 'outside', { ctState: 'invalid' }],
  'what is not tracked': ['accept', 'forward', 'a', 'outside', { ctState: 'untracked' }],
  'an error about a connection': ['accept', 'forward', 'outside', 'a', { protocol: 'ICMP', ctState: 'related' }],
  'a related connection that is no error': ['drop', 'forward', 'outside', 'a', { ctState: 'related' }],
  'a pod to its node, not allowed': ['drop', 'input', 'a', 'node', { destinationPort: 80 }],
  'an open pod to its node': ['stamped', 'input', 'c', 'node'],
  'the middle of a connection to the node': ['drop', 'input', 'c', 'node', { tcpFlags: ['ack'] }],
  'an answer to the node': ['accept', 'input', 'a', 'node', answer],
  'a stamped connection to the node': ['accept', 'input', 'a', 'node', { ...established, ...live }],
  'the node to itself, in': ['accept', 'input', 'unknown', 'node', { inputInterface: 'lo' }],
  'an unknown pod to the node': ['drop', 'input', 'unknown', 'node'],
  'others to the node': ['accept', 'input', 'outside', 'node'],
  'the node to its pod': ['stamped', 'output', 'node', 'a', { destinationPort: 9 }],
  'a proxy in somebody else\'s name, not allowed': ['drop', 'output', 'outside', 'a', { destinationPort: 80, isSourceLocal: false }],
  'a proxy in somebody else\'s name, to an open pod': ['stamped', 'output', 'outside', 'c', { isSourceLocal: false }],
  'the middle of a connection from the node': ['drop', 'output', 'node', 'c', { tcpFlags: ['ack'] }],
  'an answer of the node to a pod that may not have asked': ['drop', 'output', 'node', 'a', answer],
  'an answer of the node to an open pod': ['stamped', 'output', 'node', 'c', answer],
  'a stamped connection from the node': ['accept', 'output', 'node', 'a', { ...answer, ...live }],
  'a reset of the node': ['accept', 'output', 'node', 'a', { ...answer, tcpFlags: ['rst', 'ack'] }],
  'the node to itself, out': ['accept', 'output', 'node', 'unknown', { outputInterface: 'lo', tcpFlags: ['ack'] }],
  'the node to others': ['accept', 'output', 'node', 'outside'],
};

const DISCOVERY: Partial<TracePacket> = { protocol: 'ICMP', icmpType: 'nd-neighbor-solicit' };

function outcomes(ruleset: string): readonly string[] {
  const tracer = createTracer(ruleset);
  const run = (at: number, [, hook, from, to, fields]: Case): string => {
    const who = FAMILIES[at]!;
    const { verdict, ctMark } = tracer.trace(packet({ hook, source: address(who[from]), destination: address(who[to]), protocol: 'TCP', ...fields }));
    return verdict === 'accept' && ctMark >>> 24 === 1 && fields?.ctMark === undefined ? 'stamped' : verdict;
  };
  const plain = Object.entries(CASES).flatMap(([name, each]) => FAMILIES.map((_, at) => `${name}, family ${String(at)}: ${run(at, each)}`));
  return [...plain, `neighbour discovery: ${run(1, ['accept', 'forward', 'outside', 'a', DISCOVERY])}`];
}

describe('the part that is the same on every node', () => {
  const expected = [...Object.entries(CASES).flatMap(([name, [verdict]]) => FAMILIES.map((_, at) => `${name}, family ${String(at)}: ${verdict}`)), 'neighbour discovery: accept'];

  it('does what it says', () => {
    expect(outcomes(text)).toEqual(expected);
  });

  // a stamp chain is only used by the ruleset of its generation
  const statics = baseChains().filter(({ name }) => !/^stamp_[2-8]$/.test(name));
  const rules = statics.flatMap(({ name, rules: all }) => all.map((_, at) => [name, at] as const));

  it.each(rules)('does not without rule %# (%s %d)', (name, at) => {
    const lines = text.split('\n');
    const start = lines.indexOf(`\tchain ${name} {`);
    const first = lines.findIndex((line, index) => index > start && !/^\t\t(comment|type) /.test(line));
    const without = [...lines.slice(0, first + at), ...lines.slice(first + at + 1)].join('\n');
    expect(outcomes(without)).not.toEqual(expected);
  });

  it.each(Array.from({ length: GENERATIONS }, (_, at) => at + 1))('stamps with generation %d, which is then let through', (generation) => {
    const tracer = createTracer(renderRuleset(bundle!, generation));
    const first = packet({ hook: 'forward', source: address('10.1.0.3'), destination: address('203.0.113.9'), protocol: 'TCP' });
    const { verdict, ctMark } = tracer.trace(first);
    expect([verdict, ctMark >>> 24]).toEqual(['accept', generation]);
    const { path } = tracer.trace({ ...first, ctState: 'established', tcpFlags: ['ack'], ctMark });
    expect(path.map(({ chain }) => chain)).toEqual(['forward']);
  });
});
