import { describe, expect, it } from '@jest/globals';

import type { Snapshot } from '#model';

import { endpointSlice, podsOf, service, workload, world } from '../../../../test/support/worlds.ts';
import { isAlikeButForPods } from './snapshot-likeness.ts';

const web = workload('shop/Deployment/web');
const slices = [endpointSlice('shop/web', ['192.0.2.1'], ['8080/TCP']), endpointSlice('shop/outside', ['203.0.113.1'], ['5432/TCP'])];
const before: Snapshot = { ...world({ workloads: [web], services: [service('shop/web', { selector: { app: 'web' } }), service('shop/outside', {})] }), endpointSlices: slices };

describe('whether nothing but pods is different', () => {
  it.each<[string, Partial<Snapshot>, boolean]>([
    ['nothing', {}, true],
    ['pods', { pods: new Map(podsOf(web, 9).map((pod) => [`shop/${pod.name}`, pod])) }, true],
    ['the list of the pods a Service selects', { endpointSlices: [endpointSlice('shop/web', ['192.0.2.2', '2001:db8::2'], ['8080/TCP']), slices[1]!] }, true],
    ['a list that was written by hand', { endpointSlices: [slices[0]!, endpointSlice('shop/outside', ['203.0.113.2', '2001:db8::3'], ['5432/TCP'])] }, false],
    ['one list more', { endpointSlices: [...slices, endpointSlice('shop/web', ['192.0.2.2'], ['8080/TCP'])] }, false],
    ['a workload', { workloads: new Map(before.workloads) }, false],
  ])('%s', (_name, fields, expected) => {
    expect(isAlikeButForPods(before, { ...before, ...fields })).toBe(expected);
  });
});
