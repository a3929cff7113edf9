import { describe, expect, it } from '@jest/globals';

import { namespaced, PORTS, rule, smallWorld, SUBJECTS } from '../../test/support/policy-worlds.ts';
import { address } from '../../test/support/worlds.ts';
import { evaluate } from './evaluate.ts';
import { inForceAt } from './in-force.ts';
import { adoptPolicies } from './revision.ts';

const END = 1_000;
const revision = adoptPolicies([namespaced('NetworkPolicy x/p', SUBJECTS[0]!, { ingress: [{ ...rule('r', 'any', PORTS[2]!), expiresAt: END }] })]);
const snapshot = smallWorld('together');
const connection = { from: { kind: 'address', address: address('203.0.113.9') }, to: { kind: 'address', address: address('10.1.0.1') }, protocol: 'TCP', port: 80 } as const;

describe('a rule that ends', () => {
  it.each([
    [undefined, 'allow'],
    [END - 1, 'allow'],
    [END, 'deny'],
  ])('at %p: %s', (now, decision) => {
    expect(evaluate(revision, snapshot, connection, now === undefined ? {} : { now }).decision).toBe(decision);
  });

  it('is all that is left out', () => {
    expect(inForceAt(revision, END - 1)).toBe(revision);
    expect(inForceAt(revision, END)).toMatchObject({ number: 0, policies: [{ name: 'NetworkPolicy x/p', ingress: [] }] });
  });
});
