import { describe, expect, it } from '@jest/globals';

import { readPlain } from '#distribution';
import type { FlowReport, SourceUpdate } from '#model';

import type { MetadataListener } from '../metadata/metadata-source.ts';
import { NodeMetadata } from '../metadata/node-metadata.ts';
import { FlowQueue } from './flow-queue.ts';
import { MetadataQueue } from './metadata-queue.ts';
import { ReconnectDelay } from './reconnect-delay.ts';

function report(from: number, connections: number): FlowReport {
  const flow = { client: { address: '10.0.0.1' }, server: { address: '10.0.0.2' }, protocol: 'TCP' as const, port: 80, verdict: 'allowed' as const, egressRule: 0, ingressRule: 0, connections, alive: 0, ended: 0, sentBytes: 0, receivedBytes: 0, sentPackets: 0, receivedPackets: 0, longestMs: 0, applications: [] };
  return { reporter: 'x', from, to: from + 1, flows: [flow], loss: { connectionEvents: 0, logRecords: 0, resyncs: 0, unreadable: 0 }, overflowed: [], foreign: 0 };
}

function read(text: string | undefined): FlowReport {
  return JSON.parse(text ?? 'null') as FlowReport;
}

describe('flow reports that wait for the controller', () => {
  it('are in the name of the node, and stay until they are taken', () => {
    const queue = new FlowQueue('n1');
    for (const from of [1, 2, 3]) queue.add(report(from, 1));
    const first = queue.after(0);
    expect(read(first?.text)).toMatchObject({ reporter: 'n1', from: 1 });
    expect(read(queue.after(first?.number ?? 0)?.text).from).toBe(2);
    queue.taken(2);
    expect([queue.length, read(queue.after(0)?.text).from]).toEqual([1, 3]);
    queue.taken(99);
    expect([queue.length, queue.after(0)]).toEqual([0, undefined]);
  });

  it('are dropped from the old end where there are too many, and the next one says what that was', () => {
    const queue = new FlowQueue('n1', { reports: 2, bytes: 1e6 });
    for (const [at, connections] of [5, 7, 11, 13].entries()) queue.add(report(at, connections));
    const kept = [queue.after(0), queue.after(queue.after(0)?.number ?? 0)].map((each) => read(each?.text));
    // the first went when the third came, and is told of by the fourth
    expect(kept.map(({ from, loss }) => [from, loss.connectionEvents])).toEqual([[2, 0], [3, 5]]);
    queue.add(report(4, 17));
    // loss that was told of in a report that is lost itself is not forgotten
    queue.add(report(5, 19));
    queue.add(report(6, 0));
    const told = [queue.after(0), queue.after(queue.after(0)?.number ?? 0)].map((each) => read(each?.text).loss.connectionEvents);
    queue.taken(99);
    queue.add(report(7, 0));
    expect([...told, read(queue.after(0)?.text).loss.connectionEvents].reduce((sum, each) => sum + each, 0)).toBe(5 + 7 + 11 + 13 + 17);
  });

  it('are bounded in bytes too', () => {
    const queue = new FlowQueue('n1', { reports: 1_000, bytes: 2_000 });
    for (let at = 0; at < 100; at += 1) queue.add(report(at, 1));
    expect(queue.length).toBeLessThan(6);
  });
});

describe('metadata for one connection', () => {
  function source(): { readonly metadata: NodeMetadata; readonly listener: () => MetadataListener } {
    let found: MetadataListener | undefined;
    const metadata = new NodeMetadata([{ name: 'docker:n1', start: (listener) => { found = listener; }, stop: () => Promise.resolve() }], () => undefined);
    return { metadata, listener: () => found! };
  }
  const update = (key: string, size = 0): SourceUpdate => ({ source: 'docker:n1', key, value: { kind: 'container-host', node: { name: 'x'.repeat(size), labels: {}, addresses: [], podCidrs: [], isExample: false }, diagnostics: [] } });
  const next = (queue: MetadataQueue): { readonly number: number; readonly isFirst: boolean; readonly keys: readonly string[]; readonly inSync: readonly string[] } | undefined => {
    const batch = queue.next();
    if (batch === undefined) return undefined;
    const { isFirst, updates, inSync } = readPlain(batch.text) as { readonly isFirst: boolean; readonly updates: readonly SourceUpdate[]; readonly inSync: readonly string[] };
    return { number: batch.number, isFirst, keys: updates.map(({ key }) => key), inSync };
  };

  it('is all of it first, then only the last word for what changed, one batch at a time', () => {
    const { metadata, listener } = source();
    let woken = 0;
    const queue = new MetadataQueue(metadata, () => { woken += 1; });
    expect(next(queue)).toBeUndefined();
    listener().updates([update('a'), update('b')]);
    expect(next(queue)).toEqual({ number: 1, isFirst: true, keys: ['a', 'b'], inSync: [] });
    listener().updates([update('a'), update('c')]);
    listener().updates([{ source: 'docker:n1', key: 'a', value: undefined }]);
    listener().inSync();
    expect([next(queue), woken]).toEqual([undefined, 4]);
    queue.taken(1);
    expect(next(queue)).toEqual({ number: 2, isFirst: false, keys: ['a', 'c'], inSync: ['docker:n1'] });
    queue.taken(2);
    expect(next(queue)).toBeUndefined();
    queue.close();
    // another connection begins anew
    expect(next(new MetadataQueue(metadata, () => undefined))).toEqual({ number: 1, isFirst: true, keys: ['b', 'c'], inSync: ['docker:n1'] });
  });

  it('is in sync for a node without sources too', () => {
    const queue = new MetadataQueue(new NodeMetadata([], () => undefined), () => undefined);
    expect(next(queue)).toEqual({ number: 1, isFirst: true, keys: [], inSync: [] });
  });

  it('comes in pieces, and is in sync with the last', () => {
    const { metadata, listener } = source();
    const queue = new MetadataQueue(metadata, () => undefined);
    listener().updates(['a', 'b', 'c'].map((key) => update(key, 600_000)));
    listener().inSync();
    const seen = [1, 2, 3].map((number) => {
      const batch = next(queue);
      queue.taken(number);
      return [batch?.keys, batch?.inSync];
    });
    expect(seen).toEqual([[['a'], []], [['b'], []], [['c'], ['docker:n1']]]);
  });
});

describe('the time to wait before connecting again', () => {
  it('is any time up to a limit that doubles, and starts over after a good connection', () => {
    const [shortest, longest] = [new ReconnectDelay(() => 0), new ReconnectDelay(() => 1)];
    expect([1, 2, 3, 4, 5, 6, 7].map(() => longest.next(0))).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect([1, 2, 3].map(() => shortest.next(0))).toEqual([50, 50, 50]);
    expect([longest.next(29_000), longest.next(31_000)]).toEqual([30_000, 1_000]);
  });

  it('is as long as the controller asks for, within bounds', () => {
    const [of5000, ofTooMany, ofNone] = [5_000, 10_000_000, 0].map((spreadMs) => {
      const delay = new ReconnectDelay(() => 1);
      delay.spread(spreadMs);
      return delay.next(0);
    });
    expect([of5000, ofTooMany, ofNone]).toEqual([5_000, 30_000, 1_000]);
  });

  it('is long where another enforcer goes by our name', () => {
    expect(new ReconnectDelay(() => 1).next(60_000, true)).toBe(16_000);
  });
});
