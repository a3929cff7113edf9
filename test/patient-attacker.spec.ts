import { describe, expect, it } from '@jest/globals';

import { ObservedHistory } from '#graph';
import { type AutoApprovalRule, type LearningContext, review, WorkloadWatch } from '#learning';
import type { AttributedFlow, Relationship, Snapshot, WorkloadReviews } from '#model';
import { decide, foldReview, NOTHING_DECIDED, type ReviewState } from '#review';

import { automaticApprovals } from '../apps/controller/src/pipeline/automatic-approvals.ts';
import { flow, HOUR, report, START } from './support/observed.ts';
import { context } from './support/observed-worlds.ts';
import { digest } from './support/review-world.ts';
import { container, graph, namespace, relationship, workload, world } from './support/worlds.ts';

/*
 * Somebody has every replica of web, and time. He chooses what they connect to, when and how often,
 * what their programs are called and what names their questions are answered with, and knows every
 * rule here. Forty-five days, hour by hour; he comes on the tenth. What approves in people's place
 * is the most careless rule that can be written.
 */
const DAYS = 45;
const COMES = 10;
const REPLICAS = 4;
const [WEB, API, DB, CACHE] = ['shop/Deployment/web', 'shop/Deployment/api', 'data/StatefulSet/db', 'shop/Deployment/cache'];

const careless: AutoApprovalRule = {
  name: 'careless',
  title: 'Everything',
  why: 'why not',
  namespaces: { requirements: [] },
  workloads: { requirements: [] },
  kinds: [],
  evidence: ['both', 'declared', 'observed'],
  coverage: {},
  closed: [],
  quarantined: 'leave-out',
  widenings: 'allow',
};

interface Attack {
  readonly name: string;
  /** What all replicas do in one of his hours; every hour unless `every` says otherwise. */
  readonly flows: (pod: string, hour: number) => readonly AttributedFlow[];
  readonly every?: number;
  /** A new image every so many days, from the first one on. */
  readonly releaseDays?: number;
  /** Pods of new names every day. */
  readonly restarts?: boolean;
  /** What metadata says of web and db beside that. */
  readonly declared?: readonly Relationship[];
}

const toDatabase = (pod: string): readonly AttributedFlow[] => [flow(pod, DB, 5432)];

const ATTACKS: readonly Attack[] = [
  { name: 'every hour', flows: toDatabase },
  { name: 'once in six hours', flows: toDatabase, every: 6 },
  { name: 'once a day', flows: toDatabase, every: 24 },
  { name: 'through a new image every two days', flows: toDatabase, releaseDays: 2 },
  { name: 'in pods of new names every day', flows: toDatabase, restarts: true },
  { name: 'as a program called like a database’s client, speaking its protocol', flows: (pod) => [flow(pod, DB, 5432, { processes: [{ end: 'client', name: 'psql', connections: 3 }], applications: [{ protocol: 'postgresql', connections: 3 }] })] },
  { name: 'to an address outside, over both families', flows: (pod) => [flow(pod, '198.51.100.7', 443), flow(pod, '2001:db8:f00::7', 443)] },
  { name: 'to an address outside that his DNS calls like a server of ours', flows: (pod) => [flow(pod, 'db.data.svc.cluster.local=198.51.100.7', 5432), flow(pod, 'pay.example.com=2001:db8:f00::7', 443)] },
  { name: 'to where a hint of metadata points', flows: toDatabase, declared: [relationship(WEB, DB, 5432, { tier: 'weak' })] },
  { name: 'on ports of his choice, to a server metadata names without one', flows: (pod, hour) => [flow(pod, DB, 5432), flow(pod, DB, 6000 + Math.floor(hour / 240))], declared: [relationship(WEB, DB, 5432, { isPortGuessed: true, tier: 'weak' })] },
  { name: 'from outside, to a server that others reach', flows: () => [flow('198.51.100.9', CACHE, 22), flow('2001:db8:f00::9', CACHE, 22)] },
];

