import { describe, expect, it } from '@jest/globals';

import { type Flow, type Protocol, workloadKey } from '#model';
import { type ConnectivityChange, everyPolicyOf, formatPorts, type Invariant } from '#policy';
import { decide, NOTHING_DECIDED, previewRevision, type ReviewContext, type ReviewState } from '#review';

import { networkPolicy } from '../../test/support/policies.ts';
import { API, apiProposal, approvalOf, carryOut, closed, contextOf, DB, dbProposal, obstaclesOf, OPEN, proposedRule, reviewOf, reviewsOf, shop, shownOf, WEB, webProposal } from '../../test/support/review-world.ts';
import { origin, ref } from '../../test/support/worlds.ts';

const start = NOTHING_DECIDED;
const PROXY = ref('edge/Deployment/proxy');

const never = (name: string, from: string, to: string): Invariant => ({ name, claim: 'never', from: { kind: 'workload', workload: ref(from) }, to: { kind: 'workload', workload: ref(to) }, origin });
const must = (name: string, from: string, to: string): Invariant => ({ ...never(name, from, to), claim: 'must' });
const edgeNeverData = never('edge-never-data', 'edge/Deployment/proxy', 'data/StatefulSet/db');

function flow(from: string, to: string, port: number, fields: Partial<Flow> = {}): Flow {
  return { time: '2026-12-01T00:00:00Z', from: { workload: from, names: [] }, to: { workload: to, names: [] }, protocol: 'TCP' satisfies Protocol, port, count: 3, forwarded: true, line: 1, ...fields };
}

function preview(state: ReviewState, command: Parameters<typeof previewRevision>[1], context: ReviewContext, flows: readonly Flow[] = []): Extract<ReturnType<typeof previewRevision>, { readonly kind: 'preview' }> {
  const shown = previewRevision(state, command, context, flows);
  if (shown.kind !== 'preview') throw new Error(JSON.stringify(shown.diagnostics));
  return shown;
}

const format = ({ from, to, ports }: ConnectivityChange): string => `${endOf(from)} > ${endOf(to)} ${formatPorts(ports)}`;
const endOf = (end: ConnectivityChange['from']): string => (end.kind === 'workload' ? end.workload.name : end.prefixes.map(({ text }) => text).join(' '));

