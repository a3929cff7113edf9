import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import { adoptPolicies } from '#policy';

import { namespaced, PEERS, PORTS, rule, smallWorld, SUBJECTS } from '../../../test/support/policy-worlds.ts';
import { address } from '../../../test/support/worlds.ts';
import { baseChains } from './base-chains.ts';
import { compileNodes } from './compile.ts';
import { GENERATIONS, markLayout } from './connection-mark.ts';
import { renderRuleset } from './render-ruleset.ts';
import { packet, type TracePacket } from './trace-packet.ts';
import { createTracer, type Tracer } from './tracer.ts';

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

// x/a and x/b take TCP 80 from x/a and y/c only and send TCP 80 to those only; y/c is open; 10.0.1.0/24 and its twin are the node's own
const policies = [namespaced('NetworkPolicy x/p', SUBJECTS[0]!, { ingress: [rule('in', PEERS[3]!, PORTS[2]!)], egress: [rule('out', PEERS[3]!, PORTS[2]!)] })];
const [plain] = compileNodes(adoptPolicies(policies), smallWorld('together'), { digest }).bundles;
const bundle = plain!;
const entryA = bundle.pods.find(({ pod }) => pod === 'x/a')!;
const nodeAddresses = [address('192.0.2.1'), address('2001:db8:ffff::1')];

// the node itself follows the rules of x/a, or none
const openHost = { addresses: nodeAddresses, sshPort: 2222, channelPort: 7443 };
const host = { ...openHost, ingress: entryA.ingress!, egress: entryA.egress! };
const guarded = bundle.pods.map((pod) => (pod === entryA ? { ...pod, interface: 'veth0' } : pod));

const TEXTS = {
  plain: renderRuleset(bundle),
  host: renderRuleset({ ...bundle, host }),
  openHost: renderRuleset({ ...bundle, host: openHost }),
  guarded: renderRuleset({ ...bundle, pods: guarded }),
  kept: renderRuleset({ ...bundle, host }, 1, { kept: [...entryA.addresses, ...nodeAddresses].map((each, at) => ({ address: each, ...(at === 0 ? { forSeconds: 60 } : {}) })) }),
  identifying: withElements(renderRuleset(bundle, 1, { isIdentifying: true }), { spoken4: '203.0.113.9 . tcp . 5432 timeout 60s', spoken6: '2a00:1450::8 . tcp . 5432 timeout 60s' }),
};

const FAMILIES = [
  { a: '10.1.0.1', b: '10.1.0.2', c: '10.1.0.3', node: '192.0.2.1', unknown: '10.0.1.99', outside: '203.0.113.9', nobody: '0.0.0.0' },
  { a: '2001:db8:1000::1', b: '2001:db8:1000::2', c: '2001:db8:1000::3', node: '2001:db8:ffff::1', unknown: '2001:db8:1::99', outside: '2a00:1450::8', nobody: 'fe80::1' },
] as const;

type Who = keyof (typeof FAMILIES)[number];
/** The outcome is what happens, then what it is logged for. */
type Case = readonly [outcome: string, hook: TracePacket['hook'], from: Who, to: Who, fields?: Partial<TracePacket>, family?: 0 | 1];

const established = { ctState: 'established', destinationPort: 80 } as const;
const answer = { ctState: 'established', ctDirection: 'reply', sourcePort: 80, destinationPort: 40000 } as const;
const live = { ctMark: 0x01000000 };
const old = { ctMark: 0x02000000 };
const pending = { ctMark: 0x81000000 };
const payload = new Uint8Array([1]);

