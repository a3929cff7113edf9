import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { FlowReport } from '#model';

import { HubbleExport } from './hubble-export.ts';

const START = Date.parse('2026-02-01T00:00:00Z');

interface EventFields {
  readonly at?: number;
  readonly node?: string;
  readonly from?: string;
  readonly to?: string;
  readonly flags?: Readonly<Record<string, boolean>>;
  readonly isReply?: boolean;
  readonly verdict?: string;
  readonly port?: number;
}

function event({ at = 0, node = 'node-a', from = '10.1.0.5', to = '10.2.0.8', flags = { SYN: true }, isReply = false, verdict = 'FORWARDED', port = 5432 }: EventFields = {}): string {
  const [source, destination] = isReply ? [to, from] : [from, to];
  const ports = isReply ? { source_port: port, destination_port: 40_000 } : { source_port: 40_000, destination_port: port };
  const flow = { time: new Date(START + at).toISOString(), verdict, IP: { source, destination }, l4: { TCP: { ...ports, flags } }, source: {}, destination: {}, Type: 'L3_L4', node_name: `default/${node}`, is_reply: isReply };
  return `${JSON.stringify({ flow, node_name: `default/${node}`, time: flow.time })}\n`;
}

describe('an export of Hubble that grows', () => {
  let folder = '';
  let path = '';
  let reports: FlowReport[] = [];
  let problems: string[] = [];
  let hasRoom = true;
  let now = START;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hubble-'));
    path = join(folder, 'events.log');
    reports = [];
    problems = [];
    hasRoom = true;
    now = START + 60_000;
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function follow(): HubbleExport {
    return new HubbleExport({
      path,
      now: () => now,
      onProblem: ({ message }) => problems.push(message),
      onReport: (report) => {
        if (hasRoom) reports.push(report);
        return hasRoom;
      },
    });
  }

  function drain(source: HubbleExport): void {
    while (source.poll());
  }

  const told = (): readonly string[] =>
    reports.map(({ reporter, from, flows }) => `${reporter} ${(from - START) / 1_000} ${flows.map(({ client, server, port, connections, replied, verdict }) => `${client.address}>${server.address}:${port} x${connections}/${replied ?? '?'} ${verdict}`).join(', ')}`);

  it('gives a report for each node and ten seconds, once they are over', () => {
    writeFileSync(path, [event(), event({ at: 3_000 }), event({ at: 3_100, isReply: true, flags: { SYN: true, ACK: true } }), event({ at: 4_000, node: 'node-b', verdict: 'DROPPED' }), event({ at: 5_000, port: 80, verdict: 'AUDIT' }), event({ at: 11_000, from: '2001:db8:1::5', to: '2001:db8:2::8' })].join(''));
    now = START + 12_000;
    const source = follow();
    drain(source);
    expect(told()).toEqual([]);
    now = START + 15_000;
    drain(source);
    expect(told()).toEqual(['node-a 0 10.1.0.5>10.2.0.8:5432 x2/2 allowed, 10.1.0.5>10.2.0.8:80 x1/? allowed, 10.1.0.5>10.2.0.8:80 x1/? would-be-denied', 'node-b 0 10.1.0.5>10.2.0.8:5432 x1/? denied']);
    appendFileSync(path, event({ at: 26_000 }));
    drain(source);
    expect(told().slice(2)).toEqual(['node-a 10 2001:db8:1::5>2001:db8:2::8:5432 x1/? allowed']);
    source.close();
  });

  it('counts no packet in the middle of its connection', () => {
    writeFileSync(path, event({ flags: { ACK: true } }) + event({ at: 100, flags: { ACK: true }, isReply: true }));
    const source = follow();
    drain(source);
    expect(reports[0]?.flows[0]).toMatchObject({ connections: 0, alive: 1 });
    expect(reports[0]?.flows[0]).not.toHaveProperty('replied');
    source.close();
  });

  it('is read on after it was renamed away, and the new one after it', () => {
    writeFileSync(path, event());
    const source = follow();
    drain(source);
    appendFileSync(path, event({ at: 20_000 }).slice(0, -1));
    renameSync(path, `${path}.1`);
    writeFileSync(path, event({ at: 40_000 }));
    now += 60_000;
    drain(source);
    expect(told().map((line) => line.split(' ')[1])).toEqual(['0', '20', '40']);
    expect(source.counts).toMatchObject({ lines: 3, unreadable: 0 });
    source.close();
  });

  it('is read anew after it was cut short', () => {
    writeFileSync(path, event() + event({ at: 1_000 }));
    const source = follow();
    drain(source);
    truncateSync(path);
    drain(source);
    appendFileSync(path, event({ at: 20_000 }));
    drain(source);
    expect(told()).toEqual(['node-a 0 10.1.0.5>10.2.0.8:5432 x2/? allowed', 'node-a 20 10.1.0.5>10.2.0.8:5432 x1/? allowed']);
    source.close();
  });

  it('is waited for, which is said once', () => {
    const source = follow();
    drain(source);
    drain(source);
    expect(problems).toEqual([expect.stringMatching(/^read Hubble's export .*events\.log: .*ENOENT/)]);
    writeFileSync(path, event());
    drain(source);
    expect(reports).toHaveLength(1);
    source.close();
  });

  it('is read in pieces, whatever they cut apart, and around what is no event', () => {
    const source = follow();
    const text = `${event()}{"text":"ünïcode \u{1F600}"}\nnonsense\n{"flow":{"verdict":"FORWARDED","time":"x"}}\n${'x'.repeat(1_100_000)}\n${event({ at: 1_000 })}`;
    const bytes = Buffer.from(text);
    writeFileSync(path, '');
    for (let at = 0; at < bytes.length; at += 300_001) {
      appendFileSync(path, bytes.subarray(at, at + 300_001));
      now = START;
      drain(source);
    }
    now = START + 60_000;
    drain(source);
    expect(told()).toEqual(['node-a 0 10.1.0.5>10.2.0.8:5432 x2/? allowed']);
    expect(source.counts).toMatchObject({ lines: 6, unreadable: 4 });
    source.close();
  });

  it('of long ago is not cut where one reading ends', () => {
    writeFileSync(path, Array.from({ length: 30_000 }, (_, at) => event({ at: Math.floor(at / 3) })).join(''));
    const source = follow();
    drain(source);
    expect(told()).toEqual(['node-a 0 10.1.0.5>10.2.0.8:5432 x30000/? allowed']);
    expect(source.counts.late).toBe(0);
    source.close();
  });

  it('gives the same reports when it is read again from its beginning', () => {
    writeFileSync(path, [0, 8_000, 9_000, 31_000].map((at) => event({ at })).join(''));
    const first = follow();
    drain(first);
    const before = reports;
    reports = [];
    const second = follow();
    drain(second);
    expect(reports).toEqual(before);
    first.close();
    second.close();
  });

  it('waits with everything while nobody has room', () => {
    writeFileSync(path, event() + event({ at: 20_000 }));
    hasRoom = false;
    const source = follow();
    drain(source);
    appendFileSync(path, event({ at: 40_000 }));
    now += 60_000;
    drain(source);
    expect([reports, source.counts.lines]).toEqual([[], 2]);
    hasRoom = true;
    drain(source);
    drain(source);
    expect(told().map((line) => line.split(' ')[1])).toEqual(['0', '20', '40']);
    source.close();
  });

  it('says what Hubble itself lost, and passes over flows that do not say whose they are', () => {
    const lost = JSON.stringify({ lost_events: { source: 'HUBBLE_RING_BUFFER', num_events_lost: 7 }, node_name: 'default/node-a', time: new Date(START).toISOString() });
    const nameless = JSON.stringify({ flow: { time: new Date(START).toISOString(), verdict: 'FORWARDED', IP: { source: '10.0.0.1', destination: '10.0.0.2' }, l4: { UDP: { source_port: 1, destination_port: 53 } } } });
    writeFileSync(path, `${event()}${lost}\n${nameless}\n`);
    const source = follow();
    drain(source);
    expect(reports[0]?.loss.connectionEvents).toBe(7);
    expect(source.counts.nameless).toBe(1);
    source.close();
  });

  it('is followed by itself', async () => {
    const found = new Promise<void>((resolve) => {
      const source = new HubbleExport({
        path,
        pollMs: 5,
        now: () => now,
        onProblem: () => undefined,
        onReport: (report) => {
          reports.push(report);
          source.close();
          resolve();
          return true;
        },
      });
      source.start();
    });
    writeFileSync(path, event());
    await found;
    expect(reports).toHaveLength(1);
  });
});