describe('what an approval would do', () => {
  const context = contextOf();

  it('is which paths close, in both families, and which flows would die', () => {
    const shown = preview(start, { ...approvalOf(start, context, DB), reason: '' }, context, [
      flow('shop/Deployment/api', 'data/StatefulSet/db', 5432),
      flow('shop/Deployment/web', 'data/StatefulSet/db', 5432, { count: 7 }),
      flow('shop/Deployment/web', 'shop/Deployment/api', 8080),
    ]);
    expect(shown.change.opened).toEqual([]);
    expect(shown.change.closed.map(format)).toContain('web > db all');
    expect(shown.change.closed.map(format)).toContain('0.0.0.0/0 ::/0 > db all');
    expect(shown.simulation.lost.map(({ from, to, flow: { count } }) => [from, to, count])).toEqual([['shop/web-1 (10.0.2.1)', 'data/db-1 (10.0.1.1)', 7]].map(() => [expect.stringContaining('web'), expect.stringContaining('db'), 7]));
    expect([shown.base, shown.inForce.number, shown.broken]).toEqual([0, 1, []]);
  });

  it('is which paths open, against what is in force', () => {
    const state = carryOut(start, approvalOf(start, context, DB), context);
    const wider = contextOf({ reviews: reviewsOf(reviewOf({ ...dbProposal, ingress: closed(proposedRule('from-api', 'shop/Deployment/api', 5432), proposedRule('from-web', 'shop/Deployment/web', 5432)) })) });
    expect(preview(state, approvalOf(state, wider, DB), wider).change.opened.map(format)).toEqual(['web > db 5432/TCP']);
    const after = carryOut(state, approvalOf(state, wider, DB), wider);
    expect(preview(after, { kind: 'roll-back', to: 1, reason: '' }, wider).change.closed.map(format)).toEqual(['web > db 5432/TCP']);
  });

  it('is which paths stay open unused, of the workloads it changes and of no others', () => {
    const wide = reviewOf({ ...dbProposal, ingress: closed(proposedRule('from-edge', 'edge/Deployment/proxy', 5432, { widenings: ['opens the edge'] })) });
    const asked = contextOf({ reviews: reviewsOf(reviewOf(webProposal), wide) });
    const unused = (shown: ReturnType<typeof preview>): readonly string[] => shown.simulation.unused.map(({ from, to }) => `${from.name} > ${to.name}`);
    expect(unused(preview(start, approvalOf(start, asked, DB), asked))).toEqual(['proxy > db']);
    const state = carryOut(start, approvalOf(start, asked, DB), asked);
    expect(unused(preview(state, approvalOf(state, asked, WEB), asked))).toEqual([]);
    const after = carryOut(state, approvalOf(state, asked, WEB), asked);
    expect(unused(preview(after, { kind: 'roll-back', to: 1, reason: '' }, asked))).toEqual([]);
  });

  it('takes policies of others into account, and rules that have ended', () => {
    const found = networkPolicy('data/theirs', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'web' } } }] }] });
    const beside = contextOf({ snapshot: { ...shop, policies: [found] } });
    const written = carryOut(start, { kind: 'set-target', namespace: 'data', target: 'networkpolicy' }, beside);
    const shown = preview(written, approvalOf(written, beside, DB), beside, [flow('shop/Deployment/web', 'data/StatefulSet/db', 5432)]);
    expect(shown.simulation.lost).toEqual([]);
    // enforced apart, what is approved drops what theirs lets in, and theirs what is approved, as it did before
    const flows = ['web', 'api'].map((name) => flow(`shop/Deployment/${name}`, 'data/StatefulSet/db', 5432));
    const apart = preview(start, approvalOf(start, beside, DB), beside, flows);
    expect(apart.simulation.lost.map(({ text }) => text)).toEqual([expect.stringMatching(/^the cluster's network: NetworkPolicy data\/theirs isolates data\/db-1/), expect.stringMatching(/^the enforcers: learned data\/StatefulSet\/db isolates data\/db-1/)]);
    expect([...apart.deniedBefore].map(({ from }) => from.workload)).toEqual(['shop/Deployment/api']);
    expect(apart.change.opened).toEqual([]);
    expect(apart.change.closed.map(format).filter((change) => change.endsWith(' > db all'))).toEqual(['web > db all']);
    expect(everyPolicyOf(shown.inForce).map(({ name }) => name)).toEqual(['NetworkPolicy data/theirs', 'learned data/StatefulSet/db']);
    const ending = carryOut(start, { ...approvalOf(start, context, DB), expiresAt: context.now + 10 }, context);
    const later = contextOf({ now: context.now + 10 });
    expect(preview(ending, approvalOf(ending, later, API), later, [flow('shop/Deployment/api', 'data/StatefulSet/db', 5432)]).simulation.lost.length).toBe(1);
  });

  it('is refused like the approval itself where it makes no sense', () => {
    expect(previewRevision(start, { kind: 'approve', items: [{ workload: WEB, hash: 'old' }], reason: '' }, context, []).kind).toBe('conflict');
    expect(previewRevision(start, { kind: 'roll-back', to: 7, reason: '' }, context, []).kind).toBe('refused');
  });
});

