import { describe, expect, it } from '@jest/globals';

import { flowReport, observedFlow } from '../../../../test/support/live-shop.ts';

import { ReportQueue } from './report-queue.ts';

const flow = observedFlow('10.1.0.5', '10.2.0.8', 5432);
const flow6 = observedFlow('2001:db8:1::5', '2001:db8:2::8', 5432);
const empty = flowReport('node-a', 0, []);
const overflowed = Array.from({ length: 3 }, (_, at) => ({ pod: `shop/web-${String(at)}`, connections: 1 }));

describe('a queue of reports', () => {
  it.each([
    ['flows', flowReport('node-a', 0, [flow, flow6]), 5],
    ['no flows', empty, 10],
    ['nothing but overflows', { ...empty, overflowed }, 3],
  ])('has no room without end for reports with %s', (_what, report, taken) => {
    const queue = new ReportQueue(10, 1_000);
    expect(Array.from({ length: 100 }, () => queue.add(report, 0)).filter(Boolean)).toHaveLength(taken);
    queue.take(1_000);
    expect([queue.add(report, 1_000), queue.add(report, 1_000)]).toEqual([true, false]);
  });

  it('takes a report that is larger than it is, where it is alone', () => {
    const queue = new ReportQueue(1, 0);
    expect(queue.add(flowReport('node-a', 0, [flow, flow6]), 0)).toBe(true);
    expect(queue.take(0)?.flows).toHaveLength(2);
    expect([queue.flows, queue.add(empty, 0)]).toEqual([0, true]);
  });
});
