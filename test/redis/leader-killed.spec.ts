import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { currentRevision, replayReview } from '#review';
import { openRedisStore, type Store } from '#store';

import { reviewEntry } from '../../apps/controller/src/decisions/review-log.ts';
import { approveOn, type DecisionBench, openDesk } from '../support/decision-bench.ts';
import { describeWithTool } from '../support/needs.ts';
import { RedisServer } from '../support/redis-server.ts';
import { repositoryRoot } from '../support/shared.ts';

const PATIENCE_MS = 120_000;
const TTL_MS = 1_000;
const program = join(repositoryRoot, 'test', 'support', 'deciding-process.ts');

/** A controller in a process of its own, as far as decisions go. */
class Decider {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  /** The last approval it acknowledged. */
  last: { readonly seq: number; readonly revision: number } | undefined;
  count = 0;
  #heard: () => void = () => undefined;

  constructor(url: string, holder: string) {
    const child = spawn(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', program, url, holder, String(TTL_MS)], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    this.#ended = new Promise((resolve) => child.once('close', resolve));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, seq, revision] = line.split(' ').map(Number);
      this.last = { seq: seq ?? 0, revision: revision ?? 0 };
      this.count += 1;
      this.#heard();
    });
  }

  async until(count: number): Promise<void> {
    while (this.count < count) await Promise.race([new Promise<void>((resolve) => (this.#heard = resolve)), this.#ended.then(() => Promise.reject(new Error('it ended by itself')))]);
  }

  /** Comes back when everything it said has been heard. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }
}

describeWithTool('redis-server', 'controllers that decide over one Redis', () => {
  let server: RedisServer;
  const stores: Store[] = [];
  const benches: DecisionBench[] = [];
  const deciders: Decider[] = [];
  beforeEach(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    for (const decider of deciders.splice(0)) await decider.kill();
    for (const { leader } of benches.splice(0)) await leader.close();
    for (const store of stores.splice(0)) await store.close();
    await server.close();
  });

  it('lose nothing that was acknowledged when the leader is killed, again and again, and the server once', async () => {
    const store = await openRedisStore({ url: server.url });
    stores.push(store);
    let revisions = 0;
    for (const [turn, approvals] of [3, 11, 25].entries()) {
      const decider = new Decider(server.url, `controller-${String(turn)}`);
      deciders.push(decider);
      await decider.until(approvals);
      if (turn === 1) {
        await server.kill();
        await server.restart();
        await decider.until(decider.count + 3);
      }
      // one that follows says who leads, and decides nothing
      const follower = await openDesk(store, `follower-${String(turn)}`, TTL_MS);
      expect(await approveOn(follower)).toEqual({ kind: 'not leader', leader: `controller-${String(turn)}` });
      await follower.leader.close();
      await decider.kill();
      const entries = (await store.journal.read(0, 100_000)).map(reviewEntry);
      const state = replayReview(entries);
      expect(state.revisions.length).toBeGreaterThanOrEqual(decider.last!.revision);
      expect(state.revisions.length).toBeGreaterThan(revisions);
      revisions = state.revisions.length;
      expect(await store.journal.verify()).toMatchObject({ kind: 'whole', entries: entries.length });
      // every revision is whole: one workload, one rule
      expect(currentRevision(state).policies).toMatchObject([{ name: 'learned data/StatefulSet/db', ingress: [{ id: expect.stringMatching(/^from-api-\d+$/) as unknown }] }]);
    }
  }, PATIENCE_MS);

  it('are led by the next one under a higher fence, after the lease of a dead one has run out', async () => {
    const store = await openRedisStore({ url: server.url });
    stores.push(store);
    const dead = new Decider(server.url, 'first');
    deciders.push(dead);
    await dead.until(5);
    let leads: () => void = () => undefined;
    const leading = new Promise<void>((resolve) => (leads = resolve));
    const next = await openDesk(store, 'next', TTL_MS, () => {
      leads();
    });
    benches.push(next);
    await dead.kill();
    await leading;
    expect(next.leader.fence).toBe(2);
    const before = await store.journal.lastSeq();
    expect(before).toBeGreaterThanOrEqual(dead.last!.seq);
    expect(await approveOn(next)).toMatchObject({ kind: 'done', seq: before + 1 });
    // what the dead one might still have had under way carries the older fence
    expect(await store.journal.append([{ at: 1, content: 'late' }], { expectedSeq: before + 1, fence: 1 })).toEqual({ kind: 'fenced', fence: 2 });
  }, PATIENCE_MS);
});
