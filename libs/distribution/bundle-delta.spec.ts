import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import { changesBetween, type NodeBundle, NodeCompiler, type NodeSettings, type SettledBundle, withNodeSettings } from '#compilers/nftables';

import { firstMoment, nextMoment, revisionOfMoment } from '../../test/support/fuzz-changes.ts';
import { bundleWith, makePod, makeProfile, peerAddress } from '../../test/support/node-bundles.ts';
import { Random } from '../../test/support/random.ts';
import { withTrueDigests } from '../../test/support/true-digests.ts';
import { applyDelta } from './apply-delta.ts';
import { BundleEncoder } from './bundle-encoder.ts';
import { readBundleText } from './bundle-text.ts';

const SEEDS = 60;
const STEPS = 12;

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function settingsFrom(random: Random): NodeSettings {
  const audited = random.below(4);
  const fates = [undefined, { kind: 'keep' as const }, { kind: 'drain' as const, seconds: 30 }];
  return {
    modeOf: ({ pod }) => (pod.length % 4 === audited ? 'audit' : undefined),
    interfaceOf: ({ pod }) => (pod.length % 3 === audited ? `veth${String(pod.length)}` : undefined),
    fateOf: ({ pod }) => fates[(pod.length + audited) % 3],
    failMode: random.chance(0.5) ? 'open' : 'closed',
  };
}

