import { describe, expect, test } from '@jest/globals';

import type { ObservedRelationship } from '#model';
import { routes } from '#operator-api';

import { flowShape } from './answer-shape.ts';

describe('flowShape', () => {
  // every field there is, so that one more in the model is one more here
  const whole: Required<ObservedRelationship> = {
    from: { kind: 'workload', workload: { namespace: 'shop', kind: 'Deployment', name: 'web' } },
    to: { kind: 'external', host: '2001:db8::7', addresses: ['2001:db8::7'] },
    protocol: 'TCP',
    port: 443,
    firstSeen: 1_000,
    lastSeen: 2_000,
    buckets: 3,
    spells: 2,
    connections: 10,
    bytes: 2_048,
    replied: 9,
    denied: 1,
    wouldBeDenied: 1,
    wouldBeDeniedIn: { first: 1_500, last: 2_000 },
    clientPods: 2,
    serverPods: 0,
    applications: ['http'],
    processes: ['web'],
    reporters: ['node-a'],
  };

  test('says everything that is known of a flow, and clients understand it', () => {
    const item = flowShape({ observed: whole, missing: 'egress of shop/Deployment/web' });
    expect(routes.flows.answer.parse({ items: [item] })).toEqual({ items: [{ ...whole, missing: 'egress of shop/Deployment/web' }] });
  });

  test('leaves out what nobody could tell', () => {
    expect(flowShape({ observed: { ...whole, replied: undefined } })).not.toHaveProperty('replied');
  });
});
