import { describe, expect, it } from '@jest/globals';

import { type Peer, parsePrefix, type Prefix, workloadKey } from '#model';
import { currentRevision, decide, NOTHING_DECIDED, type ProposalEdit, type ReviewState } from '#review';

import { ALICE, API, approvalOf, carryOut, closed, contextOf, obstaclesOf, OPEN, proposedRule, reviewOf, reviewsOf, shownOf, WEB, webProposal } from '../../test/support/review-world.ts';

const cidr = (text: string, ...except: readonly string[]): Peer => ({ kind: 'cidr', cidr: prefix(text), except: except.map(prefix) });
const prefix = (text: string): Prefix => {
  const found = parsePrefix(text);
  if (found === undefined) throw new Error(text);
  return found;
};

const wide = reviewOf({
  workload: WEB,
  ingress: OPEN,
  egress: closed(
    proposedRule('to-api', 'shop/Deployment/api', 8080, { application: 'http' }),
    proposedRule('out-4', cidr('203.0.113.0/24', '203.0.113.128/25'), 443, { ports: [{ kind: 'range', protocol: 'TCP', from: 440, to: 450 }, { kind: 'named', protocol: 'TCP', name: 'web' }] }),
    proposedRule('out-6', cidr('2001:db8::/32'), 443, { ports: 'any', peers: [cidr('2001:db8::/32'), { kind: 'pods', namespaces: { kind: 'name', name: 'data' }, pods: { requirements: [{ key: 'app', operator: 'In', values: ['db'] }] } }] }),
  ),
});
const context = contextOf({ reviews: reviewsOf(wide) });
const start = NOTHING_DECIDED;

function edit(state: ReviewState, made: ProposalEdit, world = context): ReturnType<typeof decide> {
  return decide(state, { kind: 'edit', item: { workload: WEB, hash: shownOf(state, WEB, world).hash }, edit: made }, world);
}

function edited(state: ReviewState, ...edits: readonly ProposalEdit[]): ReviewState {
  return edits.reduce((after, made) => carryOut(after, { kind: 'edit', item: { workload: WEB, hash: shownOf(after, WEB, context).hash }, edit: made, reason: 'so' }, context), state);
}

function egressOf(state: ReviewState): readonly string[] {
  const { egress } = shownOf(state, WEB, context).proposal;
  return egress.kind === 'closed' ? egress.rules.map(({ id }) => id) : ['open'];
}

