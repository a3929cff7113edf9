import { describe, expect, it } from '@jest/globals';

import type { ObservedRelationship, Pod, Relationship, Snapshot, Workload, WorkloadReview } from '#model';

import { BEGIN, context, evidence, HOUR, NOW, observed } from '../../test/support/observed-worlds.ts';
import { graph, relationship, workload, world } from '../../test/support/worlds.ts';
import { review, WorkloadWatch } from './index.ts';

const web = workload('shop/Deployment/web');
const db = workload('data/StatefulSet/db');
const nightly = (fields: Partial<Workload> = {}) => workload('shop/CronJob/nightly', { schedule: '0 2 * * *', ...fields });
const steady = [observed('shop/Deployment/web', 'shop/Deployment/web', 8080), observed('data/StatefulSet/db', 'data/StatefulSet/db', 5432)];

interface Case {
  readonly job?: Workload;
  readonly relationships?: readonly Relationship[];
  readonly seen?: readonly ObservedRelationship[];
  readonly ranAt?: number;
  readonly hoursOfJob?: readonly number[];
}

function reviewsOf({ job = nightly(), relationships = [], seen = [], ranAt, hoursOfJob }: Case): (key: string) => WorkloadReview {
  const snapshot = world({ workloads: [web, db, job] });
  const base = context(snapshot, { catalogue: { entries: [] } });
  const watched = new Map(base.watched);
  if (ranAt !== undefined) watched.set('shop/CronJob/nightly', { since: 0, images: [], imagesSince: 0, running: [], noted: [], ranAt });
  const workloads = hoursOfJob === undefined ? {} : { 'shop/CronJob/nightly': { hours: hoursOfJob } };
  const reviews = review(graph(snapshot, { relationships }), evidence({ relationships: [...steady, ...seen], workloads }), snapshot, { ...base, watched });
  return (key) => {
    const found = reviews.get(key);
    if (found === undefined) throw new Error(`no review of ${key}`);
    return found;
  };
}

const notYet = 'shop/CronJob/nightly has not been seen to run yet (0 2 * * *)';
const toDb = relationship('shop/CronJob/nightly', 'data/StatefulSet/db', 5432);

describe('waiting for scheduled runs', () => {
  it('makes the whole namespace wait where nobody knows whom the job calls', () => {
    const of = reviewsOf({});
    expect(of('shop/Deployment/web')).toMatchObject({ isReady: false, waitsFor: [notYet], awaitedRuns: [{ schedule: '0 2 * * *', next: Date.parse('2026-03-01T02:00:00Z') }] });
    expect(of('data/StatefulSet/db')).toMatchObject({ isReady: true, waitsFor: [], awaitedRuns: [] });
  });

  it.each<{ name: string; fields: Case }>([
    { name: 'metadata names', fields: { relationships: [toDb] } },
    { name: 'flows show', fields: { seen: [observed('shop/CronJob/nightly', 'data/StatefulSet/db', 5432, { buckets: 1 })], hoursOfJob: [NOW] } },
  ])('makes only those wait whom $name', ({ fields }) => {
    const of = reviewsOf(fields);
    expect(of('data/StatefulSet/db').waitsFor).toEqual([notYet]);
    expect(of('shop/Deployment/web').waitsFor).toEqual([]);
    expect(of('shop/CronJob/nightly').waitsFor).toContain(notYet);
  });

  it('closes no direction by watching before the job has run', () => {
    const snapshot = world({ workloads: [web, db, nightly()] });
    const of = (ran: boolean) => review(graph(snapshot, { unknown: ['shop/Deployment/web egress'] }), evidence({ relationships: steady, ...(ran ? { workloads: { 'shop/CronJob/nightly': { hours: [BEGIN] } } } : {}) }), snapshot, context(snapshot)).get('shop/Deployment/web');
    expect(of(false)?.proposal.egress).toMatchObject({ kind: 'open', why: 'egress of shop/Deployment/web is not known; nor does watching close it: a scheduled run has not been seen yet' });
    expect(of(true)?.proposal.egress).toMatchObject({ kind: 'closed' });
  });

  it.each<{ name: string; fields: Case; waits: readonly string[] }>([
    { name: 'its flows were seen in an hour that is over', fields: { hoursOfJob: [NOW - 5 * HOUR] }, waits: [] },
    { name: 'its flows were seen in this hour, which goes on', fields: { hoursOfJob: [NOW - HOUR / 2] }, waits: [notYet] },
    { name: 'its pods were watched from beginning to end while flows were reported', fields: { ranAt: NOW - HOUR }, waits: [] },
    { name: 'its pods were watched before anybody reported flows', fields: { ranAt: BEGIN - HOUR }, waits: [notYet] },
    { name: 'it is suspended', fields: { job: nightly({ isSuspended: true }) }, waits: [] },
    { name: 'its time zone is another', fields: { job: nightly({ timeZone: 'Asia/Tokyo' }) }, waits: ['shop/CronJob/nightly has not been seen to run yet (0 2 * * * in Asia/Tokyo)'] },
    { name: 'its schedule can not be read', fields: { job: nightly({ schedule: 'nightly' }) }, waits: ['shop/CronJob/nightly has not been seen to run, and nobody can say when it will: "nightly" is no schedule Kubernetes takes'] },
    { name: 'its schedule never comes', fields: { job: nightly({ schedule: '0 0 30 2 *' }) }, waits: ['shop/CronJob/nightly has not been seen to run, and its schedule "0 0 30 2 *" never comes'] },
  ])('others wait for it as they should where $name', ({ fields, waits }) => {
    expect(reviewsOf(fields)('shop/Deployment/web').waitsFor).toEqual(waits);
  });

  it('says of a suspended job itself that it can not be known', () => {
    expect(reviewsOf({ job: nightly({ isSuspended: true }) })('shop/CronJob/nightly').waitsFor).toEqual(['none of its traffic was seen', 'shop/CronJob/nightly is suspended, so it makes no run that could be seen']);
  });
});

