import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { layOutRuleset, type NodeBundle, type Ruleset } from '#compilers/nftables';
import type { Commit, Driver, RulesetDelta } from '#dataplane';

import { compareTable } from '../../libs/dataplane/compare-table.ts';
import { bundleDelta } from '../../libs/dataplane/bundle-delta.ts';
import { withNote } from '../../libs/dataplane/table-note.ts';
import { bundleWith, makeBundle, makePod, makeProfile, peerAddress } from '../support/node-bundles.ts';

/** One driver in a place of its own, where no table of ours is yet. */
export interface DriverBench {
  readonly driver: Driver;
  close(): void;
}

const nothing: RulesetDelta = { addedSets: [], addedMaps: [], addedChains: [], rewrittenChains: [], sets: [], maps: [], removedChains: [], removedSets: [] };

/** What every driver keeps to, as far as it says it can. */
export function driverContract(name: string, open: () => DriverBench): void {
  describe(`driver ${name}`, () => {
    let bench: DriverBench;
    let driver: Driver;
    beforeEach(() => {
      bench = open();
      ({ driver } = bench);
    });
    afterEach(() => {
      bench.close();
    });

    const holds = (ruleset: Ruleset): readonly string[] => {
      const lines = driver.differences(ruleset);
      expect(lines).toEqual(compareTable(driver.expectedReading(ruleset), driver.readBack()));
      return lines;
    };

    it('has no table before it wrote one', () => {
      expect(driver.readBack()).toBeUndefined();
      expect(driver.readNote()).toBeUndefined();
    });

    it('writes a ruleset, reads it back, and says so again', () => {
      const ruleset = rulesetOf(small());
      expect(driver.replace(ruleset)).toMatchObject(committed);
      expect(holds(ruleset)).toEqual([]);
      expect(driver.readNote()).toEqual({ revision: 1, generation: 1, hash: 'a1' });
      expect(driver.replace(ruleset)).toMatchObject(committed);
      expect(holds(ruleset)).toEqual([]);
    });

    it('replaces one ruleset by another', () => {
      driver.replace(rulesetOf(small()));
      const other = rulesetOf(bundleWith([makePod(1, 1)], [makeProfile(0, ['192.0.2.1'])], 'b2'), 2);
      expect(driver.replace(other)).toMatchObject(committed);
      expect(holds(other)).toEqual([]);
      expect(driver.readNote()).toEqual({ revision: 1, generation: 2, hash: 'b2' });
    });

    it.each<[string, (bundle: NodeBundle) => NodeBundle]>([
      ['a pod', (bundle) => ({ ...bundle, pods: [...bundle.pods, makePod(20, 2)] })],
      ['a pod less', (bundle) => ({ ...bundle, pods: bundle.pods.slice(1) })],
      ['another address of a pod', (bundle) => ({ ...bundle, pods: bundle.pods.map((pod, at) => (at === 0 ? { ...pod, addresses: [peerAddress(9)] } : pod)) })],
      ['a pod that follows another profile', (bundle) => ({ ...bundle, pods: bundle.pods.map((pod, at) => (at === 0 ? { ...pod, ingress: 'i_app_0001' } : pod)) })],
      ['a pod that is open now', (bundle) => ({ ...bundle, pods: bundle.pods.map(({ pod, addresses }) => ({ pod, addresses })) })],
      ['an address that two pods claim', (bundle) => ({ ...bundle, contested: [peerAddress(77)] })],
      ['a peer and a peer less', (bundle) => ({ ...bundle, profiles: [makeProfile(0, ['10.128.0.1', '192.0.2.7']), makeProfile(1, ['10.128.0.6'])] })],
      ['another block of its own', (bundle) => ({ ...bundle, local4: ['10.64.0.0/15', '10.99.0.1-10.99.0.3'], local6: [] })],
      ['a profile more, with its set', (bundle) => ({ ...bundle, profiles: [...bundle.profiles, makeProfile(2, ['192.0.2.3'])], pods: [...bundle.pods, makePod(20, 3)] })],
      ['a profile less, with its set', (bundle) => ({ ...bundle, profiles: bundle.profiles.slice(0, 1), pods: bundle.pods.map((pod) => ({ ...pod, ingress: 'i_app_0000' })) })],
    ])('goes on by a delta: %s', (_what, change) => {
      const before = { bundle: small(), generation: 1, options: {} };
      const after = { bundle: change(before.bundle), generation: 2, options: {} };
      driver.replace(layOutRuleset(before.bundle, 1));
      for (const [from, to] of [[before, after], [after, before]] as const) {
        const delta = bundleDelta(from, to);
        expect(delta).toBeDefined();
        expect(driver.update(delta ?? nothing)).toMatchObject(committed);
        expect(holds(layOutRuleset(to.bundle, to.generation))).toEqual([]);
      }
    });

    it.each<[string, RulesetDelta]>([
      ['an element that is not there is taken away', { ...nothing, sets: [change('g_app_0000_4', ['198.51.100.1'], ['198.51.100.2'])] }],
      ['an element that is there is added', { ...nothing, sets: [change('g_app_0000_4', [], ['198.51.100.2', peerAddress(0).text])] }],
      ['a set that is not there changes', { ...nothing, sets: [change('g_app_0000_4', [], ['198.51.100.2']), change('g_none_4', [], ['198.51.100.1'])] }],
      ['a chain in use is deleted', { ...nothing, sets: [change('g_app_0000_4', [], ['198.51.100.2'])], removedChains: ['i_app_0000'] }],
      ['a verdict names no chain', { ...nothing, sets: [change('g_app_0000_4', [], ['198.51.100.2'])], maps: [{ map: { name: 'in4', keyType: 'ip saddr' }, removed: [], added: [{ key: '198.51.100.9', verdict: 'goto i_none' }] }] }],
    ])('does nothing at all where %s', (_what, delta) => {
      const ruleset = rulesetOf(small());
      driver.replace(ruleset);
      const commit = driver.update(delta);
      expect(commit).toMatchObject({ kind: 'refused', code: 'out of step' });
      expect(commit).toHaveProperty('why', expect.stringMatching(/./));
      expect(holds(ruleset)).toEqual([]);
    });

    it('cannot change a table that is not there', () => {
      expect(driver.update({ ...nothing, sets: [change('local4', [], ['198.51.100.0/24'])] })).toMatchObject({ kind: 'refused' });
      expect(driver.readBack()?.sets.get('local4')).toBeUndefined();
    });

    it('takes its table away, and again', () => {
      driver.replace(rulesetOf(small()));
      driver.remove();
      expect(driver.readBack()).toBeUndefined();
      driver.remove();
      expect(driver.readBack()).toBeUndefined();
    });

    it('says what differs after an element went missing', () => {
      const bundle = small();
      driver.replace(layOutRuleset(bundle, 1));
      driver.update({ ...nothing, sets: [change('g_app_0000_4', [peerAddress(0).text], [])] });
      expect(holds(layOutRuleset(bundle, 1))).toEqual(['set g_app_0000_4: 1 of 5 elements missing or different, 0 too many']);
      driver.update({ ...nothing, sets: [change('g_app_0000_4', [], [peerAddress(0).text, '192.0.2.9'])] });
      expect(holds(layOutRuleset(bundle, 1))).toEqual(['set g_app_0000_4: 0 of 5 elements missing or different, 1 too many']);
    });

    it('carries comments that hold anything', () => {
      const [profile, ...others] = small().profiles;
      const hostile = { ...profile!, why: `"; flush ruleset; \u0000\n\u001b[31m${'x'.repeat(10_000)}`, isolatedBy: ['a"b\\c\nd'] };
      const ruleset = rulesetOf({ ...small(), profiles: [hostile, ...others] });
      expect(driver.replace(ruleset)).toMatchObject(committed);
      expect(holds(ruleset)).toEqual([]);
    });
  });
}

const committed: Partial<Commit> = { kind: 'committed' };

function small(): NodeBundle {
  return makeBundle({ pods: 4, peers: 10, profiles: 2 });
}

function rulesetOf(bundle: NodeBundle, generation = 1): Ruleset {
  return withNote(layOutRuleset(bundle, generation), { revision: bundle.revision, hash: bundle.hash, generation });
}

function change(name: string, removed: readonly string[], added: readonly string[]): RulesetDelta['sets'][number] {
  const isInterval = name.startsWith('local');
  return { set: { name, keyType: 'ip saddr', isInterval }, removed, added };
}