describe('an invariant', () => {
  const opens = reviewOf({ ...dbProposal, ingress: closed(proposedRule('from-api', 'shop/Deployment/api', 5432), proposedRule('from-edge', 'edge/Deployment/proxy', 5432)) });
  const world = contextOf({ invariants: [edgeNeverData], reviews: reviewsOf(reviewOf(webProposal), reviewOf(apiProposal), opens) });

  it('that nothing holds up yet does not stop approvals that have nothing to do with it', () => {
    expect(obstaclesOf(decide(start, approvalOf(start, world, WEB, API), world))).toEqual([]);
  });

  it('is not broken by a rule: such a proposal is refused, although it was open before', () => {
    const decision = decide(start, approvalOf(start, world, DB), world);
    expect(obstaclesOf(decision)).toEqual(['invariant-broken data/StatefulSet/db']);
    expect(decision.kind === 'refused' && decision.diagnostics[0]).toMatchObject({
      origin,
      message: expect.stringMatching(/^would break an invariant: edge-never-data: edge\/Deployment\/proxy must never reach data\/StatefulSet\/db, but 5432\/TCP from edge\/proxy-1 to data\/db-1 gets through; data\/StatefulSet\/db lets it through$/) as unknown,
    });
    expect(preview(start, approvalOf(start, world, DB), world).broken.map(({ workload }) => workloadKey(workload))).toEqual(['data/StatefulSet/db']);
  });

  it('lets the same proposal through without that rule, left out or edited away', () => {
    const [item] = approvalOf(start, world, DB).items;
    expect(obstaclesOf(decide(start, { kind: 'approve', items: [{ ...item!, leaveOut: ['from-edge'] }], reason: 'x' }, world))).toEqual([]);
    const edited = carryOut(start, { kind: 'edit', item: item!, edit: { kind: 'drop-rule', direction: 'ingress', rule: 'from-edge' } }, world);
    expect(obstaclesOf(decide(edited, approvalOf(edited, world, DB), world))).toEqual([]);
  });

  it('that held may not stop holding: by an approval', () => {
    const held = carryOut(start, approvalOf(start, contextOf(), DB), contextOf());
    const opened = contextOf({ invariants: [edgeNeverData], reviews: reviewsOf(reviewOf({ workload: DB, ingress: OPEN, egress: OPEN })) });
    expect(obstaclesOf(decide(held, approvalOf(held, opened, DB), opened))).toEqual(['invariant-broken data/StatefulSet/db']);
  });

  it('that held may not stop holding: by a rollback', () => {
    const held = carryOut(start, approvalOf(start, contextOf(), DB), contextOf());
    expect(obstaclesOf(decide(held, { kind: 'roll-back', to: 0, reason: 'x' }, world))).toEqual(['invariant-broken data/StatefulSet/db']);
    expect(obstaclesOf(decide(held, { kind: 'roll-back', to: 0, reason: 'x' }, contextOf()))).toEqual([]);
  });

  it('is asked of an older revision too, whenever the invariant was written', () => {
    const first = carryOut(start, approvalOf(start, contextOf({ reviews: world.reviews }), DB), contextOf({ reviews: world.reviews }));
    const second = carryOut(first, approvalOf(first, contextOf(), DB), contextOf());
    expect(obstaclesOf(decide(second, { kind: 'roll-back', to: 1, reason: 'x' }, world))).toEqual(['invariant-broken data/StatefulSet/db']);
  });

  it('is held by policies of others as well, where what is approved is enforced apart', () => {
    const theirs = networkPolicy('data/theirs', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'api' } } }] }] });
    const beside = contextOf({ ...world, snapshot: { ...shop, policies: [theirs] } });
    expect(obstaclesOf(decide(start, approvalOf(start, beside, DB), beside))).toEqual([]);
    const written = carryOut(start, { kind: 'set-target', namespace: 'data', target: 'networkpolicy' }, beside);
    expect(obstaclesOf(decide(written, approvalOf(written, beside, DB), beside))).toEqual(['invariant-broken data/StatefulSet/db']);
  });

  it('that has to stay open is not closed by what is approved, though others have it open', () => {
    const theirs = networkPolicy('data/theirs', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] });
    const needed = contextOf({ invariants: [must('web-reaches-db', 'shop/Deployment/web', 'data/StatefulSet/db')], snapshot: { ...shop, policies: [theirs] } });
    expect(obstaclesOf(decide(start, approvalOf(start, needed, DB), needed))).toEqual(['invariant-broken data/StatefulSet/db']);
    const written = carryOut(start, { kind: 'set-target', namespace: 'data', target: 'networkpolicy' }, needed);
    expect(obstaclesOf(decide(written, approvalOf(written, needed, DB), needed))).toEqual([]);
  });

  it('that has to stay open is not closed', () => {
    const needed = contextOf({ invariants: [must('web-reaches-db', 'shop/Deployment/web', 'data/StatefulSet/db')] });
    expect(obstaclesOf(decide(start, approvalOf(start, needed, DB), needed))).toEqual(['invariant-broken data/StatefulSet/db']);
    expect(obstaclesOf(decide(start, approvalOf(start, needed, API), needed))).toEqual([]);
  });

  it('is about pods by their labels and by their addresses as well, in both families', () => {
    const cases: readonly Invariant['from'][] = [
      { kind: 'pods', namespaces: { kind: 'name', name: 'edge' }, pods: { requirements: [] } },
      ...[...shop.pods.values()].filter(({ workload }) => workloadKey(workload) === workloadKey(PROXY)).flatMap(({ addresses }) => addresses.map(({ family, bits, text }) => ({ kind: 'cidr', cidr: { family, first: bits, length: family === 4 ? 32 : 128, text: `${text}/${family === 4 ? '32' : '128'}` } }) as const)),
    ];
    expect(cases.length).toBe(3);
    for (const from of cases) {
      const asked = contextOf({ reviews: world.reviews, invariants: [{ ...edgeNeverData, from }] });
      expect(obstaclesOf(decide(start, approvalOf(start, asked, DB), asked))).toEqual(['invariant-broken data/StatefulSet/db']);
    }
  });

  it('learning found broken stops an approval of that proposal', () => {
    const asked = contextOf({ reviews: reviewsOf(reviewOf(webProposal, { brokenInvariants: ['edge-never-data'] })) });
    expect(obstaclesOf(decide(start, approvalOf(start, asked, WEB), asked))).toEqual(['invariant-broken shop/Deployment/web']);
    expect(shownOf(start, WEB, asked).standing).toBe('proposed');
  });
});
