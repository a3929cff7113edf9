import { describe, expect, it } from '@jest/globals';

import type { Pod, PodKey } from '#model';

import { Random } from '../../test/support/random.ts';
import { podsOf, workload } from '../../test/support/worlds.ts';
import { changedPods, PodMap } from './pod-map.ts';

const STEPS = 60;

const [like] = podsOf(workload('shop/Deployment/web'), 1);

function named(name: string): Pod {
  return { ...like!, name };
}

function key(at: number): PodKey {
  return `shop/pod-${String(at)}`;
}

// one text: comparing two thousand objects a step takes minutes
function inOrder(pods: ReadonlyMap<PodKey, Pod | undefined>): string {
  return [...pods].map(([each, value]) => `${each} ${value?.name ?? 'gone'}`).join('\n');
}

function sorted(pods: ReadonlyMap<PodKey, Pod | undefined>): string {
  return inOrder(new Map([...pods].sort(([a], [b]) => (a < b ? -1 : 1))));
}

describe('a map of pods', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))('is at every time what a plain map is, and tells what is different, seed %i', (seed) => {
    const random = new Random(seed);
    const most = 1 + random.below(2_000);
    let plain = new Map<PodKey, Pod>(Array.from({ length: random.below(most) }, () => key(random.below(most))).map((each) => [each, named('a')]));
    let map = PodMap.of(plain);
    for (let step = 0; step < STEPS; step += 1) {
      const changes = new Map<PodKey, Pod | undefined>();
      // now and then most of them go, and come again
      const count = random.chance(0.1) ? most : random.below(30);
      for (let at = 0; at < count; at += 1) changes.set(key(random.below(most)), random.chance(0.5) ? undefined : named('b'));
      const [before, plainBefore] = [map, plain];
      map = map.with(changes);
      plain = new Map(plain);
      for (const [each, value] of changes) {
        if (value === undefined) plain.delete(each);
        else plain.set(each, value);
      }
      expect(inOrder(map)).toBe(sorted(plain));
      expect([map.size, [...map.keys()].join(), [...map.values()].length]).toEqual([plain.size, [...plain.keys()].sort().join(), plain.size]);
      expect(inOrder(before)).toBe(sorted(plainBefore));
      for (let at = 0; at < 20; at += 1) {
        const asked = key(random.below(most));
        expect([map.get(asked), map.has(asked)]).toEqual([plain.get(asked), plain.has(asked)]);
      }
      const different = new Map([...changes].filter(([each, value]) => plainBefore.get(each) !== value));
      expect([sorted(changedPods(before, map)), sorted(changedPods(plainBefore, plain))]).toEqual([sorted(different), sorted(different)]);
    }
  });

  it('shares with the one before what is not different', () => {
    const map = PodMap.of(Array.from({ length: 100_000 }, (_, at): [PodKey, Pod] => [key(at), named('a')]));
    const looked: string[] = [];
    const watched = map.with(new Map([[key(5), named('b')]]));
    const get = map.get.bind(map);
    map.get = (asked) => {
      looked.push(asked);
      return get(asked);
    };
    expect([...map.differences(watched).keys()]).toEqual([key(5)]);
    expect(looked.length).toBeLessThan(200);
  });

  it('takes the last of two with one key, and nothing for none', () => {
    const [one, two] = [named('a'), named('b')];
    expect([...PodMap.of([['shop/a', one], ['shop/a', two]])]).toEqual([['shop/a', two]]);
    const empty = PodMap.of([]);
    expect([empty.size, empty.get('shop/a'), [...empty], [...empty.with(new Map([['shop/a', undefined]]))]]).toEqual([0, undefined, [], []]);
    expect([...empty.with(new Map([['shop/a', one]]))]).toEqual([['shop/a', one]]);
  });
});
