import { beforeEach, describe, expect, it } from '@jest/globals';

import { readNodeNews } from './node-news.ts';
import { Rollout } from './rollout.ts';
import type { NodeAck, NodeHello } from './wire-message.ts';

const first = { revision: 1, hash: 'a1' };
const second = { revision: 2, hash: 'b2' };
const SILENT_AFTER_MS = 30_000;

function hello(held?: { readonly revision: number; readonly hash: string }): NodeHello {
  return { newestProtocol: 1, oldestProtocol: 1, node: 'n1', enforcerVersion: '1.2.3', driver: 'netlink', capabilities: [], ...(held === undefined ? {} : { held }) };
}

function ack(mark: { readonly revision: number; readonly hash: string }): NodeAck {
  return { ...mark, version: 1, commitMs: 0.25, elements: 12, generation: 1 };
}

function nack(why: string): Parameters<Rollout['nacked']>[2] {
  return { version: 1, reason: 'refused', why, diagnostics: [] };
}

describe('a rollout', () => {
  let rollout: Rollout;
  beforeEach(() => {
    rollout = new Rollout({ silentAfterMs: SILENT_AFTER_MS });
  });

  const realisation = (now: number): unknown => rollout.view('n1', now)?.realisation;

  it('is pending until the node itself says that it is in, and silent where it says nothing', () => {
    rollout.desire('n1', first, 100);
    expect(realisation(110)).toEqual({ kind: 'silent', since: 100 });
    rollout.connected(hello(), 120);
    expect(realisation(130)).toEqual({ kind: 'pending', revision: 1, since: 100 });
    rollout.acked('n1', ack(first), 140);
    expect(rollout.view('n1', 150)).toEqual({ node: 'n1', isConnected: true, realisation: { kind: 'realised', revision: 1, hash: 'a1', at: 140 }, driver: 'netlink', enforcerVersion: '1.2.3', elements: 12, commitMs: 0.25, lastReportAt: 140, lostEvents: 0 });
  });

  it('counts no old word as a new one: without a report in time nothing is realised', () => {
    rollout.desire('n1', first, 0);
    rollout.connected(hello(first), 10);
    expect(realisation(10)).toMatchObject({ kind: 'realised' });
    expect(realisation(10 + SILENT_AFTER_MS)).toMatchObject({ kind: 'realised' });
    expect(realisation(11 + SILENT_AFTER_MS)).toEqual({ kind: 'silent', since: 10 });
    rollout.reported('n1', { kind: 'status', state: 'enforcing', ...first, differences: [] }, 50_000);
    expect(realisation(60_000)).toMatchObject({ kind: 'realised', at: 10 });
  });

  it('is pending again when something else is desired, another number for the same rules too', () => {
    rollout.connected(hello(first), 0);
    rollout.desire('n1', first, 0);
    rollout.desire('n1', { ...first, revision: 2 }, 10);
    expect(realisation(10)).toEqual({ kind: 'pending', revision: 2, since: 10 });
    // what is desired already is no news
    rollout.desire('n1', { ...first, revision: 2 }, 20);
    expect(realisation(20)).toEqual({ kind: 'pending', revision: 2, since: 10 });
  });

  it('is failed with the text of the error, until another bundle is desired or this one is in after all', () => {
    rollout.connected(hello(first), 0);
    rollout.desire('n1', second, 10);
    rollout.nacked('n1', second, nack('the kernel says no'), 20);
    expect(realisation(20)).toEqual({ kind: 'failed', ...second, since: 20, why: 'the kernel says no' });
    rollout.reported('n1', { kind: 'applied', ...second, origin: 'channel', commitMs: 1, elements: 1, driver: 'nft' }, 30);
    expect(realisation(30)).toMatchObject({ kind: 'realised', revision: 2 });
    rollout.nacked('n1', second, nack('no'), 40);
    rollout.desire('n1', first, 50);
    expect(realisation(50)).toMatchObject({ kind: 'pending', revision: 1 });
  });

  it.each<[string, Parameters<typeof readNodeNews>[0], string | undefined]>([
    ['drift nobody could undo', { kind: 'drift', change: { process: 'firewalld', what: ['deleted the table'] }, differences: ['the table is not there'], healed: { kind: 'failed' } }, 'firewalld changed our table: deleted the table; the table is not there'],
    ['drift that was undone', { kind: 'drift', change: { process: 'nft', what: ['deleted the table'] }, differences: ['the table is not there'], healed: { kind: 'applied' } }, undefined],
    ['a touch that changed nothing', { kind: 'drift', change: { what: [] }, differences: [] }, undefined],
    ['differences somebody found', { kind: 'status', state: 'enforcing', ...first, differences: ['set x has 7 more'] }, 'the kernel holds something else: set x has 7 more'],
    ['a panic', { kind: 'panic', at: 1, by: 'root' }, 'everything was opened by hand by root'],
    ['a bundle applied by hand', { kind: 'applied', origin: 'command', revision: 9, hash: 'z9', driver: 'netlink', commitMs: 1, elements: 1 }, 'revision 9 was put in on the node itself (command)'],
  ])('knows %s', (_what, report, why) => {
    rollout.connected(hello(first), 0);
    rollout.desire('n1', first, 0);
    rollout.reported('n1', readNodeNews(report), 10);
    expect(realisation(10)).toMatchObject(why === undefined ? { kind: 'realised' } : { kind: 'drifted', revision: 1, since: 10, why });
  });

  it('is on trial until it is confirmed, with the time that is left by the clock of this end', () => {
    rollout.connected(hello(), 0);
    rollout.desire('n1', first, 0);
    rollout.acked('n1', ack(first), 10);
    rollout.reported('n1', readNodeNews({ kind: 'trial', ...first, at: 9_000_000, until: 9_060_000 }), 20);
    expect(realisation(30)).toEqual({ kind: 'trial', ...first, since: 20, until: 60_020 });
    rollout.reported('n1', readNodeNews({ kind: 'status', state: 'trial', ...first, differences: [], trialLeftMs: 50_000 }), 10_000);
    expect(realisation(10_000)).toEqual({ kind: 'trial', ...first, since: 20, until: 60_000 });
    rollout.reported('n1', readNodeNews({ kind: 'confirmed', ...first, by: 'alice' }), 20_000);
    expect(realisation(20_000)).toMatchObject({ kind: 'realised', revision: 1 });
  });

  it('has failed where nobody confirmed it, and is what the node says where it comes back in the middle', () => {
    rollout.connected(hello(), 0);
    rollout.desire('n1', first, 0);
    rollout.reported('n1', readNodeNews({ kind: 'trial', ...first, at: 0, until: 1_000 }), 10);
    rollout.reported('n1', readNodeNews({ kind: 'reverted', ...first, why: 'nobody confirmed it in time' }), 1_010);
    rollout.reported('n1', readNodeNews({ kind: 'applied', revision: 0, hash: 'z0', origin: 'reverted', commitMs: 1, elements: 1, driver: 'netlink' }), 1_020);
    expect(realisation(1_020)).toEqual({ kind: 'failed', ...first, since: 1_010, why: 'nobody confirmed it in time, so the node went back to what it had; `ringfence nodes retry` tries again' });
    // an enforcer that does not say how long it has left
    rollout.connected(hello(first), 2_000);
    rollout.reported('n1', readNodeNews({ kind: 'status', state: 'trial', ...first, differences: [] }), 2_010);
    expect(realisation(2_010)).toEqual({ kind: 'trial', ...first, since: 2_010 });
    rollout.reported('n1', readNodeNews({ kind: 'status', state: 'enforcing', ...first, differences: [] }), 2_020);
    expect(realisation(2_020)).toMatchObject({ kind: 'realised' });
  });

  it.each([[-5, 0], [1e30, 86_400_000], [Number.NaN, 0]])('takes no trial for longer than a day or shorter than nothing: %d', (until, windowMs) => {
    expect(readNodeNews({ kind: 'trial', ...first, at: 0, until })).toEqual({ kind: 'trial', ...first, windowMs });
  });

  it('is whole again when what was opened is enforced again', () => {
    rollout.connected(hello(first), 0);
    rollout.desire('n1', first, 0);
    rollout.reported('n1', { kind: 'panic', by: 'root' }, 10);
    rollout.reported('n1', { kind: 'resumed', by: 'root' }, 20);
    expect(realisation(20)).toMatchObject({ kind: 'pending' });
    rollout.reported('n1', { kind: 'applied', ...first, origin: 'resumed', commitMs: 1, elements: 1, driver: 'netlink' }, 30);
    expect(realisation(30)).toMatchObject({ kind: 'realised' });
  });

  it('counts what is enforced and should not be as unrealised', () => {
    rollout.connected(hello(first), 0);
    expect(realisation(0)).toEqual({ kind: 'drifted', revision: 0, since: 0, why: 'it enforces revision 1, and should enforce nothing' });
    rollout.connected(hello(), 10);
    expect(realisation(10)).toMatchObject({ kind: 'realised', revision: 0 });
  });

  it('forgets who is gone and of whom nothing is desired', () => {
    rollout.connected(hello(first), 0);
    rollout.desire('n1', first, 0);
    rollout.disconnected('n1');
    expect(rollout.views(10)).toMatchObject([{ node: 'n1', isConnected: false, realisation: { kind: 'realised' } }]);
    rollout.release('n1');
    expect(rollout.views(10)).toEqual([]);
    rollout.connected(hello(), 20);
    rollout.disconnected('n1');
    expect(rollout.views(20)).toEqual([]);
  });

  it('adds up what a node says it has not seen, since it connected', () => {
    rollout.connected(hello(), 0);
    rollout.lost('n1', 3, 1);
    rollout.lost('n1', 4, 2);
    expect(rollout.view('n1', 2)?.lostEvents).toBe(7);
    rollout.connected(hello(), 3);
    expect(rollout.view('n1', 3)?.lostEvents).toBe(0);
  });
});

describe('what a node reports', () => {
  it.each<[unknown, unknown]>([
    [undefined, { kind: 'other', what: '' }],
    ['applied', { kind: 'other', what: '' }],
    [{ kind: 7 }, { kind: 'other', what: '' }],
    [{ kind: 'applied', revision: '1', hash: 7, commitMs: Number.NaN }, { kind: 'applied', revision: 0, hash: '', origin: '', commitMs: 0, elements: 0, driver: '' }],
    [{ kind: 'status', differences: ['a', 7, 'x'.repeat(5_000)] }, { kind: 'status', state: '', differences: ['a', '', 'x'.repeat(2_000)] }],
    [{ kind: 'refused', why: 'no', revision: 2 }, { kind: 'refused', revision: 2, why: 'no' }],
  ])('is read from %j without believing it', (value, news) => {
    expect(readNodeNews(value)).toEqual(news);
  });
});