const PLAIN: Readonly<Record<string, Case>> = {
  'a known pod that may': ['stamped', 'forward', 'a', 'c', { destinationPort: 80 }],
  'a pod talking to itself': ['stamped', 'forward', 'b', 'b', { destinationPort: 9 }],
  'a sender that may not': ['drop D', 'forward', 'a', 'outside', { destinationPort: 80 }],
  'a receiver that may not': ['drop D', 'forward', 'outside', 'a', { destinationPort: 80 }],
  'a pod nothing is said about, out': ['stamped', 'forward', 'c', 'outside'],
  'a pod nothing is said about, in': ['stamped', 'forward', 'outside', 'c'],
  'what is no business of this node': ['accept', 'forward', 'outside', 'node'],
  'an unknown sender': ['drop U', 'forward', 'unknown', 'outside'],
  'an unknown receiver': ['drop U', 'forward', 'outside', 'unknown'],
  'a stamped connection is not judged': ['accept', 'forward', 'a', 'outside', { ...established, ...live }],
  'an unstamped one is': ['drop D', 'forward', 'a', 'outside', established],
  'one of another generation is': ['drop D', 'forward', 'a', 'outside', { ...established, ctMark: 0x02000000 }],
  'an answer that may pass': ['stamped', 'forward', 'c', 'a', answer],
  'an answer to an open pod from outside': ['stamped', 'forward', 'outside', 'c', answer],
  'an answer to a pod that may not have asked': ['drop DR', 'forward', 'c', 'a', { ...answer, sourcePort: 81 }],
  'an answer of a pod that may not have been asked': ['drop DR', 'forward', 'a', 'outside', answer],
  'the middle of a connection': ['drop', 'forward', 'c', 'outside', { tcpFlags: ['ack'] }],
  'what belongs to no connection': ['drop', 'forward', 'c', 'outside', { ctState: 'invalid' }],
  'what is not tracked': ['accept', 'forward', 'a', 'outside', { ctState: 'untracked' }],
  'an error about a connection': ['accept', 'forward', 'outside', 'a', { protocol: 'ICMP', ctState: 'related' }],
  'a related connection that is no error': ['drop D', 'forward', 'outside', 'a', { ctState: 'related' }],
  'a pod to its node, not allowed': ['drop D', 'input', 'a', 'node', { destinationPort: 80 }],
  'an open pod to its node': ['stamped', 'input', 'c', 'node'],
  'the middle of a connection to the node': ['drop', 'input', 'c', 'node', { tcpFlags: ['ack'] }],
  'an answer to the node': ['accept', 'input', 'a', 'node', answer],
  'a stamped connection to the node': ['accept', 'input', 'a', 'node', { ...established, ...live }],
  'the node to itself, in': ['accept', 'input', 'unknown', 'node', { inputInterface: 'lo' }],
  'an unknown pod to the node': ['drop U', 'input', 'unknown', 'node'],
  'others to the node': ['accept', 'input', 'outside', 'node'],
  'the node to its pod': ['stamped', 'output', 'node', 'a', { destinationPort: 9 }],
  'a proxy in somebody else\'s name, not allowed': ['drop D', 'output', 'outside', 'a', { destinationPort: 80, isSourceLocal: false }],
  'a proxy in somebody else\'s name, to an open pod': ['stamped', 'output', 'outside', 'c', { isSourceLocal: false }],
  'the middle of a connection from the node': ['drop', 'output', 'node', 'c', { tcpFlags: ['ack'] }],
  'an answer of the node to a pod that may not have asked': ['drop DR', 'output', 'node', 'a', answer],
  'an answer of the node to an open pod': ['stamped', 'output', 'node', 'c', answer],
  'a stamped connection from the node': ['accept', 'output', 'node', 'a', { ...answer, ...live }],
  'a reset of the node': ['accept', 'output', 'node', 'a', { ...answer, tcpFlags: ['rst', 'ack'] }],
  'the node to itself, out': ['accept', 'output', 'node', 'unknown', { outputInterface: 'lo', tcpFlags: ['ack'] }],
  'the node to others': ['accept', 'output', 'node', 'outside'],
  'an answer of an unknown pod': ['drop UR', 'forward', 'unknown', 'outside', answer],
};

const discovery = (icmpType: string): Partial<TracePacket> => ({ protocol: 'ICMP', icmpType });