describe('the way from one bundle to another', () => {
  it.each(Array.from({ length: SEEDS }, (_, seed) => seed))('is exact in a random life, seed %i', (seed) => {
    const random = new Random(seed);
    const encoder = new BundleEncoder(digest);
    let moment = firstMoment(random);
    let input = revisionOfMoment(moment, 0);
    const compiler = new NodeCompiler(input.revision, input.snapshot, digest);
    const held = new Map<string, NodeBundle>();
    const told = new Map<string, SettledBundle>();
    let settings = settingsFrom(random);
    for (let step = 1; step <= STEPS; step += 1) {
      const areSettingsOld = random.chance(0.8);
      if (!areSettingsOld) settings = settingsFrom(random);
      encoder.beginRound();
      for (const [node, compiled] of compiler.bundles()) {
        const before = told.get(node);
        const bundle = withNodeSettings(compiled, settings, digest, areSettingsOld ? before : undefined);
        expect(bundle).toEqual(withNodeSettings(compiled, settings, digest));
        const text = before === undefined ? encoder.snapshot(bundle) : encoder.delta(before.settled, bundle);
        if (text === undefined) throw new Error('the compiler sorts, so there is always a delta');
        // what is remembered of the bundle before changes nothing
        if (before !== undefined) expect(text).toBe(new BundleEncoder(digest).delta(before.settled, bundle));
        const reading = before === undefined ? readBundleText(text) : applyDelta(held.get(node) ?? bundle, text, digest);
        expect(reading).toEqual({ kind: 'bundle', bundle });
        if (reading.kind === 'bundle') held.set(node, reading.bundle);
        told.set(node, { compiled, settled: bundle });
      }
      ({ moment } = nextMoment(moment, random));
      const after = revisionOfMoment(moment, step);
      compiler.apply(changesBetween(input, after));
      input = after;
    }
    // and over all of it at once, for who was away
    for (const [node, bundle] of compiler.bundles()) {
      const before = held.get(node);
      if (before === undefined) continue;
      const text = encoder.delta(before, bundle) ?? '';
      expect(applyDelta(before, text, digest)).toEqual({ kind: 'bundle', bundle });
    }
  });

  it('is some hundred bytes for one pod in a set of 100,000, and worked out once for all who share it', () => {
    const members = Array.from({ length: 100_000 }, (_, at) => peerAddress(at).text);
    let reads = 0;
    const counted = new Proxy(members, {
      get: (target, key): unknown => {
        reads += 1;
        return Reflect.get(target, key);
      },
    });
    const before = withTrueDigests({ ...bundleWith([makePod(0, 1)], [makeProfile(0, counted)], 'a1'), node: 'n1' });
    const after = withTrueDigests({ ...before, hash: 'a2', profiles: [makeProfile(0, members.toSpliced(50_000, 1))] });
    const encoder = new BundleEncoder(digest);
    const text = encoder.delta(before, after) ?? '';
    expect(text.length).toBeLessThan(500);
    expect(applyDelta(before, text, digest)).toEqual({ kind: 'bundle', bundle: after });
    const looked = reads;
    expect(looked).toBeGreaterThan(0);
    for (let node = 0; node < 1_000; node += 1) encoder.delta({ ...before, hash: `b${String(node)}` }, { ...after, hash: `c${String(node)}` });
    expect(reads - looked).toBeLessThan(members.length);
  });

  const [first, second] = [withTrueDigests(bundleWith([makePod(0, 1), makePod(1, 1)], [makeProfile(0, ['10.0.0.1', '10.0.0.2'])], 'a1')), withTrueDigests(bundleWith([makePod(1, 1)], [makeProfile(0, ['10.0.0.2', '10.0.0.3'])], 'a2'))];
  const way = new BundleEncoder(digest).delta(first, second) ?? '';

  it.each<[string, NodeBundle, string, string]>([
    ['another bundle', { ...first, hash: 'x9' }, way, 'it leads from revision 1 (a1)'],
    ['another revision', { ...first, revision: 7 }, way, 'it leads from revision 1 (a1)'],
    ['a bundle that only claims to be the one', { ...first, pods: first.pods.slice(1) }, way, 'is gone, and was not there'],
    ['one with another pod', { ...first, pods: [...first.pods, makePod(2, 1)] }, way, 'pods or profiles differ'],
    ['one with other members', withTrueDigests({ ...first, profiles: [makeProfile(0, ['10.0.0.1'])] }), way, 'is not the one that changed'],
    ['members that only claim to be the ones', { ...first, profiles: [{ ...first.profiles[0]!, namespaced: withMembers(first, ['10.0.0.1', '10.0.0.9']) }] }, way, 'does not become what it should'],
    ['text that was cut short', first, way.slice(0, -9), 'it is no JSON'],
    ['a number', first, '7', 'it does not say which bundles'],
    ['edits beyond the end', first, way.replace('"edits4":[[0,1]', '"edits4":[[9,1]'), 'does not fit'],
    ['an element that is none', first, way.replace('"10.0.0.3"', '7'), 'does not fit'],
    ['a profile nobody knows', first, way.replace(/"touched":\[\["[^"]+"/, '"touched":[["i_other"'), 'there is no profile'],
  ])('is refused on %s', (_what, bundle, text, why) => {
    const reading = applyDelta(bundle, text, digest);
    expect(reading).toEqual({ kind: 'refused', why: expect.stringContaining(why) });
  });

  it('can not be said where lists are not sorted or a name means two sets', () => {
    const encoder = new BundleEncoder(digest);
    expect(encoder.delta(first, { ...second, pods: [makePod(1, 1), makePod(0, 1)] })).toBeUndefined();
    const [one, two] = [makeProfile(0, ['10.0.0.1']), makeProfile(1, ['10.0.0.2'])];
    expect(encoder.delta(first, { ...second, profiles: [two, one] })).toBeUndefined();
    const torn = { ...one, namespaced: [...one.namespaced, ...makeProfile(0, ['10.0.0.7']).namespaced] };
    expect(encoder.delta(first, { ...second, profiles: [torn] })).toBeUndefined();
  });
});

function withMembers({ profiles }: NodeBundle, elements4: readonly string[]): NodeBundle['profiles'][number]['namespaced'] {
  return profiles[0]!.namespaced.map((rule) => ({ ...rule, matches: rule.matches.map((match) => (match.kind === 'peer' && match.peer !== 'any' ? { ...match, peer: { ...match.peer, elements4 } } : match)) }));
}
