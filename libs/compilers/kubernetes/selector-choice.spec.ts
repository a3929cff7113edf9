import { describe, expect, it } from '@jest/globals';

import { formatSelector, type Labels, selectorFromLabels, selects, type Snapshot, type Workload } from '#model';

import { service, workload, type WorkloadFields, world, type World } from '../../../test/support/worlds.ts';
import { chooseSelectors, type SelectorChoice } from './selector-choice.ts';

function choiceOf(snapshot: Snapshot, key: string): SelectorChoice | undefined {
  return chooseSelectors(snapshot).get(key);
}

function chosen(fields: World, key: string): string | undefined {
  const choice = choiceOf(world(fields), key);
  return choice === undefined ? undefined : formatSelector(choice.selector);
}

/** A Deployment whose owner selects by these of its labels. */
function deployment(name: string, podLabels: Labels, own: Labels = {}, fields: WorkloadFields = {}): Workload {
  const selector = Object.keys(own).length === 0 ? {} : { selector: selectorFromLabels(own) };
  return workload(name, { podLabels, ...selector, ...fields });
}

describe('chooseSelectors', () => {
  it.each<{ name: string; labels: Labels; own?: Labels; expected: string | undefined }>([
    { name: 'what the owner selects by', labels: { app: 'web', tier: 'front', 'pod-template-hash': 'abc' }, own: { tier: 'front' }, expected: 'tier=front' },
    { name: 'no version, even from the owner', labels: { app: 'web', version: 'v1' }, own: { app: 'web', version: 'v1' }, expected: 'app=web' },
    { name: 'no chart', labels: { 'app.kubernetes.io/name': 'web', 'helm.sh/chart': 'web-1.2.3', 'app.kubernetes.io/version': '1.2.3', 'app.kubernetes.io/managed-by': 'Helm' }, expected: 'app.kubernetes.io/name=web' },
    { name: 'no old chart labels', labels: { app: 'web', chart: 'web-1.2.3', heritage: 'Helm', release: 'shop' }, expected: 'app=web' },
    { name: 'no hash under any key', labels: { component: 'web', 'config-hash': 'x', 'checksum/config': 'y' }, expected: 'component=web' },
    { name: 'no commit under a harmless key', labels: { app: 'web', source: '3f9c2ab' }, expected: 'app=web' },
    { name: 'no date under a harmless key', labels: { rolled: '2026-11-22', team: 'shop' }, expected: 'team=shop' },
    { name: 'no version under a harmless key', labels: { image: 'x', flavour: 'v1.2.3', team: 'shop' }, expected: 'team=shop' },
    { name: 'a versioned name where the owner can not change it', labels: { app: 'mysql-8.0' }, own: { app: 'mysql-8.0' }, expected: 'app=mysql-8.0' },
    { name: 'nothing where only versions are left', labels: { version: 'v1', app: 'mysql-8.0' }, expected: undefined },
    { name: 'nothing without labels', labels: {}, expected: undefined },
    { name: 'nothing the API server would refuse', labels: { 'bad key': 'x', '__proto__x': 'y', app: 'a b' }, expected: undefined },
  ])('takes $name', ({ labels, own, expected }) => {
    expect(chosen({ workloads: [deployment('shop/Deployment/web', labels, own)] }, 'shop/Deployment/web')).toBe(expected);
  });

  it('takes what a Service already selects by before it guesses', () => {
    const web = deployment('shop/Deployment/web', { role: 'edge', app: 'web' });
    expect(chosen({ workloads: [web], services: [service('shop/web', { selector: { role: 'edge' } })] }, 'shop/Deployment/web')).toBe('role=edge');
  });

  it('adds labels until it finds nobody else', () => {
    const release = (name: string) => deployment(`shop/Deployment/${name}`, { 'app.kubernetes.io/name': 'cache', 'app.kubernetes.io/instance': name });
    expect(chosen({ workloads: [release('one'), release('two')] }, 'shop/Deployment/one')).toBe('app.kubernetes.io/instance=one,app.kubernetes.io/name=cache');
  });

  it('is not troubled by the same labels in another namespace or on the host network', () => {
    const workloads = [deployment('shop/Deployment/web', { app: 'web' }), deployment('other/Deployment/web', { app: 'web' }), workload('shop/DaemonSet/proxy', { podLabels: { app: 'web' }, hostNetwork: true })];
    expect(choiceOf(world({ workloads }), 'shop/Deployment/web')?.workloads).toHaveLength(1);
  });

  it('excludes a workload whose labels are its own and more', () => {
    const workloads = [deployment('shop/Deployment/web', { app: 'web' }), deployment('shop/Deployment/worker', { app: 'web', component: 'worker' })];
    expect(chosen({ workloads }, 'shop/Deployment/web')).toBe('app=web,component!=worker');
    expect(chosen({ workloads }, 'shop/Deployment/worker')).toBe('app=web,component=worker');
  });

  it('tells Jobs apart from a Deployment with the same labels, whatever a run is called', () => {
    const workloads = [deployment('shop/Deployment/web', { app: 'web' }), workload('shop/CronJob/clean', { podLabels: { app: 'web' } })];
    expect(chosen({ workloads }, 'shop/Deployment/web')).toBe('app=web,!batch.kubernetes.io/job-name');
    expect(chosen({ workloads }, 'shop/CronJob/clean')).toBe('app=web,batch.kubernetes.io/job-name');
  });

  it('finds a Job without labels by its name, but not a CronJob', () => {
    const workloads = [workload('shop/Job/migrate', { podLabels: {} }), workload('shop/Job/import', { podLabels: {}, isFamily: true }), workload('shop/CronJob/clean', { podLabels: {} })];
    expect(chosen({ workloads }, 'shop/Job/migrate')).toBe('batch.kubernetes.io/job-name=migrate');
    expect(chosen({ workloads }, 'shop/CronJob/clean')).toBeUndefined();
    // the next one of the family has another name
    expect(chosen({ workloads }, 'shop/Job/import')).toBeUndefined();
  });

  it('gives workloads that differ in their version alone one choice', () => {
    const workloads = ['v1', 'v2'].map((version) => deployment(`shop/Deployment/reviews-${version}`, { app: 'reviews', version }));
    const choices = chooseSelectors(world({ workloads }));
    const choice = choices.get('shop/Deployment/reviews-v1');
    expect(choice?.workloads.map(({ ref }) => ref.name)).toEqual(['reviews-v1', 'reviews-v2']);
    expect(choices.get('shop/Deployment/reviews-v2')).toBe(choice);
  });
});

