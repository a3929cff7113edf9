import { describe, expect, it } from '@jest/globals';

import { workloadKey } from '#model';
import { currentRevision, decide, NOTHING_DECIDED, revisionAt, revisionStatus } from '#review';

import { ALICE, API, apiProposal, approvalOf, AUTO, carryOut, closed, contextOf, DB, dbProposal, obstaclesOf, OPEN, proposedRule, reviewOf, reviewsOf, shownOf, WEB, webProposal } from '../../test/support/review-world.ts';

const context = contextOf();
const start = NOTHING_DECIDED;
const policyNames = (state: typeof start): readonly string[] => currentRevision(state).policies.map(({ name }) => name);

describe('an approval', () => {
  it('of several workloads is one revision, and holds in full what it approved', () => {
    const state = carryOut(start, { ...approvalOf(start, context, WEB, API), ticket: 'OPS-1' }, context);
    const revision = currentRevision(state);
    expect([revision.number, revision.approvedBy, revision.reason]).toEqual([1, 'alice', 'looked at it']);
    expect(policyNames(state)).toEqual(['learned shop/Deployment/api', 'learned shop/Deployment/web']);
    expect(revision.policies[0]).toMatchObject({ ingress: [{ id: 'from-web', confidence: 0.9, why: 'declared and observed' }], egress: [{ id: 'to-db' }], origin: { file: 'revision 1', line: 1 } });
    // learning may say something else tomorrow
    expect(shownOf(state, API, contextOf({ reviews: reviewsOf(reviewOf({ ...apiProposal, egress: OPEN })) })).standing).toBe('proposed');
    expect(currentRevision(state)).toEqual(revision);
    expect(state.revisions[0]).toMatchObject({ number: 1, base: 0, reason: 'looked at it', ticket: 'OPS-1', decided: { by: ALICE, at: context.now, seq: 1 } });
  });

  it('replaces what it is about and keeps the rest, each part under the revision it came with', () => {
    const first = carryOut(start, approvalOf(start, context, WEB, API), context);
    const next = contextOf({ reviews: reviewsOf(reviewOf({ ...webProposal, egress: closed(proposedRule('to-db', 'data/StatefulSet/db', 5432)) })) });
    const second = carryOut(first, approvalOf(first, next, WEB), next);
    const [api, web] = currentRevision(second).policies;
    expect(api).toMatchObject({ name: 'learned shop/Deployment/api', origin: { file: 'revision 1' } });
    expect(web).toMatchObject({ name: 'learned shop/Deployment/web', egress: [{ id: 'to-db' }], origin: { file: 'revision 2' } });
    expect([1, 2, 3].map((number) => revisionStatus(second, number))).toEqual(['superseded', 'current', undefined]);
    expect(revisionAt(second, 1)).toEqual(currentRevision(first));
    expect(revisionAt(second, 0)?.policies).toEqual([]);
  });

  it('of what is open takes the policy of that workload away', () => {
    const first = carryOut(start, approvalOf(start, context, WEB), context);
    const opened = contextOf({ reviews: reviewsOf(reviewOf({ workload: WEB, ingress: OPEN, egress: OPEN })) });
    expect(policyNames(carryOut(first, approvalOf(first, opened, WEB), opened))).toEqual([]);
  });

  it('of something that is not proposed any more as it was shown is a conflict, and nothing happens', () => {
    const command = approvalOf(start, context, WEB, API);
    const moved = contextOf({ reviews: reviewsOf(reviewOf({ ...webProposal, egress: closed() }), reviewOf(apiProposal)) });
    const decision = decide(start, command, moved);
    expect([decision.kind, obstaclesOf(decision)]).toEqual(['conflict', ['proposal-changed shop/Deployment/web']]);
    expect(decide(start, { ...command, base: 4 }, context)).toMatchObject({ kind: 'conflict', diagnostics: [{ code: 'revision-changed' }] });
  });

  it('may leave rules out, and says later which were', () => {
    const two = contextOf({ reviews: reviewsOf(reviewOf({ ...webProposal, egress: closed(proposedRule('to-api', 'shop/Deployment/api', 8080), proposedRule('to-db', 'data/StatefulSet/db', 5432)) })) });
    const [item] = approvalOf(start, two, WEB).items;
    const state = carryOut(start, { kind: 'approve', items: [{ ...item!, leaveOut: ['to-db'] }], reason: 'not the database' }, two);
    expect(currentRevision(state).policies[0]?.egress?.map(({ id }) => id)).toEqual(['to-api']);
    expect(state.approvals.get(workloadKey(WEB))?.approved.leftOut).toEqual(['to-db']);
    expect(shownOf(state, WEB, two)).toMatchObject({ standing: 'approved', leftOutBefore: ['to-db'] });
    expect(obstaclesOf(decide(start, { kind: 'approve', items: [{ ...item!, leaveOut: ['nobody'] }], reason: 'x' }, two))).toEqual(['rule-unknown shop/Deployment/web']);
  });

  it('leaves out what is in quarantine, unless somebody admits it by its id', () => {
    const doubted = { direction: 'egress', rule: 'to-db', reasons: ['seen for the first time just now'] } as const;
    const proposal = { ...webProposal, egress: closed(proposedRule('to-api', 'shop/Deployment/api', 8080), proposedRule('to-db', 'data/StatefulSet/db', 5432)) };
    const world = contextOf({ reviews: reviewsOf(reviewOf(proposal, { quarantined: [doubted] })) });
    const [item] = approvalOf(start, world, WEB).items;
    const rulesAfter = (admit: readonly string[]): readonly string[] | undefined => currentRevision(carryOut(start, { kind: 'approve', items: [{ ...item!, admit }], reason: 'looked at it' }, world)).policies[0]?.egress?.map(({ id }) => id);
    expect(rulesAfter([])).toEqual(['to-api']);
    expect(rulesAfter(['to-db'])).toEqual(['to-api', 'to-db']);
    expect(decide(start, approvalOf(start, world, WEB), world)).toMatchObject({ notes: [{ code: 'rule-quarantined', message: expect.stringContaining('seen for the first time just now') }] });
    expect(obstaclesOf(decide(start, { kind: 'approve', items: [{ ...item!, admit: ['nobody'] }], reason: 'x' }, world))).toEqual(['rule-unknown shop/Deployment/web']);
  });

  describe('that left out what was in quarantine', () => {
    const proposal = { ...webProposal, egress: closed(proposedRule('to-api', 'shop/Deployment/api', 8080), proposedRule('to-db', 'data/StatefulSet/db', 5432)) };
    const held = contextOf({ reviews: reviewsOf(reviewOf(proposal, { quarantined: [{ direction: 'egress', rule: 'to-db', reasons: ['one pod of forty'] }] })) });
    const ended = contextOf({ reviews: reviewsOf(reviewOf(proposal)) });
    const [item] = approvalOf(start, held, WEB).items;
    const choosing = { kind: 'approve', items: [{ ...item!, leaveOut: ['to-db'] }], reason: 'not the database' } as const;

    it('is something new when the quarantine ends, and nothing before', () => {
      const state = carryOut(start, approvalOf(start, held, WEB), held);
      expect(shownOf(state, WEB, held)).toMatchObject({ standing: 'approved', leftOutBefore: ['to-db'], quarantineEnded: [] });
      expect(shownOf(state, WEB, ended)).toMatchObject({ standing: 'proposed', leftOutBefore: ['to-db'], quarantineEnded: ['to-db'] });
      const after = carryOut(state, approvalOf(state, ended, WEB), ended);
      expect(currentRevision(after).policies[0]?.egress?.map(({ id }) => id)).toEqual(['to-api', 'to-db']);
      expect(shownOf(after, WEB, ended)).toMatchObject({ standing: 'approved', leftOutBefore: [], quarantineEnded: [] });
    });

    it('stays silent where a person chose to leave it out, also if that is done when the quarantine has ended', () => {
      const chosen = carryOut(start, choosing, held);
      expect(shownOf(chosen, WEB, ended)).toMatchObject({ standing: 'approved', leftOutBefore: ['to-db'], quarantineEnded: [] });
      const state = carryOut(start, approvalOf(start, held, WEB), held);
      expect(shownOf(carryOut(state, choosing, ended), WEB, ended)).toMatchObject({ standing: 'approved', quarantineEnded: [] });
    });

    it('is something new too where a rule left it out', () => {
      const state = carryOut(start, choosing, { ...held, actor: AUTO });
      expect(shownOf(state, WEB, ended)).toMatchObject({ standing: 'proposed', quarantineEnded: ['to-db'] });
    });
  });

  it('may end: every rule of it that does not end sooner', () => {
    const state = carryOut(start, { ...approvalOf(start, context, WEB), expiresAt: context.now + 1_000 }, context);
    expect(currentRevision(state).policies[0]?.egress?.[0]?.expiresAt).toBe(context.now + 1_000);
    expect(obstaclesOf(decide(start, { ...approvalOf(start, context, WEB), expiresAt: context.now }, context))).toEqual(['expiry-past approval']);
  });

  it.each<[string, Parameters<typeof decide>[1], readonly string[]]>([
    ['without a reason', { ...approvalOf(start, context, WEB), reason: ' ' }, ['reason-missing approval']],
    ['with an endless reason', { ...approvalOf(start, context, WEB), reason: 'x'.repeat(5_000) }, ['reason-too-long approval']],
    ['of nothing', { kind: 'approve', items: [], reason: 'x' }, ['approval-size approval']],
    ['of one twice', approvalOf(start, context, WEB, WEB), ['workload-twice shop/Deployment/web']],
    ['of nobody', { kind: 'approve', items: [{ workload: { ...WEB, name: 'gone' }, hash: 'x' }], reason: 'x' }, ['proposal-missing shop/Deployment/gone']],
  ])('%s is refused', (_what, command, codes) => {
    expect(obstaclesOf(decide(start, command, context))).toEqual(codes);
  });

  it('given twice changes nothing the second time, and says so', () => {
    const state = carryOut(start, approvalOf(start, context, WEB), context);
    expect(obstaclesOf(decide(state, approvalOf(state, context, WEB), context))).toEqual(['already-approved approval']);
    // beside something new it is not approved anew: it keeps the revision it came with
    const both = carryOut(state, approvalOf(state, context, WEB, API), context);
    expect(both.approvals.get(workloadKey(WEB))?.revision).toBe(1);
  });

  it('by nobody is refused', () => {
    expect(obstaclesOf(decide(start, approvalOf(start, context, WEB), contextOf({ actor: { kind: 'person', name: '' } })))).toEqual(['actor-missing approve']);
  });
});

