import { describe, expect, it } from '@jest/globals';

import { type Mode, type ModeScope, type ObservedRelationship, workloadKey } from '#model';
import { MODE_ANNOTATION, NOTHING_DECIDED, type ReviewState } from '#review';

import { API, approvalOf, carryOut, contextOf, DB, shop, WEB } from '../../../../../test/support/review-world.ts';
import { namespace, ref, workload, world } from '../../../../../test/support/worlds.ts';
import { liveScopes, liveWorkloadModes } from './live-modes.ts';
import { countDrops, pendingDrops } from './would-drops.ts';

const context = contextOf();
const CLUSTER: ModeScope = { kind: 'cluster' };
const SHOP: ModeScope = { kind: 'namespace', namespace: 'shop' };
const DATA: ModeScope = { kind: 'namespace', namespace: 'data' };
const approved = carryOut(NOTHING_DECIDED, approvalOf(NOTHING_DECIDED, context, WEB, API, DB), context);

function inModes(state: ReviewState, ...modes: readonly (readonly [ModeScope, Mode])[]): ReviewState {
  return modes.reduce((at, [scope, mode]) => carryOut(at, { kind: 'set-mode', scope, mode, skipsRamp: true }, context), state);
}

function audited(from: string, to: string, port: number, wouldBeDenied: number, first: number): ObservedRelationship {
  const peer = (name: string): ObservedRelationship['from'] => (name.includes('/') ? { kind: 'workload', workload: ref(name) } : { kind: 'external', host: name, addresses: [name] });
  return { from: peer(from), to: peer(to), protocol: 'TCP', port, firstSeen: 0, lastSeen: first + 10, buckets: 1, connections: wouldBeDenied, bytes: 0, replied: 0, denied: 0, wouldBeDenied, ...(wouldBeDenied === 0 ? {} : { wouldBeDeniedIn: { first, last: first + 10 } }), clientPods: 1, serverPods: 1, applications: [], processes: [], reporters: ['a'] };
}

/** web may not send to db, nor db receive from it: one relationship, two workloads it concerns. */
const stray = audited('shop/Deployment/web', 'data/StatefulSet/db', 5432, 3, 100);
const scan = audited('2001:db8:f::9', 'data/StatefulSet/db', 22, 2, 50);
const observed = [
  stray,
  scan,
  audited('shop/Deployment/api', 'data/StatefulSet/db', 5432, 7, 10), // allowed since
  audited('edge/Deployment/proxy', 'shop/Deployment/web', 8080, 9, 10), // nothing closes that
  audited('shop/Deployment/gone', 'data/StatefulSet/db', 5432, 0, 10),
];

describe('what audit has counted and still lacks a rule', () => {
  const count = (state: ReviewState, concerns?: Parameters<typeof countDrops>[1]): ReturnType<typeof countDrops> => countDrops(pendingDrops(state, [...observed], context), concerns);

  it('counts once, though the rules of both ends lack it, and since when', () => {
    expect(count(inModes(approved, [CLUSTER, 'audit']))).toEqual({ kinds: 2, connections: 5, first: 50, last: 110 });
    expect(count(inModes(approved, [CLUSTER, 'audit']), (one) => one.namespace === 'shop')).toEqual({ kinds: 1, connections: 3, first: 100, last: 110 });
  });

  it.each<readonly [string, ReviewState, number]>([
    ['nothing where nothing is approved', NOTHING_DECIDED, 0],
    ['nothing where it is enforced: there it is dropped', inModes(approved, [CLUSTER, 'enforce']), 0],
    ['what one end enforces and the other does not', inModes(approved, [CLUSTER, 'audit'], [SHOP, 'enforce']), 2],
    ['what was counted before a mode was lowered', approved, 2],
  ])('is %s', (_what, state, kinds) => {
    expect(count(state).kinds).toBe(kinds);
  });
});

describe('modes by scope', () => {
  const scopes = (state: ReviewState, snapshot = shop): readonly string[] =>
    liveScopes(state, observed, contextOf({ snapshot })).map(({ scope, mode, workloads, open, wouldDrops }) => {
      const name = scope.kind === 'cluster' ? scope.kind : scope.kind === 'namespace' ? scope.namespace : workloadKey(scope.workload);
      return `${name} ${mode.value} by ${mode.from}: ${[workloads.observe, workloads.audit, workloads.enforce].join('/')} open ${String(open)} would ${String(wouldDrops.connections)}`;
    });

  it('tell what a new workload starts in, from where, and what the ones there come to', () => {
    expect(scopes(NOTHING_DECIDED)).toEqual(['cluster observe by default: 4/0/0 open 0 would 0', 'data observe by default: 1/0/0 open 0 would 0', 'edge observe by default: 1/0/0 open 0 would 0', 'shop observe by default: 2/0/0 open 0 would 0']);
    const state = inModes(approved, [CLUSTER, 'audit'], [SHOP, 'enforce'], [{ kind: 'workload', workload: WEB }, 'observe'], [{ kind: 'namespace', namespace: 'later' }, 'enforce']);
    expect(scopes(state)).toEqual([
      'cluster audit by cluster: 1/2/1 open 1 would 5',
      'data audit by cluster: 0/1/0 open 0 would 5',
      'edge audit by cluster: 0/1/0 open 1 would 0',
      'later enforce by namespace: 0/0/0 open 0 would 0',
      'shop enforce by namespace: 1/0/1 open 0 would 3',
      'shop/Deployment/web observe by workload: 1/0/0 open 0 would 3',
    ]);
  });

  it('follow the annotation of a namespace, also for a workload that comes later', () => {
    const annotated = world({ namespaces: [{ ...namespace('shop'), annotations: { [MODE_ANNOTATION]: 'audit' } }, namespace('data'), namespace('edge')], workloads: [...shop.workloads.values(), workload('shop/Deployment/new')] });
    expect(scopes(NOTHING_DECIDED, annotated)).toContain('shop audit by annotation: 0/3/0 open 3 would 0');
    const { items } = liveWorkloadModes(NOTHING_DECIDED, observed, { namespace: 'shop' }, { limit: 10 }, contextOf({ snapshot: annotated }));
    expect(items.map(({ workload: { name }, mode }) => `${name} ${mode.value} ${mode.from}`)).toEqual(['api audit annotation', 'new audit annotation', 'web audit annotation']);
  });
});

describe('modes by workload', () => {
  const state = inModes(approved, [DATA, 'audit']);

  it('come page by page, with what is approved and what audit counted', () => {
    const first = liveWorkloadModes(state, observed, {}, { limit: 2 }, context);
    expect(first.items.map(({ workload: one, mode, approval, wouldDrops }) => [workloadKey(one), mode.value, mode.from, approval?.revision, wouldDrops.connections])).toEqual([
      ['data/StatefulSet/db', 'audit', 'namespace', 1, 5],
      ['edge/Deployment/proxy', 'observe', 'default', undefined, 0],
    ]);
    const second = liveWorkloadModes(state, observed, {}, { limit: 2, ...(first.next === undefined ? {} : { cursor: first.next }) }, context);
    expect([second.items.map(({ workload: { name } }) => name), second.next]).toEqual([['api', 'web'], undefined]);
    expect(liveWorkloadModes(state, observed, { workload: DB }, { limit: 2 }, context).items.length).toBe(1);
  });
});
