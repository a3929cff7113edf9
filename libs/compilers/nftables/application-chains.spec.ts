import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import type { Address, NamespacedPolicy, Policy, Rule } from '#model';
import { adoptPolicies } from '#policy';

import { namespaced, rule, smallWorld } from '../../../test/support/policy-worlds.ts';
import { address, ref } from '../../../test/support/worlds.ts';
import { compileNodes } from './compile.ts';
import { withNodeSettings } from './node-settings.ts';
import { renderRuleset } from './render-ruleset.ts';
import { packet, type TracePacket } from './trace-packet.ts';
import { createTracer, type TraceResult } from './tracer.ts';

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const outside = address('203.0.113.9');
const a = address('10.1.0.1');
const PENDING = 0x80000000;

/** x/a takes `application` on every port, and nothing else. */
function held(application: string, isEgress = false): readonly Policy[] {
  const rules = [{ ...rule('r', 'any' as const, 'any' as const), application, enforceApplication: true }];
  return [namespaced('NetworkPolicy x/p', { kind: 'workload', workload: ref('x/Deployment/a') }, isEgress ? { egress: rules } : { ingress: rules })];
}

function rulesetOf(policies: readonly Policy[], isAudited = false): string {
  const [bundle] = compileNodes(adoptPolicies(policies), smallWorld('together'), { digest }).bundles;
  return renderRuleset(isAudited ? withNodeSettings(bundle!, { modeOf: () => 'audit' }, digest) : bundle!);
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function first(text: string, fields: Partial<TracePacket> = {}, source: Address = outside, destination: Address = a): TraceResult {
  return createTracer(text).trace(packet({ hook: 'forward', source, destination, protocol: 'TCP', destinationPort: 5432, ...fields }));
}

/** What becomes of the first payload of a connection that was let through without one. */
function spoken(text: string, payload: Uint8Array, isServer = false, protocol: 'TCP' | 'UDP' = 'TCP'): string {
  const { ctMark } = first(text, protocol === 'UDP' ? { protocol, payload: new Uint8Array() } : {});
  const fields = { ctState: 'established', tcpFlags: ['ack'], ctMark, payload, protocol } as const;
  const { verdict, logs, isReset, ctMark: after } = isServer
    ? first(text, { ...fields, ctDirection: 'reply', sourcePort: 5432, destinationPort: 40000 }, a, outside)
    : first(text, fields);
  return [verdict, ...(isReset ? ['reset'] : []), ...logs.map((log) => log.replace('ringfence:', '')), ...(verdict === 'accept' && after >= PENDING ? ['pending'] : [])].join(' ');
}

const GREETINGS: Readonly<Record<string, Uint8Array>> = {
  tls: bytes('\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'),
  http: bytes('GET / HTTP/1.1\r\n'),
  http2: bytes('PRI * HTTP/2.0\r\n'),
  ssh: bytes('SSH-2.0-OpenSSH_9.2\r\n'),
  postgresql: bytes('\u0000\u0000\u0000\u0008\u0004\u00d2\u0016\u002f'),
  redis: bytes('*1\r\n$4\r\nPING\r\n'),
  mongodb: bytes('\u0030\u0000\u0000\u0000\u0001\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u00dd\u0007\u0000\u0000'),
  kafka: bytes('\u0000\u0000\u0000\u0023\u0000\u0012\u0000\u0003\u0000\u0000\u0000\u0001'),
  amqp: bytes('AMQP\u0000\u0000\u0009\u0001'),
};

describe('a rule that holds its connections to an application', () => {
  it.each(Object.keys(GREETINGS))('%s: lets through what it is, and nothing else', (application) => {
    const text = rulesetOf(held(application));
    for (const [spokenFirst, greeting] of Object.entries(GREETINGS)) {
      const isRight = spokenFirst === application || (application === 'http' && spokenFirst === 'http2');
      expect(`${spokenFirst}: ${spoken(text, greeting)}`).toBe(`${spokenFirst}: ${isRight ? 'accept' : `drop reset 7:${application}`}`);
    }
  });

  it('waits for a payload', () => {
    const text = rulesetOf(held('postgresql'));
    expect(first(text).verdict).toBe('accept');
    expect(first(text).ctMark).toBeGreaterThanOrEqual(PENDING);
    expect(spoken(text, new Uint8Array())).toBe('accept pending');
    expect(first(text, { payload: GREETINGS['postgresql']! }).ctMark).toBeLessThan(PENDING);
  });

  it('refuses a first payload too short to tell', () => {
    expect(spoken(rulesetOf(held('tls')), bytes('\u0016'))).toBe('drop reset 7:tls');
  });

  it.each([
    ['mysql', bytes('\u004a\u0000\u0000\u0000\u000a8.0.36\u0000'), true, 'accept'],
    ['mysql', bytes('\u004a\u0000\u0000\u0001\u0085\u00a6'), false, 'drop reset 7:mysql'],
    ['ssh', bytes('SSH-2.0-x'), true, 'accept'],
    ['postgresql', bytes('SSH-2.0-x'), true, 'drop reset 7R:postgresql'],
  ] as const)('%s %#: knows who speaks first', (application, payload, isServer, expected) => {
    expect(spoken(rulesetOf(held(application)), payload, isServer)).toBe(expected);
  });

  it.each([
    ['a question', bytes('\u0012\u0034\u0001\u0000\u0000\u0001\u0000\u0000'), 'accept'],
    ['something else', bytes('\u0012\u0034\u0081\u0080\u0000\u0001\u0000\u0000'), 'drop 7:dns'],
  ] as const)('dns: %s', (_what, payload, expected) => {
    expect(spoken(rulesetOf(held('dns')), payload, false, 'UDP')).toBe(expected);
  });

  it('does so for what a pod sends, too', () => {
    const text = rulesetOf(held('postgresql', true));
    const say = (payload: Uint8Array): string => first(text, { payload }, a, outside).verdict;
    expect([say(GREETINGS['postgresql']!), say(GREETINGS['ssh']!)]).toEqual(['accept', 'drop']);
  });

  it('looks at both ends, where both hold to one', () => {
    const one = (application: string): Rule => ({ ...rule('r', 'any', 'any'), application, enforceApplication: true });
    const pair = (out: string, into: string): string => {
      const owner = (name: string): NamespacedPolicy['subject'] => ({ kind: 'workload', workload: ref(name) });
      const text = rulesetOf([
        namespaced('NetworkPolicy x/p', owner('x/Deployment/a'), { egress: [one(out)] }),
        namespaced('NetworkPolicy x/q', owner('x/Deployment/b'), { ingress: [one(into)] }),
      ]);
      const { ctMark } = first(text, {}, a, address('10.1.0.2'));
      expect(ctMark).toBeGreaterThanOrEqual(PENDING);
      const { verdict, ctMark: after } = first(text, { ctState: 'established', tcpFlags: ['ack'], ctMark, payload: GREETINGS['redis']! }, a, address('10.1.0.2'));
      return verdict === 'accept' && after < PENDING ? 'accept' : verdict;
    };
    expect([pair('redis', 'redis'), pair('redis', 'tls'), pair('tls', 'redis')]).toEqual(['accept', 'drop', 'drop']);
  });

  it('logs and lets through where the pod is audited', () => {
    expect(spoken(rulesetOf(held('postgresql'), true), GREETINGS['ssh']!)).toBe('accept A:7:postgresql');
  });

  it('leaves connections alone that were let through before', () => {
    const text = rulesetOf(held('postgresql'));
    expect(first(text, { ctState: 'established', ctMark: 0x02000000, payload: bytes('anything') }).verdict).toBe('accept');
  });

  it('does not where it is not asked to, or nobody can tell', () => {
    const rules = (fields: object): readonly Policy[] => [namespaced('NetworkPolicy x/p', { kind: 'workload', workload: ref('x/Deployment/a') }, { ingress: [{ ...rule('r', 'any', 'any'), ...fields }] })];
    for (const fields of [{ application: 'postgresql' }, { application: 'oracle', enforceApplication: true }, { enforceApplication: true }]) {
      expect(spoken(rulesetOf(rules(fields)), GREETINGS['ssh']!)).toBe('accept');
    }
  });

  it('takes nothing from another rule that lets the same through', () => {
    const both = (first_: string, second: string): readonly Policy[] => [
      namespaced('NetworkPolicy x/p', { kind: 'workload', workload: ref('x/Deployment/a') }, {
        ingress: [first_, second].map((id) => ({ ...rule(id, 'any', 'any'), ...(id === 'held' ? { application: 'postgresql', enforceApplication: true } : {}) })),
      }),
    ];
    for (const policies of [both('held', 'plain'), both('plain', 'held')]) expect(spoken(rulesetOf(policies), GREETINGS['ssh']!)).toBe('accept');
  });
});