describe('an approval by a rule', () => {
  const automatic = contextOf({ actor: AUTO });

  it('is written down as the rule', () => {
    expect(currentRevision(carryOut(start, approvalOf(start, automatic, WEB), automatic)).approvedBy).toBe('rule steady');
  });

  it.each([
    ['a rule in quarantine', reviewOf(webProposal, { quarantined: [{ direction: 'egress', rule: 'to-api', reasons: ['one replica of forty'] }] })],
    ['a workload that is not ready', reviewOf(webProposal, { isReady: false, waitsFor: ['its nightly run'] })],
    ['a broken invariant', reviewOf(webProposal, { brokenInvariants: ['web must never reach api'] })],
  ])('is refused for %s', (_what, review) => {
    const world = contextOf({ actor: AUTO, reviews: reviewsOf(review) });
    expect(decide(start, approvalOf(start, world, WEB), world).kind).toBe('refused');
  });

  it('is refused for a program that chose its own name, and a person may', () => {
    const program = { namespace: 'edge', kind: 'Process', name: 'postgres' };
    const reviews = reviewsOf(reviewOf({ workload: program, ingress: closed(proposedRule('in', 'shop/Deployment/web', 5432)), egress: OPEN }));
    const [rule, person] = [contextOf({ actor: AUTO, reviews }), contextOf({ reviews })];
    expect(obstaclesOf(decide(start, approvalOf(start, rule, program), rule))).toEqual(['not-automatic edge/Process/postgres']);
    expect(decide(start, approvalOf(start, person, program), person).kind).toBe('events');
  });

  it('is refused for what a person edited or rejected', () => {
    const rejected = carryOut(start, { kind: 'reject', items: approvalOf(start, context, WEB).items, reason: 'no' }, context);
    expect(obstaclesOf(decide(rejected, approvalOf(rejected, automatic, WEB), automatic))).toEqual(['not-automatic shop/Deployment/web']);
    const edited = carryOut(start, { kind: 'edit', item: shown(start), edit: { kind: 'drop-rule', direction: 'egress', rule: 'to-api' } }, context);
    expect(obstaclesOf(decide(edited, approvalOf(edited, automatic, WEB), automatic))).toEqual(['not-automatic shop/Deployment/web']);
    expect(decide(edited, approvalOf(edited, context, WEB), context).kind).toBe('events');
  });
});

