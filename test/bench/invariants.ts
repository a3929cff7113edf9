import { createHash } from 'node:crypto';

import type { Proposal, ProposedRule } from '#model';
import { workloadKey } from '#model';
import type { Invariant } from '#policy';
import { foldReview, NOTHING_DECIDED } from '#review';

import { invariantCheck } from '../../apps/controller/src/pipeline/proposal-invariants.ts';
import { largePods } from '../support/large-cluster.ts';
import { origin, workload } from '../support/worlds.ts';

// every workload has a proposal, and every one is asked about after each view
const WORKLOADS = 5_000;
const ASKED = 500;

/** What it takes to say of a proposal which invariants it would break, where all others are approved. */
function main(): void {
  const size = { pods: 10_000, workloads: WORKLOADS, nodes: 200, namespaces: 50 };
  const pods = largePods(size);
  const refs = [...new Map([...pods.pods.values()].map(({ workload: ref }) => [workloadKey(ref), ref])).values()];
  const snapshot = { ...pods, workloads: new Map(refs.map((ref) => [workloadKey(ref), { ...workload(workloadKey(ref)), podLabels: { app: ref.name } }])) };
  const proposals = refs.map((ref, at) => proposalOf(ref, at, refs));
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
  const state = foldReview(NOTHING_DECIDED, {
    seq: 1,
    at: 0,
    event: { kind: 'approved', revision: 1, base: 0, workloads: proposals.map((proposal) => ({ workload: proposal.workload, hash: digest('a'), proposedHash: digest('a'), evidenceHash: digest('a'), proposal, leftOut: [] })), by: { kind: 'person', name: 'bench' }, reason: 'bench' },
  });
  const began = performance.now();
  const check = invariantCheck(state, INVARIANTS, { snapshot, now: 0 });
  const [first, ...rest] = proposals.filter((_, at) => at % (WORKLOADS / ASKED) === 0).map(narrowed);
  const broken = first === undefined ? 0 : (check?.(first).length ?? 0);
  const prepared = performance.now();
  const all = rest.reduce((sum, proposal) => sum + (check?.(proposal).length ?? 0), broken);
  const ended = performance.now();
  console.log(JSON.stringify({ bench: 'invariants', workloads: WORKLOADS, pods: size.pods, invariants: INVARIANTS.length, broken: all, prepareMs: Math.round(prepared - began), msPerProposal: Math.round(((ended - prepared) / rest.length) * 100) / 100 }));
}

function proposalOf(ref: Proposal['workload'], at: number, refs: readonly Proposal['workload'][]): Proposal {
  const rule = (which: number, port: number): ProposedRule => ({
    id: `rule-${String(which)}`,
    peers: [{ kind: 'workload', workload: refs[(at * 7 + which * 131) % refs.length] ?? ref }],
    ports: [{ kind: 'range', protocol: 'TCP', from: port, to: port }],
    evidence: [],
    widenings: [],
    tier: 'strong',
    confidence: 1,
    why: 'bench',
  });
  const closed = (ports: readonly number[]) => ({ kind: 'closed', why: 'bench', rules: ports.map((port, which) => rule(which, port)) }) as const;
  return { workload: ref, ingress: closed([8080, 9090]), egress: closed([8080, 8081, 5432]) };
}

/** The same with one rule less. */
function narrowed(proposal: Proposal): Proposal {
  return proposal.egress.kind === 'open' ? proposal : { ...proposal, egress: { ...proposal.egress, rules: proposal.egress.rules.slice(1) } };
}

const team = (name: string): Invariant['from'] => ({ kind: 'pods', namespaces: { kind: 'name', name }, pods: { requirements: [] } });
const INVARIANTS: readonly Invariant[] = Array.from({ length: 10 }, (_, at): Invariant => ({
  name: `team-${String(at)} is not reached from outside of it`,
  claim: 'never',
  from: at % 2 === 0 ? { kind: 'internet' } : team(`team-${String(at + 20)}`),
  to: team(`team-${String(at)}`),
  origin,
}));

main();