describe('an edit', () => {
  it('is part of what is shown, and of what an approval of that approves', () => {
    const state = edited(start, { kind: 'drop-rule', direction: 'egress', rule: 'out-6' }, { kind: 'set-expiry', direction: 'egress', rule: 'out-4', expiresAt: context.now + 5 }, { kind: 'enforce-application', direction: 'egress', rule: 'to-api', isEnforced: true });
    const shown = shownOf(state, WEB, context);
    expect([shown.standing, shown.edits.length, shown.hash === wide.hash]).toEqual(['edited', 3, false]);
    const after = carryOut(state, approvalOf(state, context, WEB), context);
    expect(currentRevision(after).policies[0]?.egress).toMatchObject([{ id: 'to-api', enforceApplication: true }, { id: 'out-4', expiresAt: context.now + 5 }]);
    expect(after.approvals.get(workloadKey(WEB))?.approved.leftOut).toEqual(['out-6']);
    // they were about this proposal, and are done with
    expect([after.edits.size, shownOf(after, WEB, context).standing]).toEqual([0, 'approved']);
  });

  it('is a conflict where the proposal was edited since it was looked at', () => {
    const { hash } = shownOf(start, WEB, context);
    const state = edited(start, { kind: 'drop-rule', direction: 'egress', rule: 'out-6' });
    expect(decide(state, { kind: 'approve', items: [{ workload: WEB, hash }], reason: 'x' }, context).kind).toBe('conflict');
    expect(decide(state, { kind: 'edit', item: { workload: WEB, hash }, edit: { kind: 'leave-open', direction: 'egress' } }, context).kind).toBe('conflict');
  });

  it('is made again on every later proposal, and said to do nothing where its rule is gone', () => {
    const state = edited(start, { kind: 'drop-rule', direction: 'egress', rule: 'out-6' }, { kind: 'drop-rule', direction: 'egress', rule: 'out-4' });
    const later = reviewOf({ ...wide.proposal, egress: closed(proposedRule('out-6', cidr('2001:db8::/32'), 443), proposedRule('new', 'data/StatefulSet/db', 5432)) });
    const world = contextOf({ reviews: reviewsOf(later) });
    const shown = shownOf(state, WEB, world);
    expect(shown.proposal.egress).toMatchObject({ rules: [{ id: 'new' }] });
    expect(shown.misfits).toMatchObject([{ why: 'egress has no rule out-4' }]);
    const decision = decide(state, approvalOf(state, world, WEB), world);
    expect(decision.kind === 'events' && decision.notes.map(({ code }) => code)).toEqual(['edit-unfitting']);
  });

  it('can be discarded', () => {
    const state = edited(start, { kind: 'leave-open', direction: 'egress' });
    expect(egressOf(state)).toEqual(['open']);
    const after = carryOut(state, { kind: 'discard-edits', workload: WEB }, context);
    expect(shownOf(after, WEB, context)).toMatchObject({ standing: 'proposed', hash: wide.hash });
    expect(obstaclesOf(decide(after, { kind: 'discard-edits', workload: WEB }, context))).toEqual(['edit-missing shop/Deployment/web']);
  });

  it('adds a rule that says who added it, and gets the same id every time', () => {
    const made: ProposalEdit = { kind: 'add-rule', direction: 'egress', rule: { peers: [{ kind: 'workload', workload: API }, cidr('198.51.100.0/24'), cidr('2001:db8:1::/48')], ports: [{ kind: 'protocol', protocol: 'ICMP' }], why: 'pings' } };
    const state = edited(start, made);
    expect(egressOf(state).length).toBe(4);
    expect(egressOf(edited(start, made))).toEqual(egressOf(state));
    expect(shownOf(state, WEB, context).proposal.egress).toMatchObject({ rules: [{}, {}, {}, { why: 'added by alice: pings', evidence: [], confidence: 1 }] });
    expect(obstaclesOf(edit(state, made))).toEqual(['edit-unfitting shop/Deployment/web']);
  });

  it('brings a rejected proposal back', () => {
    const rejected = carryOut(start, { kind: 'reject', items: [{ workload: WEB, hash: wide.hash }], reason: 'no' }, context);
    expect(shownOf(edited(rejected, { kind: 'drop-rule', direction: 'egress', rule: 'out-6' }), WEB, context).standing).toBe('edited');
  });

  it.each<[string, ProposalEdit, boolean]>([
    ['a port of a range', { kind: 'narrow-rule', direction: 'egress', rule: 'out-4', ports: [{ kind: 'range', protocol: 'TCP', from: 443, to: 443 }] }, true],
    ['a named port it names', { kind: 'narrow-rule', direction: 'egress', rule: 'out-4', ports: [{ kind: 'named', protocol: 'TCP', name: 'web' }] }, true],
    ['a port outside', { kind: 'narrow-rule', direction: 'egress', rule: 'out-4', ports: [{ kind: 'range', protocol: 'TCP', from: 443, to: 451 }] }, false],
    ['another protocol', { kind: 'narrow-rule', direction: 'egress', rule: 'out-4', ports: [{ kind: 'range', protocol: 'UDP', from: 443, to: 443 }] }, false],
    ['another named port', { kind: 'narrow-rule', direction: 'egress', rule: 'out-4', ports: [{ kind: 'named', protocol: 'UDP', name: 'web' }] }, false],
    ['any port of any', { kind: 'narrow-rule', direction: 'egress', rule: 'out-6', ports: [{ kind: 'protocol', protocol: 'TCP' }] }, true],
    ['a block inside, with the hole', { kind: 'narrow-rule', direction: 'egress', rule: 'out-4', peers: [cidr('203.0.113.64/26')] }, true],
    ['a block that fills the hole', { kind: 'narrow-rule', direction: 'egress', rule: 'out-4', peers: [cidr('203.0.113.0/24')] }, false],
    ['a block in the hole', { kind: 'narrow-rule', direction: 'egress', rule: 'out-4', peers: [cidr('203.0.113.192/26')] }, false],
    ['a wider block', { kind: 'narrow-rule', direction: 'egress', rule: 'out-4', peers: [cidr('203.0.112.0/23', '203.0.113.128/25')] }, false],
    ['an IPv6 block inside', { kind: 'narrow-rule', direction: 'egress', rule: 'out-6', peers: [cidr('2001:db8:7::/48')] }, true],
    ['the other family', { kind: 'narrow-rule', direction: 'egress', rule: 'out-6', peers: [cidr('32.1.13.0/24')] }, false],
    ['pods by one label more', { kind: 'narrow-rule', direction: 'egress', rule: 'out-6', peers: [{ kind: 'pods', namespaces: { kind: 'name', name: 'data' }, pods: { requirements: [{ key: 'app', operator: 'In', values: ['db'] }, { key: 'tier', operator: 'Exists', values: [] }] } }] }, true],
    ['pods by one label less', { kind: 'narrow-rule', direction: 'egress', rule: 'out-6', peers: [{ kind: 'pods', namespaces: { kind: 'name', name: 'data' }, pods: { requirements: [] } }] }, false],
    ['another workload', { kind: 'narrow-rule', direction: 'egress', rule: 'to-api', peers: [{ kind: 'workload', workload: { ...API, name: 'db' } }] }, false],
    ['nothing at all', { kind: 'narrow-rule', direction: 'egress', rule: 'to-api' }, false],
  ])('narrows a rule to %s: %j', (_what, made, isNarrower) => {
    const decision = edit(start, made);
    expect(obstaclesOf(decision)).toEqual(isNarrower ? [] : ['edit-unfitting shop/Deployment/web']);
    if (!isNarrower) return;
    // a rule that means something else is another rule
    const before = egressOf(start);
    expect(egressOf(edited(start, made)).filter((id) => !before.includes(id)).length).toBe(1);
  });

  it.each<[string, ProposalEdit, readonly string[]]>([
    ['of a rule nobody proposed', { kind: 'drop-rule', direction: 'egress', rule: 'none' }, ['edit-unfitting shop/Deployment/web']],
    ['of a direction that is open', { kind: 'drop-rule', direction: 'ingress', rule: 'to-api' }, ['edit-unfitting shop/Deployment/web']],
    ['to an end that is past', { kind: 'set-expiry', direction: 'egress', rule: 'to-api', expiresAt: context.now }, ['expiry-past shop/Deployment/web']],
    ['that enforces an application nobody named', { kind: 'enforce-application', direction: 'egress', rule: 'out-4', isEnforced: true }, ['edit-unfitting shop/Deployment/web']],
    ['that adds a rule without a word', { kind: 'add-rule', direction: 'egress', rule: { peers: 'any', ports: 'any', why: '' } }, ['reason-missing added rule']],
    ['that adds a rule for nobody', { kind: 'add-rule', direction: 'egress', rule: { peers: [], ports: 'any', why: 'x' } }, ['rule-empty shop/Deployment/web']],
  ])('%s is refused', (_what, made, codes) => {
    expect(obstaclesOf(edit(start, made))).toEqual(codes);
  });

  it('that adds a rule for anyone, or for whoever is not there, is told so', () => {
    const codes = (peers: readonly Peer[] | 'any'): readonly string[] => {
      const decision = edit(start, { kind: 'add-rule', direction: 'egress', rule: { peers, ports: 'any', why: 'x' } });
      return decision.kind === 'events' ? decision.notes.map(({ code }) => code) : [];
    };
    expect(codes('any')).toEqual(['rule-for-anyone']);
    expect(codes([{ kind: 'workload', workload: { ...API, name: 'gone' } }])).toEqual(['peer-absent']);
    expect(codes([{ kind: 'workload', workload: API }])).toEqual([]);
  });

  it('is written down with who made it', () => {
    expect(edited(start, { kind: 'leave-open', direction: 'egress' }).edits.get(workloadKey(WEB))).toMatchObject([{ decided: { by: ALICE, seq: 1 }, reason: 'so' }]);
    expect(webProposal.egress.kind).toBe('closed');
  });
});
