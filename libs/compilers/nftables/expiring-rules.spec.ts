import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import type { Policy } from '#model';
import { adoptPolicies } from '#policy';

import { admin, namespaced, PORTS, rule, smallWorld } from '../../../test/support/policy-worlds.ts';
import { address, ref } from '../../../test/support/worlds.ts';
import { compileNodes } from './compile.ts';
import { renderRuleset } from './render-ruleset.ts';
import { packet, type TracePacket } from './trace-packet.ts';
import { createTracer, type TraceResult } from './tracer.ts';

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function first(text: string, fields: Partial<TracePacket>): TraceResult {
  return createTracer(text).trace(packet({ hook: 'forward', source: address('203.0.113.9'), destination: address('10.1.0.1'), protocol: 'TCP', ...fields }));
}

describe('a rule that ends', () => {
  const END = 1_000_000_000_000;
  const ending = (action?: 'deny' | 'pass'): readonly Policy[] => {
    const one = { ...rule('r', 'any', PORTS[2]!), expiresAt: END };
    const subject = { kind: 'workload', workload: ref('x/Deployment/a') } as const;
    const closed = namespaced('NetworkPolicy x/p', subject, { ingress: action === undefined ? [one] : [] });
    return action === undefined ? [closed] : [closed, admin('AdminNetworkPolicy p', 'admin', 1, subject, { ingress: [{ ...one, action }, { ...rule('rest', 'any', 'any'), action: action === 'deny' ? 'allow' : 'deny' }] })];
  };
  const text = (policies: readonly Policy[], now?: number): string => renderRuleset(compileNodes(adoptPolicies(policies), smallWorld('together'), { digest }).bundles[0]!, 1, now === undefined ? {} : { now });
  const verdictAt = (policies: readonly Policy[], now?: number): string => first(text(policies, now), { destinationPort: 80 }).verdict;

  it('is there until then, and for good where nobody knows the time', () => {
    expect([verdictAt(ending()), verdictAt(ending(), END - 5_000), verdictAt(ending(), END - 999), verdictAt(ending(), END)]).toEqual(['accept', 'accept', 'drop', 'drop']);
    expect(text(ending(), END - 90_500)).toContain('ipv4 timeout 90s');
  });

  it('ends in the kernel, and takes the connections with it that it let through', () => {
    const { ctMark } = first(text(ending()), { destinationPort: 80 });
    expect(ctMark & 0x40000000).not.toBe(0);
    const later = { destinationPort: 80, ctState: 'established', tcpFlags: ['ack'], ctMark } as const;
    expect([first(text(ending()), later).verdict, first(text(ending(), END), later).verdict]).toEqual(['accept', 'drop']);
  });

  it('may deny or pass', () => {
    expect([verdictAt(ending('deny')), verdictAt(ending('deny'), END)]).toEqual(['drop', 'accept']);
    expect(first(text(ending('pass'), END), { destinationPort: 80 }).path.at(-1)?.chain).toMatch(/_d$/);
  });

  it('leaves what it let through to another that does not end', () => {
    const subject = { kind: 'workload', workload: ref('x/Deployment/a') } as const;
    const policies = [namespaced('NetworkPolicy x/p', subject, { ingress: [{ ...rule('r', 'any', 'any'), expiresAt: END }, rule('s', 'any', 'any')] })];
    expect(verdictAt(policies, END)).toBe('accept');
    expect(first(text(policies), { destinationPort: 80 }).ctMark & 0x40000000).toBe(0);
  });

  it('makes structure that does not depend on the time', () => {
    const chains = (now: number): string => text(ending(), now).replace(/elements = \{[^}]*\}/g, '');
    expect(chains(END - 5_000)).toBe(chains(END - 50_000).replace(/\n\t\t(?=\n)/g, '\n\t\t'));
  });
});
