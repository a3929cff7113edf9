import { describe, expect, it } from '@jest/globals';

import { parsePrefix, type Peer, type Proposal, type ProposedRule, type Snapshot, workloadKey } from '#model';
import { adoptPolicies, approvedPolicy, everyPolicyOf, type Invariant } from '#policy';
import { foldReview, InvariantGuard, inLayers, NOTHING_DECIDED, policiesInForce, type ReviewState } from '#review';

import { networkPolicy } from '../../../../test/support/policies.ts';
import { Random } from '../../../../test/support/random.ts';
import { ALICE, proposedRule } from '../../../../test/support/review-world.ts';
import { namespace, node, origin, podsOf, workload, world } from '../../../../test/support/worlds.ts';
import { invariantCheck } from './proposal-invariants.ts';

const nodes = [node('node-1', ['192.0.2.1', '2001:db8:a::1']), node('node-2', ['192.0.2.2', '2001:db8:a::2'])];
const workloads = ['shop/Deployment/web', 'shop/Deployment/api', 'data/StatefulSet/db', 'data/Deployment/cache', 'edge/Deployment/proxy', 'edge/DaemonSet/agent'].map((name) => workload(name, { replicas: 2, ports: ['http:8080', 'pg:5432'], hostNetwork: name.endsWith('agent') }));
const cluster: Snapshot = {
  ...world({ namespaces: [namespace('shop', { team: 'shop' }), namespace('data'), namespace('edge')], workloads, nodes, pods: workloads.flatMap((each, at) => podsOf(each, at, nodes[at % 2])) }),
  policies: [networkPolicy('data/db', { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'shop' } } }] }] })],
};

const team = (name: string): Invariant['from'] => ({ kind: 'pods', namespaces: { kind: 'name', name }, pods: { requirements: [] } });
const block = (text: string): Peer & { readonly kind: 'cidr' } => {
  const cidr = parsePrefix(text);
  if (cidr === undefined) throw new Error(`read ${text}`);
  return { kind: 'cidr', cidr, except: [] };
};
const invariants: readonly Invariant[] = [
  { name: 'the edge never reaches data', claim: 'never', from: team('edge'), to: team('data'), origin },
  { name: 'data never reaches the internet', claim: 'never', from: team('data'), to: { kind: 'internet' }, origin },
  { name: 'web reaches api', claim: 'must', from: { kind: 'workload', workload: workloads[0]!.ref }, to: { kind: 'workload', workload: workloads[1]!.ref }, port: { port: 8080, protocol: 'TCP' }, origin },
  { name: 'nobody outside reaches the shop', claim: 'never', from: { kind: 'cidr', cidr: block('2001:db8:f00::/48').cidr }, to: team('shop'), origin },
];

function randomRules(random: Random): readonly ProposedRule[] {
  const peers: readonly Peer[] = [...workloads.map(({ ref }): Peer => ({ kind: 'workload', workload: ref })), block('203.0.113.0/24'), block('2001:db8:f00:1::/64'), { kind: 'entity', entity: 'internet' }];
  return random.several(0, 4, () => random.pick(peers)).map((peer, at) => proposedRule(`rule-${String(at)}`, peer, random.pick([8080, 5432, 443])));
}

function randomProposal(random: Random, ref: Proposal['workload']): Proposal {
  const direction = (): Proposal['ingress'] => (random.chance(0.2) ? { kind: 'open', why: 'x' } : { kind: 'closed', why: 'x', rules: randomRules(random) });
  return { workload: ref, ingress: direction(), egress: direction() };
}

function approvedBy(random: Random): ReviewState {
  const some = workloads.filter(() => random.chance(0.6)).map(({ ref }) => randomProposal(random, ref));
  let state = NOTHING_DECIDED;
  if (some.length > 0) {
    state = foldReview(state, { seq: 1, at: 0, event: { kind: 'approved', revision: 1, base: 0, workloads: some.map((proposal) => ({ workload: proposal.workload, hash: 'h', proposedHash: 'h', evidenceHash: 'h', proposal, leftOut: [] })), by: ALICE, reason: 'x' } });
  }
  if (random.chance(0.4)) state = foldReview(state, { seq: state.seq + 1, at: 0, event: { kind: 'target-set', namespace: random.pick(['shop', 'data', 'edge']), target: 'networkpolicy', by: ALICE } });
  return state;
}

/** Asked of the whole, with a guard of its own: what others cut does not matter. */
function asked(state: ReviewState, proposal: Proposal, enforcesExisting: boolean): readonly string[] {
  const context = { snapshot: cluster, now: 0, enforcesExisting };
  const before = policiesInForce(state, context);
  const policy = approvedPolicy(proposal, 0);
  const others = everyPolicyOf(before).filter((each) => each.kind !== 'namespaced' || each.subject.kind !== 'workload' || workloadKey(each.subject.workload) !== workloadKey(proposal.workload));
  return new InvariantGuard(before, cluster, invariants).brokenBy(inLayers(state, adoptPolicies([...others, ...(policy === undefined ? [] : [policy])]), context), [proposal.workload]).map(({ invariant }) => invariant.name);
}

describe('the invariants a proposal would break', () => {
  it('are those the whole would break with it, whatever is approved and whoever enforces it', () => {
    const outcomes = { broken: 0, kept: 0 };
    for (let seed = 1; seed <= 150; seed += 1) {
      const random = new Random(seed);
      const state = approvedBy(random);
      const enforcesExisting = random.chance(0.5);
      const check = invariantCheck(state, invariants, { snapshot: cluster, now: 0, enforcesExisting });
      for (const { ref } of workloads) {
        const proposal = randomProposal(random, ref);
        const broken = (check?.(proposal) ?? []).map((text) => invariants.find(({ name }) => text.startsWith(`${name}: `))?.name);
        expect({ seed, of: workloadKey(ref), broken }).toEqual({ seed, of: workloadKey(ref), broken: asked(state, proposal, enforcesExisting) });
        outcomes[broken.length > 0 ? 'broken' : 'kept'] += 1;
      }
    }
    expect(outcomes.broken).toBeGreaterThan(100);
    expect(outcomes.kept).toBeGreaterThan(100);
  });
});