describe('WorkloadWatch', () => {
  const job = nightly();
  const [template] = [...world({ workloads: [job] }).pods.values()];
  const pod = (name: string, phase: Pod['phase'], fields: Partial<Pod> = {}): Pod => ({ ...template!, name, phase, isExample: false, ...fields });
  const snapshot = (...pods: readonly Pod[]): Snapshot => world({ workloads: [job], pods });
  const key = 'shop/CronJob/nightly';

  function ranAfter(...worlds: readonly Snapshot[]): number | undefined {
    const watch = new WorkloadWatch();
    worlds.forEach((each, at) => {
      watch.observe(each, NOW + at);
    });
    return watch.watched.get(key)?.ranAt;
  }

  it.each<{ name: string; worlds: readonly Snapshot[]; ran: number | undefined }>([
    { name: 'nothing ran', worlds: [snapshot(), snapshot()], ran: undefined },
    { name: 'a pod ran and finished', worlds: [snapshot(), snapshot(pod('a', 'pending')), snapshot(pod('a', 'running')), snapshot(pod('a', 'finished'))], ran: NOW + 3 },
    { name: 'a pod ran and was deleted', worlds: [snapshot(), snapshot(pod('a', 'running')), snapshot()], ran: NOW + 2 },
    { name: 'a pod came and finished between two looks', worlds: [snapshot(), snapshot(pod('a', 'finished')), snapshot(pod('a', 'finished'))], ran: NOW + 1 },
    { name: 'a pod had finished before', worlds: [snapshot(pod('a', 'finished')), snapshot(pod('a', 'finished')), snapshot()], ran: undefined },
    { name: 'a pod was running when the watch began', worlds: [snapshot(pod('a', 'running')), snapshot(pod('a', 'finished'))], ran: undefined },
    { name: 'a pod is still running', worlds: [snapshot(), snapshot(pod('a', 'running')), snapshot(pod('a', 'running'))], ran: undefined },
    { name: 'a second run goes on', worlds: [snapshot(), snapshot(pod('a', 'finished')), snapshot(pod('a', 'finished'), pod('b', 'running'))], ran: NOW + 1 },
  ])('knows when a run was seen whole: $name', ({ worlds, ran }) => {
    expect(ranAfter(...worlds)).toBe(ran);
  });

  it('dates an image by the oldest pod that runs it, and anew when it changes', () => {
    const watch = new WorkloadWatch();
    const at = (image: string, startedAt?: number) => world({ workloads: [workload('shop/Deployment/web', { containers: [{ ...web.containers[0]!, image }] })], pods: startedAt === undefined ? [] : [pod('web-1', 'running', { workload: web.ref, startedAt })] });
    const since = () => watch.watched.get('shop/Deployment/web')?.imagesSince;
    watch.observe(at('web:1', NOW - 900 * HOUR), NOW);
    expect(since()).toBe(NOW - 900 * HOUR);
    watch.observe(at('web:1'), NOW + HOUR);
    expect(since()).toBe(NOW - 900 * HOUR);
    watch.observe(at('web:2'), NOW + 2 * HOUR);
    expect(since()).toBe(NOW + 2 * HOUR);
  });

  it('goes on where it was, and forgets who is gone', () => {
    const first = new WorkloadWatch();
    first.observe(snapshot(), NOW);
    const second = new WorkloadWatch(first.watched);
    second.observe(snapshot(pod('a', 'finished')), NOW + 1);
    expect(second.watched.get(key)).toMatchObject({ since: NOW, ranAt: NOW + 1 });
    second.observe(world({ workloads: [web] }), NOW + 2);
    expect([...second.watched.keys()]).toEqual(['shop/Deployment/web']);
  });
});