function shown(state: typeof start): { readonly workload: typeof WEB; readonly hash: string } {
  return approvalOf(state, context, WEB).items[0]!;
}

describe('a rejection', () => {
  it('is silent until the evidence changes', () => {
    const state = carryOut(start, { kind: 'reject', items: [shown(start)], reason: 'a scanner' }, context);
    expect(shownOf(state, WEB, context)).toMatchObject({ standing: 'rejected', rejection: { reason: 'a scanner', decided: { by: ALICE } } });
    const more = reviewOf({ ...webProposal, egress: closed(proposedRule('to-api', 'shop/Deployment/api', 8080, { evidence: [{ kind: 'observed', source: 'flow', where: '-', text: 'seen' }] })) });
    expect(shownOf(state, WEB, contextOf({ reviews: reviewsOf(more) })).standing).toBe('proposed');
    expect(currentRevision(state).number).toBe(0);
  });

  it('needs a reason, and what was looked at', () => {
    expect(obstaclesOf(decide(start, { kind: 'reject', items: [shown(start)], reason: '' }, context))).toEqual(['reason-missing rejection']);
    expect(decide(start, { kind: 'reject', items: [{ workload: WEB, hash: 'old' }], reason: 'no' }, context).kind).toBe('conflict');
    expect(obstaclesOf(decide(start, { kind: 'reject', items: [shown(start), shown(start)], reason: 'no' }, context))).toEqual(['workload-twice rejection']);
  });

  it('ends with an approval', () => {
    const rejected = carryOut(start, { kind: 'reject', items: [shown(start)], reason: 'no' }, context);
    const state = carryOut(rejected, approvalOf(rejected, context, WEB), context);
    expect(shownOf(state, WEB, context).standing).toBe('approved');
    expect(state.rejections.size).toBe(0);
  });
});