/** Everything the rule has approved when it is over, as `workload direction what it lets through`. */
function approvedAfter(attack: Attack | undefined, more: Partial<NonNullable<LearningContext['thresholds']>> = {}): ReadonlySet<string> {
  const history = new ObservedHistory();
  const watch = new WorkloadWatch();
  let state: ReviewState = NOTHING_DECIDED;
  for (let hour = 0; hour < DAYS * 24; hour += 1) {
    const day = Math.floor(hour / 24);
    const from = START + hour * HOUR;
    const pods = Array.from({ length: REPLICAS }, (_, at) => `${WEB}#web-${attack?.restarts === true ? `${String(day)}-` : ''}${String(at)}`);
    const isHis = attack !== undefined && day >= COMES && hour % (attack.every ?? 1) === 0;
    const honest = pods.flatMap((pod) => [flow(pod, API, 8080), flow(pod, CACHE, 6379)]);
    history.accept(report([...honest, ...(isHis ? pods.flatMap((pod) => attack.flows(pod, hour)) : [])], { from, to: from + HOUR - 1 }), from + HOUR);
    if (hour % 24 !== 23) continue;
    const now = from + HOUR;
    const snapshot = clusterOn(day, attack);
    watch.observe(snapshot, now);
    const declared = [relationship(WEB, API, 8080), ...(attack?.declared ?? [])];
    const thresholds = context(snapshot).thresholds;
    const reviews = review(graph(snapshot, { relationships: declared }), history.evidence(), snapshot, {
      ...context(snapshot),
      now,
      catalogue: { entries: [] },
      watched: watch.watched,
      approved: new Map([...state.approvals].map(([key, { approved }]) => [key, approved.proposal])),
      ...(thresholds === undefined ? {} : { thresholds: { ...thresholds, ...more } }),
    });
    state = approve(state, reviews, snapshot, now);
  }
  return new Set([...state.approvals].flatMap(([key, { policy }]) => (['ingress', 'egress'] as const).flatMap((direction) => (policy?.[direction] ?? []).map(({ peers, ports }) => `${key} ${direction} ${JSON.stringify([peers, ports], (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`))));
}

function clusterOn(day: number, attack: Attack | undefined): Snapshot {
  const tag = attack?.releaseDays === undefined ? 1 : 1 + Math.floor(day / attack.releaseDays);
  const made = world({
    namespaces: [namespace('shop'), namespace('data')],
    workloads: [workload(WEB, { replicas: REPLICAS, containers: [container({ image: `registry.example/web:${String(tag)}` })] }), workload(API, { replicas: 2 }), workload(DB), workload(CACHE)],
  });
  return { ...made, pods: new Map([...made.pods].map(([key, pod]) => [key, { ...pod, isExample: false, startedAt: START }])) };
}

function approve(before: ReviewState, reviews: WorkloadReviews, snapshot: Snapshot, now: number): ReviewState {
  let state = before;
  for (const { command, actor } of automaticApprovals(reviews, { state, snapshot, rules: [careless], digest })) {
    const decision = decide(state, command, { reviews, snapshot, now, actor, invariants: [], digest });
    if (decision.kind !== 'events') throw new Error(`approve: ${JSON.stringify(decision.diagnostics)}`);
    for (const event of decision.events) state = foldReview(state, { seq: state.seq + 1, at: now, event });
  }
  return state;
}

describe('somebody who has every replica and all the time there is', () => {
  const honest = approvedAfter(undefined);

  it('is nobody without rules that approve: the habits of the first week are', () => {
    expect([...honest].filter((each) => each.startsWith(WEB)).sort()).toEqual([expect.stringContaining('"name":"api"'), expect.stringContaining('"name":"cache"')]);
  });

  it.each(ATTACKS)('gets nothing approved: $name', (attack) => {
    // what metadata asks for is approved with or without him
    const before = attack.declared === undefined ? honest : approvedAfter({ name: '', flows: () => [], declared: attack.declared });
    expect([...approvedAfter(attack)].filter((each) => !before.has(each))).toEqual([]);
  }, 60_000);

  it('is kept from it by his coming late: of a habit the same would be approved', () => {
    const gained = (attack: Attack | undefined) => [...approvedAfter(attack, { habitMs: Infinity })].filter((each) => !honest.has(each)).length;
    expect([gained(ATTACKS[0]), gained(ATTACKS[1]), gained(ATTACKS[3]), gained(ATTACKS[6])]).toEqual([2, 2, 2, 2]);
  }, 60_000);
});