describe('the next rollout', () => {
  const before: Labels = {
    app: 'web',
    'app.kubernetes.io/name': 'web',
    'app.kubernetes.io/instance': 'shop',
    'app.kubernetes.io/version': '1.4.0',
    'helm.sh/chart': 'web-3.1.0',
    version: '1.4.0',
    'pod-template-hash': '5d59d67564',
    'controller-revision-hash': 'web-5d59d67564',
    'checksum/config': 'd2e1c0ffee',
    commit: 'd2e1c0f',
    'deployed-at': '2026-11-01',
    build: '118',
  };
  const after: Labels = {
    ...before,
    'app.kubernetes.io/version': '1.5.0',
    'helm.sh/chart': 'web-3.2.0',
    version: '1.5.0',
    'pod-template-hash': '7c4f8b9d6f',
    'controller-revision-hash': 'web-7c4f8b9d6f',
    'checksum/config': '0ddba11',
    commit: '0ddba11',
    'deployed-at': '2026-11-22',
    build: '131',
  };
  const keys = Object.keys(before).filter((key) => before[key] !== after[key]);

  // Every subset of the labels that change, with one that lasts: whatever a template carries, its next pods are found.
  it.each(Object.keys(before).filter((key) => before[key] === after[key]))('is found by a selector that rests on %s and whatever else is there', (lasting) => {
    for (let mask = 0; mask < 2 ** keys.length; mask += 1) {
      const carried = [lasting, ...keys.filter((_, index) => (mask >> index) % 2 === 1)];
      const pick = (labels: Labels): Labels => Object.fromEntries(carried.map((key) => [key, labels[key] ?? '']));
      const own = selectorFromLabels(pick(before));
      const choice = choiceOf(world({ workloads: [workload('shop/Deployment/web', { podLabels: pick(before), selector: own })] }), 'shop/Deployment/web');
      expect(choice !== undefined && selects(choice.selector, pick(after))).toBe(true);
    }
  });
});