const CASES: Readonly<Record<keyof typeof TEXTS, Readonly<Record<string, Case>>>> = {
  plain: {
    ...PLAIN,
    'neighbour discovery': ['accept', 'forward', 'outside', 'a', discovery('nd-neighbor-solicit'), 1],
    'what switches learn from': ['accept', 'forward', 'outside', 'a', discovery('mld2-listener-report'), 1],
    'another kind of message': ['drop D', 'forward', 'outside', 'a', discovery('echo-request'), 1],
    'an interface that is not guarded': ['accept', 'prerouting', 'b', 'outside'],
  },
  host: {
    'somebody to the node': ['drop D', 'input', 'outside', 'node', { destinationPort: 80 }],
    'logging in': ['stamped', 'input', 'outside', 'node', { destinationPort: 2222 }],
    'our own channel': ['stamped', 'input', 'outside', 'node', { destinationPort: 7443 }],
    'logged in since before anybody tracked it': ['stamped', 'input', 'outside', 'node', { destinationPort: 2222, tcpFlags: ['ack'] }],
    'an address from DHCP': ['stamped', 'input', 'outside', 'node', { protocol: 'UDP', destinationPort: 68 }],
    'the middle of a connection to the node': ['drop', 'input', 'outside', 'node', { destinationPort: 80, tcpFlags: ['ack'] }],
    'a pod the node admits': ['stamped', 'input', 'c', 'node', { destinationPort: 80 }],
    'a pod it does not': ['drop D', 'input', 'c', 'node', { destinationPort: 81 }],
    'an answer of somebody the node may not ask': ['drop DR', 'input', 'outside', 'node', answer],
    'an answer on our own channel': ['stamped', 'input', 'outside', 'node', { ...answer, sourcePort: 7443 }],
    'an answer of a pod of its own': ['accept', 'input', 'b', 'node', answer],
    'the node to somebody': ['drop D', 'output', 'node', 'outside', { destinationPort: 80 }],
    'the node on our own channel': ['stamped', 'output', 'node', 'outside', { destinationPort: 7443 }],
    'asking for an address': ['stamped', 'output', 'node', 'outside', { protocol: 'UDP', destinationPort: 67 }],
    'the middle of a connection of the node': ['drop', 'output', 'node', 'outside', { destinationPort: 80, tcpFlags: ['ack'] }],
    'the node to its pod': ['stamped', 'output', 'node', 'b', { destinationPort: 9 }],
    'the node answers who logged in': ['stamped', 'output', 'node', 'outside', { ...answer, sourcePort: 2222 }],
    'the node answers who may not ask': ['drop DR', 'output', 'node', 'outside', answer],
    'the node answers a pod it admits': ['stamped', 'output', 'node', 'c', answer],
    'the node answers a pod it does not': ['drop DR', 'output', 'node', 'c', { ...answer, sourcePort: 81 }],
    'pods to others are not the node\'s business': ['stamped', 'forward', 'c', 'outside'],
  },
  openHost: {
    'somebody to the node': ['stamped', 'input', 'outside', 'node', { destinationPort: 80 }],
    'the node to somebody': ['stamped', 'output', 'node', 'outside', { destinationPort: 80 }],
    'an answer to the node': ['stamped', 'input', 'outside', 'node', answer],
    'an answer of the node': ['stamped', 'output', 'node', 'outside', answer],
  },
  guarded: {
    'a pod in its own name': ['accept', 'prerouting', 'a', 'outside'],
    'a pod in another\'s name': ['drop S', 'prerouting', 'b', 'outside'],
    'an interface that is not guarded': ['accept', 'prerouting', 'b', 'outside', { inputInterface: 'veth9' }],
    'neighbour discovery': ['accept', 'prerouting', 'nobody', 'outside', discovery('nd-neighbor-solicit'), 1],
    'playing the router': ['drop S', 'prerouting', 'nobody', 'outside', discovery('nd-router-advert'), 1],
    'asking for an IPv4 address': ['accept', 'prerouting', 'nobody', 'outside', { protocol: 'UDP', destinationPort: 67 }, 0],
    'asking for an IPv6 address': ['accept', 'prerouting', 'nobody', 'outside', { protocol: 'UDP', destinationPort: 547 }, 1],
    'asking for something else': ['drop S', 'prerouting', 'nobody', 'outside', { protocol: 'UDP', destinationPort: 53 }],
  },
  kept: {
    'from before, sent': ['accept', 'forward', 'a', 'outside', { ...established, ...old }],
    'from before, received': ['accept', 'forward', 'outside', 'a', { ...established, ...old }],
    'from before, answered': ['accept', 'forward', 'a', 'outside', { ...answer, ...old }],
    'new': ['drop D', 'forward', 'a', 'outside', { destinationPort: 80 }],
    'of others': ['drop D', 'forward', 'b', 'outside', { ...established, ...old }],
    'that nobody has looked into yet': ['drop D', 'forward', 'a', 'outside', { ...established, ...pending }],
    'to the node': ['accept', 'input', 'a', 'outside', { ...established, ...old }],
    'in somebody\'s name': ['accept', 'output', 'outside', 'a', { ...established, ...old, isSourceLocal: false }],
    'received by the node': ['accept', 'input', 'outside', 'node', { ...established, ...old }],
    'sent by the node': ['accept', 'output', 'node', 'outside', { ...established, ...old }],
    'answered to the node': ['accept', 'input', 'outside', 'node', { ...answer, ...old }],
    'answered by the node': ['accept', 'output', 'node', 'outside', { ...answer, ...old }],
  },
  identifying: {
    'a connection without payload yet': ['pending', 'forward', 'c', 'outside'],
    'a connection to who is known': ['stamped', 'forward', 'c', 'outside', { destinationPort: 5432 }],
    'its first payload': ['stamped P', 'forward', 'c', 'outside', { ...established, ...pending, payload }],
    'its first payload, of the server': ['stamped PR', 'forward', 'outside', 'c', { ...answer, ...pending, payload }],
    'a packet before it': ['accept', 'forward', 'outside', 'c', { ...answer, ...pending }],
    'a connection judged again': ['stamped', 'forward', 'c', 'outside', { ...established, ...old, payload }],
    'a question for a name': ['temporary', 'forward', 'c', 'outside', { protocol: 'UDP', destinationPort: 53, payload }],
    'its answer': ['accept N', 'forward', 'outside', 'c', { ...answer, sourcePort: 53, protocol: 'UDP', ctMark: 0x41000000, payload }],
    'who may not': ['drop D', 'forward', 'a', 'outside', { payload }],
  },
};

