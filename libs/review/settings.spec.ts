import { describe, expect, it } from '@jest/globals';

import type { Mode, ModeScope } from '#model';
import { decide, fateOf, MODE_ANNOTATION, modeOf, modeOfNamespace, NOTHING_DECIDED, type ReviewState, targetOf } from '#review';

import { API, approvalOf, carryOut, contextOf, DB, obstaclesOf, shop, WEB } from '../../test/support/review-world.ts';
import { namespace, ref, world } from '../../test/support/worlds.ts';

const context = contextOf();
const SHOP: ModeScope = { kind: 'namespace', namespace: 'shop' };
const CLUSTER: ModeScope = { kind: 'cluster' };

function withModes(...modes: readonly (readonly [ModeScope, Mode | 'cleared'])[]): ReviewState {
  return modes.reduce((state, [scope, mode]) => carryOut(state, { kind: 'set-mode', scope, mode, skipsRamp: true }, context), NOTHING_DECIDED);
}

function annotated(mode: string): typeof shop {
  return world({ namespaces: [{ ...namespace('shop'), annotations: { [MODE_ANNOTATION]: mode } }] });
}

describe('the mode of a workload', () => {
  it.each<[string, ReviewState, string, Mode, string]>([
    ['is observe where nobody says anything', NOTHING_DECIDED, 'none', 'observe', 'default'],
    ['is that of the cluster', withModes([CLUSTER, 'audit']), 'none', 'audit', 'cluster'],
    ['is that of its namespace before the cluster', withModes([CLUSTER, 'audit'], [SHOP, 'observe']), 'none', 'observe', 'namespace'],
    ['is its own before all', withModes([CLUSTER, 'audit'], [SHOP, 'observe'], [{ kind: 'workload', workload: WEB }, 'enforce']), 'none', 'enforce', 'workload'],
    ['falls back where its own is cleared', withModes([SHOP, 'audit'], [{ kind: 'workload', workload: WEB }, 'enforce'], [{ kind: 'workload', workload: WEB }, 'cleared']), 'none', 'audit', 'namespace'],
    ['is what its namespace is annotated with', NOTHING_DECIDED, 'enforce', 'enforce', 'annotation'],
    ['is never laxer than the cluster by an annotation', withModes([CLUSTER, 'enforce']), 'observe', 'enforce', 'cluster'],
    ['may be stricter than the cluster by an annotation', withModes([CLUSTER, 'audit']), 'enforce', 'enforce', 'annotation'],
    ['is what somebody decided, whatever the annotation says', withModes([SHOP, 'observe']), 'enforce', 'observe', 'namespace'],
    ['takes no word that is no mode', NOTHING_DECIDED, 'Enforce', 'observe', 'default'],
  ])('%s', (_what, state, annotation, mode, from) => {
    expect(modeOf(state, WEB, annotation === 'none' ? shop : annotated(annotation))).toMatchObject({ value: mode, from });
  });

  it('that is new is the one its namespace says', () => {
    const state = withModes([SHOP, 'enforce'], [{ kind: 'workload', workload: WEB }, 'audit']);
    expect(modeOf(state, ref('shop/Deployment/new'), shop).value).toBe('enforce');
    expect(modeOfNamespace(state, 'shop', shop)).toMatchObject({ value: 'enforce', from: 'namespace', decided: { by: { name: 'alice' }, seq: 1 } });
    expect(modeOf(state, DB, shop).value).toBe('observe');
  });
});

describe('setting a mode', () => {
  it('goes one namespace at a time to enforce', () => {
    const all: ReadonlyArray<string> = ['data', 'edge', 'shop'];
    const whole = { kind: 'set-mode', scope: CLUSTER, mode: 'enforce' } as const;
    let state = NOTHING_DECIDED;
    for (const each of all) {
      const refused = decide(state, whole, context);
      expect(obstaclesOf(refused)).toEqual(['ramp-skipped the cluster']);
      state = carryOut(state, { kind: 'set-mode', scope: { kind: 'namespace', namespace: each }, mode: 'enforce' }, context);
    }
    expect(obstaclesOf(decide(state, whole, context))).toEqual([]);
    expect(obstaclesOf(decide(NOTHING_DECIDED, { ...whole, skipsRamp: true }, context))).toEqual([]);
    expect(obstaclesOf(decide(NOTHING_DECIDED, { ...whole, mode: 'audit' }, context))).toEqual([]);
  });

  it('says what will stay open, and that nobody looked in audit', () => {
    const notes = (state: ReviewState): readonly string[] => {
      const decision = decide(state, { kind: 'set-mode', scope: SHOP, mode: 'enforce' }, context);
      return decision.kind === 'events' ? decision.notes.map(({ code }) => code) : [];
    };
    expect(notes(NOTHING_DECIDED)).toEqual(['nothing-approved', 'audit-skipped']);
    const approved = carryOut(NOTHING_DECIDED, approvalOf(NOTHING_DECIDED, context, WEB, API), context);
    expect(notes(approved)).toEqual(['audit-skipped']);
    expect(notes(carryOut(approved, { kind: 'set-mode', scope: SHOP, mode: 'audit' }, context))).toEqual([]);
  });

  it('for whoever is not there waits for them, and says so', () => {
    const decision = decide(NOTHING_DECIDED, { kind: 'set-mode', scope: { kind: 'namespace', namespace: 'later' }, mode: 'audit' }, context);
    expect(decision.kind === 'events' && decision.notes.map(({ code }) => code)).toEqual(['scope-absent']);
  });
});

describe('what else is set', () => {
  it('is how connections end: cut unless somebody says otherwise', () => {
    expect(fateOf(NOTHING_DECIDED, WEB)).toEqual({ value: { kind: 'cut' }, from: 'default' });
    const state = carryOut(carryOut(NOTHING_DECIDED, { kind: 'set-fate', scope: CLUSTER, fate: { kind: 'drain', seconds: 30 } }, context), { kind: 'set-fate', scope: { kind: 'workload', workload: WEB }, fate: { kind: 'keep' } }, context);
    expect([fateOf(state, WEB).value.kind, fateOf(state, API).value]).toEqual(['keep', { kind: 'drain', seconds: 30 }]);
    expect(fateOf(carryOut(state, { kind: 'set-fate', scope: CLUSTER, fate: 'cleared' }, context), API).from).toBe('default');
  });

  it.each([0, -1, 1.5, Number.NaN, 86_401])('is no drain of %d seconds', (seconds) => {
    expect(obstaclesOf(decide(NOTHING_DECIDED, { kind: 'set-fate', scope: CLUSTER, fate: { kind: 'drain', seconds } }, context))).toEqual(['drain-time the cluster']);
  });

  it('is where policies go, by namespace', () => {
    const state = carryOut(NOTHING_DECIDED, { kind: 'set-target', namespace: 'shop', target: 'folder' }, context);
    expect([targetOf(state, 'shop'), targetOf(state, 'data')]).toEqual(['folder', undefined]);
    expect(targetOf(carryOut(state, { kind: 'set-target', namespace: 'shop', target: 'cleared' }, context), 'shop')).toBeUndefined();
  });
});
