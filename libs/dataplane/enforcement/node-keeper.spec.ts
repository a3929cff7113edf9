import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { NodeBundle } from '#compilers/nftables';

import { makeBundle, peerAddress } from '../../../test/support/node-bundles.ts';
import { FakeDriver } from '../fake-driver.ts';
import { NodeKeeper } from './node-keeper.ts';
import type { NodeReport } from './node-report.ts';

const first = makeBundle({ pods: 4, peers: 10, profiles: 2 });
const second: NodeBundle = { ...first, revision: 2, hash: 'b2', pods: first.pods.slice(1) };

describe('the keeper of a node', () => {
  let folder: string;
  let driver: FakeDriver;
  let reports: NodeReport[];
  let now: number;

  beforeEach(() => {
    jest.useFakeTimers();
    folder = mkdtempSync(join(tmpdir(), 'ringfence-'));
    driver = new FakeDriver();
    reports = [];
    now = 1_000_000;
  });
  afterEach(() => {
    jest.useRealTimers();
    rmSync(folder, { recursive: true });
  });

  /** A fresh process on the same kernel and the same disk. */
  function begin(offered?: NodeBundle): NodeKeeper {
    const keeper = new NodeKeeper({ driver, why: ['fake: works'], folder, now: () => now, onReport: (report) => reports.push(report) });
    keeper.start(offered);
    return keeper;
  }

  const kinds = (): readonly string[] => reports.map(({ kind }) => kind);
  const inKernel = (): string | undefined => driver.readNote()?.hash;

  it('enforces nothing before it has a bundle, and says with which driver it works', () => {
    expect(begin().state).toEqual({ kind: 'nothing' });
    expect(reports).toEqual([{ kind: 'driver', driver: 'fake', ownsTable: false, why: ['fake: works'] }]);
    expect(inKernel()).toBeUndefined();
  });

  it('takes the table up at a restart as it is, and writes it from disk after a boot', () => {
    expect(begin().offer(first, { origin: 'file' })).toMatchObject({ kind: 'done' });
    const before = driver.readBack();
    begin();
    expect(reports.at(-1)).toMatchObject({ kind: 'applied', how: 'reused', origin: 'disk', hash: 'a1', elements: expect.any(Number) });
    expect(driver.readBack()).toEqual(before);
    driver = new FakeDriver();
    begin();
    expect(reports.at(-1)).toMatchObject({ kind: 'applied', how: 'replaced', origin: 'disk', hash: 'a1' });
    expect(inKernel()).toBe('a1');
  });

  it('is not led back to an older bundle where the kernel holds the offered one already', () => {
    begin().offer(first, { origin: 'file' });
    const store = join(folder, 'confirmed.bundle');
    const keeper = begin();
    keeper.offer(second, { origin: 'file' });
    // as if it had been killed between the kernel's answer and the disk
    rmSync(store);
    reports.length = 0;
    begin(second);
    expect(reports.at(-1)).toMatchObject({ kind: 'applied', how: 'reused', origin: 'file', hash: 'b2' });
  });

  it('leaves the kernel alone where its file is damaged', () => {
    begin().offer(first, { origin: 'file' });
    const held = driver.readBack();
    writeFileSync(join(folder, 'confirmed.bundle'), 'ringfence-bundle 1 3 x\n{}\n');
    const keeper = begin();
    expect(keeper.state.kind).toBe('adopted');
    expect(reports.slice(-2)).toMatchObject([{ kind: 'refused', origin: 'disk' }, { kind: 'adopted', hash: 'a1' }]);
    expect(driver.readBack()).toEqual(held);
    expect(keeper.offer(second, { origin: 'file' })).toMatchObject({ kind: 'done' });
    expect(inKernel()).toBe('b2');
  });

  it.each<[string, (bundle: NodeBundle) => NodeBundle]>([
    ['elements that are statements', (bundle) => ({ ...bundle, local4: ['10.64.0.0/14 } flush ruleset; table ip x {'] })],
    ['an element with a line break', (bundle) => ({ ...bundle, local4: ['10.64.0.0/14\n}'] })],
    ['profiles nobody can lay out', (bundle) => ({ ...bundle, profiles: [{} as NodeBundle['profiles'][number]] })],
    ['a verdict of somebody else', (bundle) => ({ ...bundle, pods: bundle.pods.map((pod) => ({ ...pod, ingress: 'a; accept' })) })],
  ])('refuses a bundle with %s; the one before stays', (_what, forge) => {
    const keeper = begin();
    keeper.offer(first, { origin: 'file' });
    const held = driver.readBack();
    expect(keeper.offer(forge({ ...second, hash: 'c3' }), { origin: 'file' })).toMatchObject({ kind: 'refused', why: expect.stringMatching(/./) });
    expect(driver.readBack()).toEqual(held);
    expect(keeper.state.kind).toBe('enforcing');
    expect(keeper.applied).toBe(first);
    expect(keeper.verify()).toEqual([]);
  });

  it('opens everything in a panic, stays open through restarts and files, and resumes', () => {
    const keeper = begin();
    keeper.offer(first, { origin: 'file' });
    expect(keeper.panic('root')).toMatchObject({ kind: 'done' });
    expect(driver.readBack()).toBeUndefined();
    const next = begin();
    expect(next.state).toEqual({ kind: 'panic', since: now, by: 'root' });
    expect(next.offer(second, { origin: 'file' })).toMatchObject({ kind: 'refused' });
    expect(driver.readBack()).toBeUndefined();
    expect(next.resume('root')).toMatchObject({ kind: 'done' });
    expect(inKernel()).toBe('a1');
    expect(next.resume('root')).toMatchObject({ kind: 'refused' });
    begin();
    expect(inKernel()).toBe('a1');
  });

  it('finishes a panic that was only written down', () => {
    begin().offer(first, { origin: 'file' });
    writeFileSync(join(folder, 'panic.json'), 'no json at all');
    expect(begin().state.kind).toBe('panic');
    expect(driver.readBack()).toBeUndefined();
  });

  it('ends a panic with an explicit apply', () => {
    const keeper = begin();
    keeper.offer(first, { origin: 'file' });
    keeper.panic('root');
    expect(keeper.offer(second, { origin: 'command' })).toMatchObject({ kind: 'done' });
    expect(inKernel()).toBe('b2');
    begin();
    expect(inKernel()).toBe('b2');
  });

  it('reverts what nobody confirms in time, and does not take it up from the file again', () => {
    const keeper = begin();
    keeper.offer(first, { origin: 'file' });
    keeper.offer(second, { origin: 'command', confirmWithinMs: 30_000 });
    expect(keeper.state).toEqual({ kind: 'trial', since: now, until: now + 30_000 });
    expect(inKernel()).toBe('b2');
    jest.advanceTimersByTime(29_999);
    expect(inKernel()).toBe('b2');
    jest.advanceTimersByTime(1);
    expect(inKernel()).toBe('a1');
    expect(kinds()).toContain('reverted');
    expect(keeper.offer(second, { origin: 'file' })).toMatchObject({ kind: 'refused' });
    expect(inKernel()).toBe('a1');
    expect(keeper.offer(second, { origin: 'command' })).toMatchObject({ kind: 'done' });
    expect(inKernel()).toBe('b2');
  });

  it('tries again what nobody confirmed where somebody says so: on trial, whatever it is', () => {
    const keeper = begin();
    keeper.offer(first, { origin: 'file' });
    keeper.offer(second, { origin: 'command', confirmWithinMs: 30_000 });
    jest.advanceTimersByTime(30_000);
    expect(keeper.offer(second, { origin: 'channel' })).toMatchObject({ kind: 'refused' });
    expect(keeper.offer(second, { origin: 'channel', isAgain: true })).toMatchObject({ kind: 'done' });
    expect([keeper.state.kind, inKernel()]).toEqual(['trial', 'b2']);
    expect(keeper.confirm('alice')).toMatchObject({ kind: 'done' });
    expect([keeper.state.kind, inKernel()]).toEqual(['enforcing', 'b2']);
  });

  it('puts rules for the node itself on trial, whoever offers them', () => {
    const keeper = begin();
    keeper.offer(first, { origin: 'file' });
    const closed: NodeBundle = { ...first, revision: 2, hash: 'd4', host: { addresses: [peerAddress(900)], ingress: 'i_app_0000' } };
    expect(keeper.offer(closed, { origin: 'file' })).toMatchObject({ kind: 'done', text: expect.stringContaining('node confirm') });
    expect(keeper.state).toEqual({ kind: 'trial', since: now, until: now + 60_000 });
    jest.advanceTimersByTime(60_000);
    expect(inKernel()).toBe('a1');
    expect(keeper.offer(closed, { origin: 'command' })).toMatchObject({ kind: 'done' });
    expect(keeper.confirm('root')).toMatchObject({ kind: 'done' });
    expect(begin(closed).state.kind).toBe('enforcing');
    expect(inKernel()).toBe('d4');
  });

  it('keeps what is confirmed', () => {
    const keeper = begin();
    keeper.offer(first, { origin: 'file' });
    expect(keeper.confirm('root')).toMatchObject({ kind: 'refused' });
    keeper.offer(second, { origin: 'command', confirmWithinMs: 30_000 });
    expect(keeper.confirm('root')).toMatchObject({ kind: 'done' });
    jest.advanceTimersByTime(60_000);
    expect(inKernel()).toBe('b2');
    begin();
    expect(inKernel()).toBe('b2');
  });

  it('reverts at the next start what was on trial when it was killed', () => {
    const keeper = begin();
    keeper.offer(first, { origin: 'file' });
    keeper.offer(second, { origin: 'command', confirmWithinMs: 30_000 });
    begin(second);
    expect(inKernel()).toBe('a1');
    expect(kinds()).toContain('reverted');
    reports.length = 0;
    begin();
    expect(kinds()).toEqual(['driver', 'applied']);
  });

  it('goes back to nothing where the first bundle of all was not confirmed', () => {
    const keeper = begin();
    keeper.offer(first, { origin: 'command', confirmWithinMs: 1_000 });
    jest.advanceTimersByTime(1_000);
    expect(keeper.state).toEqual({ kind: 'nothing' });
    expect(driver.readBack()).toBeUndefined();
  });

  it('undoes what others do to the table, and says who and what; not in a panic', () => {
    const keeper = begin();
    keeper.offer(first, { origin: 'file' });
    driver.flushByOther('firewalld');
    expect(reports.at(-1)).toMatchObject({ kind: 'drift', change: { process: 'firewalld', what: ['deleted the table'] }, differences: ['the table is not there'], healed: { kind: 'applied', hash: 'a1' } });
    expect(keeper.verify()).toEqual([]);
    keeper.panic('root');
    reports.length = 0;
    driver.flushByOther('firewalld');
    expect(reports).toEqual([]);
    expect(driver.readBack()).toBeUndefined();
  });

  it('looks at a node without an enforcer and changes nothing', () => {
    const look = (): NodeKeeper => {
      const keeper = new NodeKeeper({ driver, why: [], folder, now: () => now, onReport: (report) => reports.push(report) });
      keeper.look();
      return keeper;
    };
    expect(look().state).toEqual({ kind: 'nothing' });
    const keeper = begin();
    keeper.offer(first, { origin: 'file' });
    keeper.offer(second, { origin: 'command', confirmWithinMs: 30_000 });
    const held = driver.readBack();
    reports.length = 0;
    const looking = look();
    expect(looking.state).toEqual({ kind: 'trial', since: now, until: now + 30_000 });
    expect(looking.applied).toMatchObject({ hash: 'b2' });
    expect([reports, driver.readBack()]).toEqual([[], held]);
    expect(looking.confirm('root')).toMatchObject({ kind: 'done' });
    // who began the trial finds it confirmed
    jest.advanceTimersByTime(30_000);
    expect(inKernel()).toBe('b2');
    expect(look().state.kind).toBe('enforcing');
    rmSync(join(folder, 'confirmed.bundle'));
    expect(look().state.kind).toBe('adopted');
  });
});
