import { describe, expect, it } from '@jest/globals';

import type { Connection, Endpoint, Pod, Policy } from '#model';
import { explain, type MissingRule } from '#policy';
import { decide, NOTHING_DECIDED, policiesInForce, type Remedy, remedyFor, type ReviewContext, type ReviewState } from '#review';

import { approvalOf, carryOut, closed, contextOf, DB, dbProposal, digest, OPEN, proposedRule, reviewOf, reviewsOf, shop } from '../../test/support/review-world.ts';

const pod = (name: string): Pod => {
  const found = shop.pods.get(name);
  if (found === undefined) throw new Error(name);
  return found;
};

function fromWeb(family: 4 | 6): Connection {
  const end = (name: string): Endpoint => ({ kind: 'pod', pod: pod(name), address: pod(name).addresses.find((address) => address.family === family)! });
  return { from: end('shop/web-1'), to: end('data/db-1'), protocol: 'TCP', port: 5432 };
}

function missingIn(state: ReviewState, connection: Connection, context: ReviewContext): MissingRule {
  const [missing] = explain(policiesInForce(state, context), shop, connection).sides[1]!.missing;
  if (missing === undefined) throw new Error('nothing is missing');
  return missing;
}

const context = contextOf();
const state = carryOut(NOTHING_DECIDED, approvalOf(NOTHING_DECIDED, context, DB), context);

describe.each([4, 6] as const)('where a rule is missing, IPv%d', (family) => {
  const connection = fromWeb(family);
  const remedyIn = (world: ReviewContext): Remedy | undefined => remedyFor(state, missingIn(state, connection, world), connection, world);

  it('a proposal that has it is to be approved', () => {
    const world = contextOf({ reviews: reviewsOf(reviewOf({ ...dbProposal, ingress: closed(proposedRule('from-api', 'shop/Deployment/api', 5432), proposedRule('from-web', 'shop/Deployment/web', 5432)) })) });
    const remedy = remedyIn(world);
    expect(remedy).toMatchObject({ kind: 'approve', rules: ['from-web'], text: 'approve what is proposed for data/StatefulSet/db: it lets it through by from-web' });
    expect(decide(state, { kind: 'approve', items: [{ workload: DB, hash: remedy?.kind === 'approve' ? remedy.hash : '' }], reason: 'x' }, world).kind).toBe('events');
  });

  it('a proposal that leaves the direction open says so', () => {
    expect(remedyIn(contextOf({ reviews: reviewsOf(reviewOf({ workload: DB, ingress: OPEN, egress: OPEN })) }))).toMatchObject({ kind: 'approve', rules: [], text: 'approve what is proposed for data/StatefulSet/db: it leaves ingress open' });
  });

  it('one that has it not gets a rule, which helps', () => {
    const remedy = remedyIn(context);
    expect(remedy).toMatchObject({ kind: 'add-rule', direction: 'ingress', text: 'add a rule to what is proposed for data/StatefulSet/db, and approve it: ingress of data/StatefulSet/db from shop/Deployment/web on 5432/TCP' });
    if (remedy?.kind !== 'add-rule') throw new Error('no rule');
    const edited = carryOut(state, { kind: 'edit', item: remedy, edit: { kind: 'add-rule', direction: remedy.direction, rule: { ...remedy.rule, why: 'asked for' } } }, context);
    const after = carryOut(edited, approvalOf(edited, context, DB), context);
    expect(explain(policiesInForce(after, context), shop, connection).verdict.decision).toBe('allow');
  });

  it('only somebody else helps with what is enforced apart, and somebody here with the rest', () => {
    const other: Policy = { kind: 'namespaced', name: 'NetworkPolicy data/others', subject: { kind: 'pods', namespaces: { kind: 'name', name: 'data' }, pods: { requirements: [] } }, ingress: [], origin: { file: 'others.yaml', line: 1 } };
    const world = contextOf({ snapshot: { ...shop, policies: [other] } });
    const remedies = (given: ReviewState): readonly (Remedy['kind'] | undefined)[] => explain(policiesInForce(given, world), world.snapshot, connection).sides[1]!.missing.map((missing) => remedyFor(given, missing, connection, world)?.kind);
    expect(remedies(state)).toEqual(['add-rule', 'change-others']);
    expect(remedies(NOTHING_DECIDED)).toEqual(['change-others']);
    // policies as objects add up, so that a rule of ours opens what theirs closes
    expect(remedies(carryOut(state, { kind: 'set-target', namespace: 'data', target: 'networkpolicy' }, world))).toEqual(['add-rule']);
  });

  it('only somebody else helps with what is enforced apart, also where nothing is proposed', () => {
    const other: Policy = { kind: 'namespaced', name: 'NetworkPolicy data/others', subject: { kind: 'pods', namespaces: { kind: 'name', name: 'data' }, pods: { requirements: [] } }, ingress: [], origin: { file: 'others.yaml', line: 1 } };
    const world = contextOf({ snapshot: { ...shop, policies: [other] }, reviews: new Map() });
    const [missing] = explain(policiesInForce(NOTHING_DECIDED, world), world.snapshot, connection).sides[1]!.missing;
    expect(remedyFor(NOTHING_DECIDED, missing!, connection, world)).toMatchObject({ kind: 'change-others', policies: ['NetworkPolicy data/others'], text: "whoever manages NetworkPolicy data/others adds a rule to it, for the cluster's network enforces it whatever is approved here: ingress of data/StatefulSet/db from shop/Deployment/web on 5432/TCP" });
  });

  it('only somebody else helps where nothing of ours closes the direction', () => {
    const denyAll: Policy = { kind: 'namespaced', name: 'NetworkPolicy data/deny-all', subject: { kind: 'pods', namespaces: { kind: 'name', name: 'data' }, pods: { requirements: [] } }, ingress: [], origin: { file: 'deny-all.yaml', line: 1 } };
    const snapshot = { ...shop, policies: [denyAll] };
    const world = { ...contextOf({ reviews: reviewsOf(reviewOf({ workload: DB, ingress: OPEN, egress: OPEN })) }), snapshot };
    const written = carryOut(NOTHING_DECIDED, { kind: 'set-target', namespace: 'data', target: 'networkpolicy' }, world);
    const [missing] = explain(policiesInForce(written, world), snapshot, connection).sides[1]!.missing;
    expect(remedyFor(written, missing!, connection, world)).toMatchObject({ kind: 'change-others', policies: ['NetworkPolicy data/deny-all'], text: 'whoever manages NetworkPolicy data/deny-all adds a rule to it, for nothing approved here closes this: ingress of data/StatefulSet/db from shop/Deployment/web on 5432/TCP' });
  });

  it('nothing helps where nothing is proposed', () => {
    expect(remedyIn(contextOf({ reviews: new Map(), digest }))).toBeUndefined();
  });
});