const MARKS: ReadonlyMap<number, string> = new Map([
  [0x01, 'stamped'],
  [0x41, 'temporary'],
  [0x81, 'pending'],
]);

type Texts = Readonly<Record<keyof typeof TEXTS, string>>;

function outcomes(texts: Texts): readonly string[] {
  return each((world, [, hook, from, to, fields], family) => {
    const who = FAMILIES[family];
    const { verdict, ctMark, logs } = world(texts).trace(packet({ hook, source: address(who[from]), destination: address(who[to]), protocol: 'TCP', ...fields }));
    const isMarked = verdict === 'accept' && ctMark !== (fields?.ctMark ?? 0);
    return [isMarked ? (MARKS.get(ctMark >>> 24) ?? String(ctMark)) : verdict, ...logs.map((prefix) => prefix.split(':')[1])].join(' ');
  });
}

function each(outcomeOf: (world: (texts: Texts) => Tracer, each: Case, family: 0 | 1) => string): readonly string[] {
  return (Object.keys(TEXTS) as (keyof typeof TEXTS)[]).flatMap((name) => {
    let tracer: Tracer | undefined;
    const world = (texts: Texts): Tracer => (tracer ??= createTracer(texts[name]));
    return Object.entries(CASES[name]).flatMap(([what, one]) => (one[5] === undefined ? ([0, 1] as const) : [one[5]]).map((family) => `${name}: ${what}, family ${String(family)}: ${outcomeOf(world, one, family)}`));
  });
}

describe('the part that is the same on every node', () => {
  const expected = each((_, [outcome]) => outcome);

  it('does what it says', () => {
    expect(outcomes(TEXTS)).toEqual(expected);
  });

  // a stamp chain is only used by the ruleset of its generation
  const statics = baseChains(markLayout()).filter(({ name }) => !/^stamp_[2-8]$/.test(name));
  const rules = statics.flatMap(({ name, rules: all }) => all.map((_, at) => [name, at] as const));

  it.each(rules)('does not without rule %# (%s %d)', (name, at) => {
    const without = Object.fromEntries(Object.entries(TEXTS).map(([world, text]) => [world, withoutRule(text, name, at)])) as Texts;
    expect(outcomes(without)).not.toEqual(expected);
  });

  it.each(Array.from({ length: GENERATIONS }, (_, at) => at + 1))('stamps with generation %d, which is then let through', (generation) => {
    const tracer = createTracer(renderRuleset(bundle, generation));
    const first = packet({ hook: 'forward', source: address('10.1.0.3'), destination: address('203.0.113.9'), protocol: 'TCP' });
    const { verdict, ctMark } = tracer.trace(first);
    expect([verdict, ctMark >>> 24]).toEqual(['accept', generation]);
    const { path } = tracer.trace({ ...first, ctState: 'established', tcpFlags: ['ack'], ctMark });
    expect(path.map(({ chain }) => chain)).toEqual(['forward']);
  });
});

/** As the enforcer adds them. */
function withElements(text: string, sets: Readonly<Record<string, string>>): string {
  return Object.entries(sets).reduce((all, [name, element]) => all.replace(new RegExp(`(\\tset ${name} \\{(?:\\n\\t\\t.*)*)`), `$1\n\t\telements = {\n\t\t\t${element}\n\t\t}`), text);
}

function withoutRule(text: string, name: string, at: number): string {
  const lines = text.split('\n');
  const start = lines.indexOf(`\tchain ${name} {`);
  const first = lines.findIndex((line, index) => index > start && !/^\t\t(comment|type) /.test(line));
  return [...lines.slice(0, first + at), ...lines.slice(first + at + 1)].join('\n');
}
