import { describe, expect, it } from '@jest/globals';

import type { Relationship } from '#model';

import { networkPolicy } from '../../../../test/support/policies.ts';
import { API, DB, shop, WEB } from '../../../../test/support/review-world.ts';
import { PermittedRelationships } from './permitted-by.ts';

const from = (name: string): object => ({ policyTypes: ['Ingress'], ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: name } } }] }] });
const ofDb = networkPolicy('data/db', { podSelector: {}, ...from('api') });
const call = (client: Relationship['from']): Relationship => ({ from: client, to: DB, protocol: 'TCP', port: 5432, tier: 'strong', confidence: 1, evidence: [] });

describe('what policies of others permit already', () => {
  it.each([
    ['what one names', [ofDb], API, ['NetworkPolicy data/db']],
    ['not what it denies', [ofDb], WEB, []],
    ['nothing where none covers it', [], API, []],
    ['what both ends name', [ofDb, networkPolicy('shop/out', { podSelector: {}, policyTypes: ['Egress'], egress: [{}] })], API, ['NetworkPolicy data/db', 'NetworkPolicy shop/out']],
    ['not what the other end denies', [ofDb, networkPolicy('shop/shut', { podSelector: {}, policyTypes: ['Egress'] })], API, []],
  ] as const)('is %s', (_what, policies, client, names) => {
    expect(new PermittedRelationships({ ...shop, policies }).by(call(client))).toEqual(names);
  });
});
