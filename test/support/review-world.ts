import { createHash } from 'node:crypto';

import { type Coverage, type DirectionProposal, type Peer, type Proposal, type ProposedRule, workloadKey, type WorkloadReview, type WorkloadReviews } from '#model';
import { type Actor, decide, foldReview, type ReviewCommand, type ReviewContext, type ReviewDecision, reviewedProposal, type ReviewedProposal, type ReviewState } from '#review';

import { namespace, ref, workload, world } from './worlds.ts';

export const ALICE: Actor = { kind: 'person', name: 'alice' };
export const AUTO: Actor = { kind: 'rule', name: 'steady' };
export const WEB = ref('shop/Deployment/web');
export const API = ref('shop/Deployment/api');
export const DB = ref('data/StatefulSet/db');

/** web calls api, api calls db, and an edge in a namespace of its own; every pod in both families. */
export const shop = world({
  namespaces: [namespace('shop'), namespace('data'), namespace('edge')],
  workloads: [
    workload('shop/Deployment/web', { ports: ['http:8080'] }),
    workload('shop/Deployment/api', { ports: ['http:8080'] }),
    workload('data/StatefulSet/db', { ports: ['pg:5432'] }),
    workload('edge/Deployment/proxy', { ports: ['http:8443'] }),
  ],
});

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A rule for one peer on one port: `rule('a', 'shop/Deployment/web', 8080)`. */
export function proposedRule(id: string, peer: string | Peer, port: number, fields: Partial<ProposedRule> = {}): ProposedRule {
  return {
    id,
    peers: [typeof peer === 'string' ? { kind: 'workload', workload: ref(peer) } : peer],
    ports: [{ kind: 'range', protocol: 'TCP', from: port, to: port }],
    evidence: [{ kind: 'declared', source: 'env', where: 'shop.yaml:1', text: 'it says so' }],
    widenings: [],
    tier: 'strong',
    confidence: 0.9,
    why: 'declared and observed',
    ...fields,
  };
}

export function closed(...rules: readonly ProposedRule[]): DirectionProposal {
  return { kind: 'closed', rules, why: 'it is known' };
}

export const OPEN: DirectionProposal = { kind: 'open', why: 'it is not known' };

const COVERAGE: Coverage = { estimate: 0.99, low: 0.97, high: 1, seen: 9, seenOnce: 0, seenTwice: 0, buckets: 100, lowered: [] };

/** What learning says of one workload; hashes are of its proposal and its evidence, as learning makes them. */
export function reviewOf(proposal: Proposal, fields: Partial<WorkloadReview> = {}): WorkloadReview {
  const rules = [proposal.ingress, proposal.egress].map((direction) => (direction.kind === 'closed' ? direction.rules.map(({ id, peers, ports }) => [id, ports, peers === 'any' ? 'any' : peers.map((peer) => (peer.kind === 'cidr' ? peer.cidr.text : peer))]) : 'open'));
  return {
    workload: proposal.workload,
    proposal,
    hash: digest(JSON.stringify(rules)),
    evidenceHash: digest(JSON.stringify([proposal.ingress, proposal.egress].flatMap((direction) => (direction.kind === 'closed' ? direction.rules.flatMap(({ evidence }) => evidence.map(({ kind }) => kind)) : [])))),
    coverage: COVERAGE,
    directions: { ingress: COVERAGE, egress: COVERAGE },
    isReady: true,
    waitsFor: [],
    awaitedRuns: [],
    quarantined: [],
    brokenInvariants: [],
    ...fields,
  };
}

export function reviewsOf(...reviews: readonly WorkloadReview[]): WorkloadReviews {
  return new Map(reviews.map((review) => [workloadKey(review.workload), review]));
}

export const webProposal: Proposal = { workload: WEB, ingress: OPEN, egress: closed(proposedRule('to-api', 'shop/Deployment/api', 8080)) };
export const apiProposal: Proposal = { workload: API, ingress: closed(proposedRule('from-web', 'shop/Deployment/web', 8080)), egress: closed(proposedRule('to-db', 'data/StatefulSet/db', 5432)) };
export const dbProposal: Proposal = { workload: DB, ingress: closed(proposedRule('from-api', 'shop/Deployment/api', 5432)), egress: closed() };

export function contextOf(fields: Partial<ReviewContext> = {}): ReviewContext {
  return { reviews: reviewsOf(reviewOf(webProposal), reviewOf(apiProposal), reviewOf(dbProposal)), snapshot: shop, now: 1_700_000_000_000, actor: ALICE, invariants: [], digest, ...fields };
}

/** What is shown of a workload now. */
export function shownOf(state: ReviewState, workload: Proposal['workload'], { reviews }: ReviewContext): ReviewedProposal {
  const review = reviews.get(workloadKey(workload));
  if (review === undefined) throw new Error(`show ${workloadKey(workload)}: nothing is proposed`);
  return reviewedProposal(state, review, digest);
}

/** An approval of these workloads as they are shown now. */
export function approvalOf(state: ReviewState, context: ReviewContext, ...workloads: readonly Proposal['workload'][]): ReviewCommand & { readonly kind: 'approve' } {
  return { kind: 'approve', items: workloads.map((workload) => ({ workload, hash: shownOf(state, workload, context).hash })), reason: 'looked at it' };
}

/** Decides and writes down; throws where it is refused. */
export function carryOut(state: ReviewState, command: ReviewCommand, context: ReviewContext): ReviewState {
  const decision = decide(state, command, context);
  if (decision.kind !== 'events') throw new Error(`${command.kind}: ${decision.diagnostics.map(({ subject, message }) => `${subject} ${message}`).join('; ')}`);
  return decision.events.reduce((after, event) => foldReview(after, { seq: after.seq + 1, at: context.now, event }), state);
}

/** `code subject` of everything that stands in the way; empty where nothing does. */
export function obstaclesOf(decision: ReviewDecision): readonly string[] {
  return decision.kind === 'events' ? [] : decision.diagnostics.map(({ code, subject }) => `${code} ${subject}`);
}
