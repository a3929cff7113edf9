import { beforeEach, describe, expect, it } from '@jest/globals';

import { bundleWith, makePod, podAddress } from '../../../test/support/node-bundles.ts';
import { type StartRace, StartRaces } from './start-race.ts';

const four = podAddress(4, 0).text;
const six = podAddress(6, 0).text;
const pod = makePod(0, 1);

describe('how long pods waited for their rules', () => {
  let told: StartRace[];
  let races: StartRaces;
  beforeEach(() => {
    told = [];
    races = new StartRaces((race) => told.push(race));
  });

  it('is from the first packet that was dropped to the commit, for each address', () => {
    races.dropped(four, 1_000);
    races.dropped(four, 1_400);
    races.dropped(six, 1_200);
    races.dropped('192.0.2.1', 1_000);
    races.committed(bundleWith([pod], []), 1_500);
    expect(told).toEqual([
      { pod: 'team/pod-0', address: four, waitedMs: 500, packets: 2 },
      { pod: 'team/pod-0', address: six, waitedMs: 300, packets: 1 },
    ]);
    races.committed(bundleWith([pod], []), 1_600);
    expect(told).toHaveLength(2);
  });

  it('is known too where the kernel tells of the drop after the commit, once', () => {
    races.committed(bundleWith([pod], []), 1_500);
    races.dropped(four, 1_400);
    races.dropped(four, 1_450);
    races.dropped(four, 1_600);
    expect(told).toEqual([{ pod: 'team/pod-0', address: four, waitedMs: 100, packets: 1 }]);
  });

  it('begins anew for a pod that has another one\'s address', () => {
    races.committed(bundleWith([pod], []), 1_000);
    races.committed(bundleWith([], []), 2_000);
    races.dropped(four, 2_500);
    races.committed(bundleWith([{ ...pod, pod: 'team/next' }], []), 3_000);
    expect(told).toEqual([{ pod: 'team/next', address: four, waitedMs: 500, packets: 1 }]);
  });

  it('forgets the oldest of strangers that never become pods', () => {
    races.dropped(four, 1_000);
    for (let at = 1; at <= 4_096; at += 1) races.dropped(podAddress(4, at).text, 1_000 + at);
    races.committed(bundleWith([pod, makePod(4_096, 1)], []), 9_000);
    expect(told.map(({ pod: name }) => name)).toEqual(['team/pod-4096']);
  });
});
