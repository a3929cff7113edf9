import { beforeEach, describe, expect, it } from '@jest/globals';

import type { OutputNamespaceView, PolicyOutcome } from '#model';

import { PolicyRollout } from './policy-rollout.ts';

const shop = (name: string): { readonly namespace: string; readonly name: string } => ({ namespace: 'shop', name });
const outcome = (kind: 'applied' | 'unchanged' | 'pruned' | 'would-apply' | 'would-prune', name: string, drift?: string): PolicyOutcome => ({ kind, ...shop(name), ...(drift === undefined ? {} : { drift }) });
const conflict = (name: string, drift?: string): PolicyOutcome => ({ kind: 'conflict', ...shop(name), managers: ['kubectl-edit'], fields: ['.spec.egress'], why: 'conflict with kubectl-edit', ...(drift === undefined ? {} : { drift }) });

describe('policies on their way to an output', () => {
  let rollout: PolicyRollout;
  beforeEach(() => {
    rollout = new PolicyRollout('networkpolicy', 'https://192.0.2.1');
  });

  const desire = (revision: number, names: readonly string[], now: number): void => {
    rollout.desire({ revision, policies: names.map(shop) }, now);
  };
  const report = (outcomes: readonly PolicyOutcome[], now: number, waitsFor?: string): void => {
    rollout.reported({ outcomes, isRealised: true }, now, waitsFor);
  };
  const namespace = (): OutputNamespaceView | undefined => rollout.view().namespaces[0];

  it('are pending until a round has looked, and realised of the revision that was desired then', () => {
    expect(rollout.view()).toEqual({ output: 'networkpolicy', place: 'https://192.0.2.1', revision: 0, policies: { realised: 0, pending: 0, waiting: 0, drifted: 0, conflict: 0, refused: 0, failed: 0 }, healed: 0, namespaces: [] });
    desire(3, ['api', 'web'], 10);
    expect(namespace()).toMatchObject({ realisation: { kind: 'pending', revision: 3, since: 10 }, policies: 2, troubled: [{ name: 'api' }, { name: 'web' }] });
    report([outcome('applied', 'api'), outcome('unchanged', 'web')], 20);
    expect(namespace()).toEqual({ namespace: 'shop', realisation: { kind: 'realised', revision: 3, since: 20 }, policies: 2, troubled: [], moreTroubled: 0 });
    report([outcome('unchanged', 'api'), outcome('unchanged', 'web')], 30);
    expect(rollout.view()).toMatchObject({ lookedAt: 30, policies: { realised: 2 }, namespaces: [{ realisation: { since: 20 } }] });
    // the same is desired again
    desire(3, ['api', 'web'], 40);
    expect(namespace()).toMatchObject({ realisation: { kind: 'realised', since: 20 } });
    desire(4, ['api', 'web'], 50);
    expect(namespace()).toMatchObject({ realisation: { kind: 'pending', revision: 4, since: 50 } });
  });

  it('stand as the worst of their namespace, which says of each why', () => {
    desire(1, ['api', 'db', 'web'], 0);
    report([outcome('applied', 'api'), conflict('db'), { kind: 'refused', ...shop('web'), by: 'admission', why: 'admission webhook "x" denied the request: no' }], 10);
    expect(namespace()).toMatchObject({
      realisation: { kind: 'refused', by: 'admission', since: 10 },
      troubled: [
        { name: 'db', realisation: { kind: 'conflict', managers: ['kubectl-edit'], fields: ['.spec.egress'] } },
        { name: 'web', realisation: { kind: 'refused', why: 'admission webhook "x" denied the request: no' } },
      ],
    });
    // the same again is no news; something else is
    report([outcome('unchanged', 'api'), conflict('db'), { kind: 'refused', ...shop('web'), by: 'access', why: 'forbidden' }], 20);
    expect(namespace()?.troubled.map(({ realisation }) => realisation.since)).toEqual([10, 20]);
    report([outcome('unchanged', 'api'), outcome('applied', 'db'), outcome('applied', 'web')], 30);
    expect(namespace()).toMatchObject({ realisation: { kind: 'realised', since: 30 }, troubled: [] });
  });

  it('are none of them realised where a round could not look', () => {
    desire(1, ['web'], 0);
    report([outcome('applied', 'web')], 10);
    rollout.reported({ outcomes: [], isRealised: false, why: 'connect ECONNREFUSED' }, 20);
    expect(namespace()).toMatchObject({ realisation: { kind: 'failed', since: 20, why: 'connect ECONNREFUSED' } });
    rollout.reported({ outcomes: [], isRealised: false, why: 'cannot list', refusedBy: 'access' }, 30);
    expect(namespace()).toMatchObject({ realisation: { kind: 'refused', by: 'access', since: 30 } });
    report([outcome('unchanged', 'web')], 40);
    expect(namespace()).toMatchObject({ realisation: { kind: 'realised', since: 40 } });
  });

  it('wait where nothing may be written, which says for what', () => {
    desire(1, ['web'], 0);
    report([outcome('would-apply', 'web'), outcome('would-prune', 'old')], 10, 'another replica leads');
    expect(namespace()).toMatchObject({ realisation: { kind: 'waiting' }, policies: 1, troubled: [{ name: 'old', realisation: { why: 'it is to be removed; another replica leads' } }, { name: 'web', realisation: { why: 'another replica leads' } }] });
    rollout.waits('there is no cluster', 20);
    expect(namespace()).toMatchObject({ realisation: { kind: 'waiting', why: 'there is no cluster' }, troubled: [{ name: 'web' }] });
  });

  it('remember what somebody changed, and when that was undone', () => {
    desire(1, ['web'], 0);
    report([outcome('applied', 'web')], 10);
    report([outcome('would-apply', 'web', 'somebody removed it')], 20, 'another replica leads');
    expect(namespace()).toMatchObject({ realisation: { kind: 'drifted', why: 'somebody removed it; another replica leads', since: 20 }, drift: { at: 20, policy: 'web', what: 'somebody removed it' } });
    report([outcome('applied', 'web', 'somebody removed it')], 30);
    expect(namespace()).toMatchObject({ realisation: { kind: 'realised', since: 30 }, drift: { at: 20, healedAt: 30 } });
    expect(rollout.view().healed).toBe(1);
    report([conflict('web', 'kubectl-edit changed its egress')], 40);
    expect(namespace()?.drift).toEqual({ at: 40, policy: 'web', what: 'kubectl-edit changed its egress' });
    // whoever changed it changed it back
    report([outcome('unchanged', 'web')], 50);
    expect(namespace()).toMatchObject({ realisation: { kind: 'realised' }, drift: { at: 40, healedAt: 50 } });
    expect(rollout.view().healed).toBe(1);
  });

  it('that are not desired any more are pending until they are gone, and then pruned', () => {
    desire(1, ['api', 'web'], 0);
    report([outcome('applied', 'api'), outcome('applied', 'web')], 10);
    desire(2, ['api'], 20);
    expect(namespace()).toMatchObject({ realisation: { kind: 'pending' }, policies: 1 });
    report([outcome('applied', 'api'), outcome('pruned', 'web')], 30);
    expect(namespace()).toMatchObject({ realisation: { kind: 'realised', revision: 2 }, policies: 1, troubled: [] });
    desire(3, [], 40);
    report([{ kind: 'refused', ...shop('api'), by: 'access', why: 'cannot delete' }], 50);
    expect(namespace()).toMatchObject({ realisation: { kind: 'refused' }, policies: 0, troubled: [{ name: 'api' }] });
    report([outcome('pruned', 'api')], 60);
    expect(namespace()).toEqual({ namespace: 'shop', realisation: { kind: 'pruned', revision: 3, since: 60 }, policies: 0, troubled: [], moreTroubled: 0 });
    desire(4, ['api'], 70);
    report([outcome('applied', 'api')], 80);
    expect(rollout.view().namespaces).toHaveLength(1);
    expect(namespace()).toMatchObject({ realisation: { kind: 'realised', revision: 4 } });
  });

  it('name the first of many that are in trouble, and count the others', () => {
    const names = Array.from({ length: 30 }, (_, at) => `p${String(at).padStart(2, '0')}`);
    desire(1, names, 0);
    report(names.map((name) => conflict(name)), 10);
    expect(namespace()?.troubled.map(({ name }) => name)).toEqual(names.slice(0, 20));
    expect([namespace()?.moreTroubled, rollout.view().policies.conflict]).toEqual([10, 30]);
  });
});
