import { describe, expect, it } from '@jest/globals';

import type { SourceUpdate } from '#model';
import type { Invariant } from '#policy';
import type { ReviewDecision } from '#review';

import { shippedCatalogue } from '../../../../test/support/catalogue.ts';
import { manifest, nodeUpdate, podUpdate, shopUpdates } from '../../../../test/support/live-shop.ts';
import { origin, ref } from '../../../../test/support/worlds.ts';
import type { Answer, WhyAnswer } from '../pipeline/answers/live-answer.ts';
import type { ReviewItem } from '../pipeline/answers/live-list.ts';
import { LearningLoop } from './learning-loop.ts';
import type { LearningNews } from './learning-orders.ts';

const PRICING = ref('shop/Deployment/pricing');
const BASKET = ref('shop/Deployment/basket');
const never: Invariant = { name: 'basket-never-pricing', claim: 'never', from: { kind: 'workload', workload: BASKET }, to: { kind: 'workload', workload: PRICING }, port: { protocol: 'TCP', port: 50051 }, origin };

/** Somebody else's: nobody reaches anything in the shop. */
const closed = manifest('NetworkPolicy', 'shop', 'closed', { spec: { podSelector: {}, policyTypes: ['Ingress'] } });
const theirs: SourceUpdate = closed.value?.kind === 'manifest' ? { ...closed, value: { ...closed.value, apiVersion: 'networking.k8s.io/v1' } } : closed;

const running = [nodeUpdate('node-a', ['192.0.2.11', '2001:db8:a::11']), podUpdate('shop/Deployment/basket', 'basket-1', 'node-a', ['10.1.0.5', '2001:db8:1::5']), podUpdate('shop/Deployment/pricing', 'pricing-1', 'node-a', ['10.1.0.6', '2001:db8:1::6'])];

/** A loop that has looked at the shop, with a way to ask it. */
async function looked(options: { readonly enforcesExisting: boolean; readonly invariants?: readonly Invariant[] }): Promise<{ readonly loop: LearningLoop; readonly ask: <T>(name: string, ask: object) => Promise<T> }> {
  const answers = new Map<number, (news: LearningNews) => void>();
  let seen: () => void = () => undefined;
  const isSeen = new Promise<void>((resolve) => { seen = resolve; });
  const loop = new LearningLoop({ required: ['cluster'], catalogue: shippedCatalogue(), invariants: [], autoApprovals: [], ...options }, (news) => {
    if (news.kind === 'view') seen();
    if (news.kind === 'answer' || news.kind === 'unanswered') answers.get(news.id)?.(news);
  });
  loop.take({ kind: 'feed', items: [...shopUpdates(), ...running, theirs].map((update) => ({ kind: 'update', update }) as const) });
  loop.take({ kind: 'feed', items: [{ kind: 'in-sync', source: 'cluster', isInSync: true }] });
  await isSeen;
  let id = 0;
  const ask = <T>(name: string, asked: object): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      id += 1;
      answers.set(id, (news) => {
        if (news.kind === 'answer') resolve(news.value as T);
        else if (news.kind === 'unanswered') reject(new Error(news.why));
      });
      loop.take({ kind: 'ask', id, name, ask: asked } as Parameters<LearningLoop['take']>[0]);
    });
  return { loop, ask };
}

describe.each([
  [false, 'deny', []],
  [true, 'allow', ['basket-never-pricing']],
] as const)('policies of others, enforcers that enforce them %s', (enforcesExisting, decision, broken) => {
  it('count for an answer as they are enforced', async () => {
    const { loop, ask } = await looked({ enforcesExisting });
    const { hash } = await ask<ReviewItem>('review', { workload: PRICING });
    const decided = await ask<ReviewDecision>('decide', { command: { kind: 'approve', items: [{ workload: PRICING, hash }], reason: 'known' }, actor: { kind: 'person', name: 'alice' }, seq: 0, now: 1 });
    if (decided.kind !== 'events') throw new Error(JSON.stringify(decided.diagnostics));
    loop.take({ kind: 'entries', entries: decided.events.map((event, at) => ({ seq: at + 1, at: 1, event })) });
    const why = await ask<Answer<WhyAnswer>>('why', { question: { from: 'shop/Deployment/basket', to: 'shop/Deployment/pricing', port: 50051 } });
    loop.close();
    expect(why.kind === 'answer' && why.value.connections.map((connection) => connection.decision)).toEqual([decision]);
  });

  it('count for the invariants of what is proposed', async () => {
    const { loop, ask } = await looked({ enforcesExisting, invariants: [never] });
    const { review } = await ask<ReviewItem>('review', { workload: PRICING });
    loop.close();
    expect(review.brokenInvariants.map((text) => text.slice(0, text.indexOf(':')))).toEqual(broken);
  });
});