describe('a rollback', () => {
  const wider = contextOf({ reviews: reviewsOf(reviewOf({ ...webProposal, egress: closed(proposedRule('to-db', 'data/StatefulSet/db', 5432)) }), reviewOf(dbProposal)) });
  const one = carryOut(start, approvalOf(start, context, WEB, API), context);
  const two = carryOut(one, approvalOf(one, wider, WEB, DB), wider);
  const three = carryOut(two, { kind: 'roll-back', to: 1, reason: 'the shop was down' }, context);

  it('is a new revision with the content of the old one', () => {
    expect(three.revisions.length).toBe(3);
    expect(currentRevision(three)).toMatchObject({ number: 3, approvedBy: 'alice', reason: 'the shop was down' });
    expect(currentRevision(three).policies).toEqual(currentRevision(one).policies);
    expect([1, 2, 3].map((number) => revisionStatus(three, number))).toEqual(['superseded', 'rolled-back', 'current']);
    expect(revisionAt(three, 2)).toEqual(currentRevision(two));
  });

  it('puts the proposals it undid up for review again', () => {
    expect(shownOf(two, WEB, wider).standing).toBe('approved');
    expect(shownOf(three, WEB, wider).standing).toBe('proposed');
    expect(shownOf(three, WEB, context).standing).toBe('approved');
  });

  it('can be rolled back itself, and gone on from', () => {
    const four = carryOut(three, { kind: 'roll-back', to: 2, reason: 'it was not that' }, context);
    expect(currentRevision(four).policies).toEqual(currentRevision(two).policies);
    const five = carryOut(three, approvalOf(three, wider, DB), wider);
    expect(policyNames(five)).toEqual(['learned data/StatefulSet/db', 'learned shop/Deployment/api', 'learned shop/Deployment/web']);
    expect(policyNames(carryOut(five, { kind: 'roll-back', to: 0, reason: 'all of it' }, context))).toEqual([]);
  });

  it.each<[string, number, readonly string[]]>([
    ['to one that never was', 9, ['revision-unknown revision 9']],
    ['to half of one', 0.5, ['revision-unknown revision 0.5']],
    ['to the current one', 3, ['revision-current revision 3']],
    ['to what is in force anyway', 1, ['revision-current revision 1']],
  ])('%s is refused', (_what, to, codes) => {
    expect(obstaclesOf(decide(three, { kind: 'roll-back', to, reason: 'x' }, context))).toEqual(codes);
  });
});
