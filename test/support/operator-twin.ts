import { hash } from 'node:crypto';
import { join } from 'node:path';

import { inferGraph, type UnattributedAddress } from '#graph';
import { placeExamplePods, snapshotOf } from '#inventory';
import { propose, Reviewer, type WorkloadPreview } from '#learning';
import { type Coverage, type NodeRealisation, type NodeView, type ObservedEvidence, type ObservedPeer, type ObservedRelationship, type ObservedWorkload, type PolicyRealisation, type Proposal, type ProposedRule, type ServiceGraph, type Snapshot, type WorkloadKey, workloadKey, type WorkloadRef, type WorkloadReview } from '#model';
import type { Invariant } from '#policy';
import { type Actor, currentNumber, decide, foldReview, modeOf, NOTHING_DECIDED, type ReviewCommand, type ReviewContext, type ReviewEntry, type ReviewState, revisionAt, writeEvent } from '#review';
import { readPaths } from '#sources/files';

import type { ControllerStatus } from '../../apps/controller/src/operator/controller-status.ts';
import type { CommandResult, JournalItem, OperatorChange, OperatorPort } from '../../apps/controller/src/operator/operator-port.ts';
import { countEnforcement } from '../../apps/controller/src/pipeline/answers/enforcement-counts.ts';
import { lookAtTrials } from '../../apps/controller/src/nodes/shown-trials.ts';
import { diffLive } from '../../apps/controller/src/pipeline/answers/live-diff.ts';
import { liveFlows, liveGraph } from '../../apps/controller/src/pipeline/answers/live-flows.ts';
import { liveScopes, liveWorkloadModes } from '../../apps/controller/src/pipeline/answers/live-modes.ts';
import { countDrops, pendingDrops } from '../../apps/controller/src/pipeline/answers/would-drops.ts';
import { previewModeLive } from '../../apps/controller/src/pipeline/answers/live-mode-preview.ts';
import { liveReview, liveReviews } from '../../apps/controller/src/pipeline/answers/live-reviews.ts';
import { simulateLive } from '../../apps/controller/src/pipeline/answers/live-simulation.ts';
import { liveUnattributed } from '../../apps/controller/src/pipeline/answers/live-unattributed.ts';
import { whyLive } from '../../apps/controller/src/pipeline/answers/live-why.ts';
import { shippedCatalogue } from './catalogue.ts';
import { repositoryRoot } from './shared.ts';

const HOUR = 3_600_000;
const WATCHED_DAYS = 28;
const OF_OTHERS = (since: number): PolicyRealisation => ({ kind: 'conflict', revision: 1, since, managers: ['\u001b[31mkubectl-edit'], fields: ['.spec.egress'], why: 'Apply failed with 1 conflict: conflict with "\u001b[31mkubectl-edit": .spec.egress' });

const UNATTRIBUTED = (now: number): readonly UnattributedAddress[] => {
  const rest = { connections: 7, firstSeen: now - 5 * HOUR, lastSeen: now - HOUR, reporters: ['node-1'], others: ['shop/Deployment/web'] };
  return [
    { kind: 'address', name: '10.1.1.7', why: 'nobody held it any more', mayBe: ['pod shop/report-29000000-x7f2k'], ...rest },
    { kind: 'address', name: '2001:db8:1:1::7', why: 'several held it', mayBe: ['pod shop/web-1', 'pod shop/api-\u001b[2J'], ...rest },
    { kind: 'node', name: 'node-1', why: 'shared by a node', mayBe: ['kube-system/DaemonSet/agent'], ...rest },
    { kind: 'service', name: 'shop/db', why: 'a Service nobody translated', mayBe: [], ...rest },
  ];
};

export interface TwinOptions {
  readonly paths?: readonly string[];
  /** Instead of paths. */
  readonly snapshot?: Snapshot;
  readonly invariants?: readonly Invariant[];
  readonly now?: () => number;
  /** Observed although nothing declares it. */
  readonly undeclared?: readonly { readonly from: WorkloadRef; readonly to: WorkloadRef; readonly port: number; readonly denied?: number; readonly wouldBeDenied?: number }[];
}

/**
 * A controller in one object: the real libraries over manifests, decisions in memory, and every
 * declared relationship between two workloads taken for observed. Nothing is watched, stored or sent.
 */
export class OperatorTwin implements OperatorPort {
  readonly snapshot: Snapshot;
  readonly observed: readonly ObservedRelationship[];
  readonly #graph: ServiceGraph;
  readonly #evidence: ObservedEvidence;
  readonly #reviewer: Reviewer;
  readonly #reviews: Map<WorkloadKey, WorkloadReview>;
  readonly #invariants: readonly Invariant[];
  readonly #now: () => number;
  readonly #entries: JournalItem[] = [];
  readonly #listeners = new Set<(change: OperatorChange) => void>();
  #state: ReviewState = NOTHING_DECIDED;
  /** What `status` says beside what is true. */
  trouble: Partial<ControllerStatus> = {};
  isLeader = true;
  /** Instead of the nodes it has. */
  views: readonly NodeView[] | undefined;
  #trial: Extract<NodeRealisation, { readonly kind: 'trial' }> | undefined;

  constructor({ paths = [join(repositoryRoot, 'policies', 'examples', 'shop', 'kubernetes')], invariants = [], now = Date.now, undeclared = [], snapshot }: TwinOptions = {}) {
    this.snapshot = placeExamplePods(snapshot ?? readSnapshot(paths), { nodes: 2 });
    this.#graph = inferGraph(this.snapshot);
    this.#now = now;
    this.#trial = { kind: 'trial', revision: 1, hash: 'tried', since: now(), until: now() + 10 * 60_000 };
    this.#invariants = invariants;
    const declared = this.#graph.relationships.filter(({ from, to }) => typeof from !== 'string' && typeof to !== 'string');
    this.observed = [
      ...declared.map(({ from, to, protocol, port }) => seen({ kind: 'workload', workload: from as WorkloadRef }, { kind: 'workload', workload: to as WorkloadRef }, { protocol, port, at: now() })),
      ...undeclared.map(({ from, to, port, denied = 0, wouldBeDenied = 0 }) => seen({ kind: 'workload', workload: from }, { kind: 'workload', workload: to }, { protocol: 'TCP', port, at: now(), denied, wouldBeDenied })),
    ];
    const since = now() - WATCHED_DAYS * 24 * HOUR;
    const watched: ObservedWorkload = { since, hours: [], reporters: ['node-1'], overflowed: 0, unattributed: 0, beyondBounds: 0 };
    this.#evidence = {
      relationships: this.observed,
      workloads: new Map([...this.snapshot.workloads.keys()].map((key) => [key, watched])),
      reporters: [{ reporter: 'node-1', from: since, to: now(), coveredMs: now() - since, lostConnectionEvents: 0, lostLogRecords: 0, unreadable: 0 }],
    };
    this.#reviewer = new Reviewer(this.#graph, this.#evidence, this.snapshot, { now: now(), catalogue: shippedCatalogue(), digest, watched: new Map() });
    const { proposals } = propose(this.#graph, this.snapshot, { tier: 'strong', catalogue: shippedCatalogue() });
    this.#reviews = new Map(proposals.map((proposal) => [workloadKey(proposal.workload), reviewOf(proposal)]));
  }

  get state(): ReviewState {
    return this.#state;
  }

  /** Learning has learned something: the proposal of a workload is another one from now on. */
  relearn(workload: WorkloadRef, change: (proposal: Proposal) => Proposal): void {
    const review = this.#reviews.get(workloadKey(workload));
    if (review === undefined) throw new Error(`learn about ${workloadKey(workload)}: there is none`);
    this.#reviews.set(workloadKey(workload), reviewOf(change(review.proposal)));
    this.#tell({ kind: 'reviews', workloads: [workload] });
  }

  status(): Promise<ControllerStatus> {
    const items = [...this.#reviews.values()].map((review) => liveReview(this.#state, review, this.#asked()));
    const standing = (kind: string): number => items.filter((item) => item.standing === kind).length;
    const mode = (kind: string): number => [...this.snapshot.workloads.values()].filter(({ ref }) => modeOf(this.#state, ref, this.snapshot).value === kind).length;
    const revisionAtTime = this.#state.revisions.at(-1)?.decided.at;
    return Promise.resolve({
      version: '0.0.0',
      startedAt: this.#now(),
      traffic: 'recorded',
      sources: [{ name: 'files', state: 'in sync', since: this.#now(), objects: this.snapshot.workloads.size, isRequired: true }],
      leadership: { kind: 'leader', since: this.#now() },
      store: { kind: 'memory', place: 'this process', lastSeq: this.#state.seq, lastDigest: this.#entries.at(-1)?.digest ?? '' },
      revision: currentNumber(this.#state),
      ...(revisionAtTime === undefined ? {} : { revisionAt: revisionAtTime }),
      workloads: this.snapshot.workloads.size,
      ready: items.filter(({ review, standing: where }) => review.isReady && (where === 'proposed' || where === 'edited')).length,
      reviews: { proposed: standing('proposed'), edited: standing('edited'), approved: standing('approved'), rejected: standing('rejected') },
      modes: { observe: mode('observe'), audit: mode('audit'), enforce: mode('enforce') },
      wouldDrops: countDrops(pendingDrops(this.#state, this.observed, this.#context(NOBODY))),
      enforcement: countEnforcement(this.#state, [...this.snapshot.workloads.values()].map(({ ref }) => ref), this.snapshot, { nodes: new Map([...this.snapshot.nodes.keys()].slice(0, 1).map((node) => [node, currentNumber(this.#state)])), written: new Map() }),
      nodes: { realised: 1, pending: 0, trial: this.#trial === undefined ? 0 : 1, drifted: 0, failed: 1, silent: 0 },
      outputs: [{ output: 'networkpolicy', realised: 2, pending: 0, waiting: 0, drifted: 0, conflict: 1, refused: 0, failed: 0, healed: 1 }],
      flows: { records: this.observed.length, connections: 10 * this.observed.length, unattributed: { nobody: 3, several: 1 }, onNodes: 2, lost: { connectionEvents: 0, logRecords: 7, resyncs: 0, unreadable: 0 }, overflowedConnections: 0 },
      diagnostics: [],
      ...this.trouble,
    });
  }

  graph: OperatorPort['graph'] = (filter) => Promise.resolve(liveGraph(this.#graph, filter));
  flows: OperatorPort['flows'] = (filter, page) => Promise.resolve(liveFlows(this.#state, this.observed, filter, page, this.#context(NOBODY)));
  unattributed: OperatorPort['unattributed'] = (filter, page) => Promise.resolve(liveUnattributed(UNATTRIBUTED(this.#now()), filter, page));
  reviews: OperatorPort['reviews'] = (filter, page) => Promise.resolve(liveReviews(this.#state, filter, page, this.#asked()));
  review: OperatorPort['review'] = (workload) => {
    const review = this.#reviews.get(workloadKey(workload));
    return Promise.resolve(review === undefined ? undefined : liveReview(this.#state, review, this.#asked()));
  };

  decided: OperatorPort['decided'] = () => Promise.resolve(this.#state);
  revision: OperatorPort['revision'] = (number) => Promise.resolve(revisionAt(this.#state, number, this.snapshot.policies));
  journal: OperatorPort['journal'] = (after, limit) => Promise.resolve(this.#entries.slice(after, after + limit));
  simulate: OperatorPort['simulate'] = (question) => Promise.resolve(simulateLive(this.#state, question, this.#context(NOBODY), (since) => this.observed.filter(({ lastSeen }) => lastSeen >= since)));
  scopes: OperatorPort['scopes'] = () => Promise.resolve(liveScopes(this.#state, this.observed, this.#context(NOBODY)));
  workloadModes: OperatorPort['workloadModes'] = (filter, page) => Promise.resolve(liveWorkloadModes(this.#state, this.observed, filter, page, this.#context(NOBODY)));
  previewMode: OperatorPort['previewMode'] = (question) => Promise.resolve(previewModeLive(this.#state, question, this.#context(NOBODY), (since) => this.observed.filter(({ lastSeen }) => lastSeen >= since)));
  diff: OperatorPort['diff'] = (before, after) => Promise.resolve(diffLive(this.#state, before, after, this.#context(NOBODY)));
  why: OperatorPort['why'] = (question) => Promise.resolve(whyLive(this.#state, question, this.#context(NOBODY), this.#graph.relationships));
  verifyJournal: OperatorPort['verifyJournal'] = () => Promise.resolve({ kind: 'whole', entries: this.#entries.length, digest: this.#entries.at(-1)?.digest ?? '', sealedFrom: 1 });
  /** A project that was found on a second node. */
  waitingProjects: OperatorPort['waitingProjects'] = () => Promise.resolve(this.#state.projects.get('crm')?.has('node-b') === true ? [] : [{ project: 'crm', node: 'node-b', containers: 2 }]);
  nodes: OperatorPort['nodes'] = () =>
    Promise.resolve(this.views ?? [
      { node: 'node-1', isConnected: true, realisation: { kind: 'realised', revision: currentNumber(this.#state), hash: 'abc', at: this.#now() }, driver: 'nft', elements: 40, commitMs: 3, lastReportAt: this.#now(), lostEvents: 0 },
      { node: 'node-2', isConnected: false, realisation: { kind: 'failed', revision: 1, hash: 'refused', since: this.#now(), why: 'nft exited 1: \u001b[31mno such file' }, lostEvents: 7 },
      { node: 'node-3', isConnected: true, realisation: this.#trial ?? { kind: 'realised', revision: 1, hash: 'tried', at: this.#now() }, lostEvents: 0 },
    ]);

  outputs: OperatorPort['outputs'] = () =>
    Promise.resolve([
      {
        output: 'networkpolicy',
        place: 'https://192.0.2.1:6443',
        revision: currentNumber(this.#state),
        lookedAt: this.#now(),
        policies: { realised: 2, pending: 0, waiting: 0, drifted: 0, conflict: 1, refused: 0, failed: 0 },
        healed: 1,
        namespaces: [
          { namespace: 'pay', realisation: { kind: 'realised', revision: 1, since: this.#now() }, policies: 1, troubled: [], moreTroubled: 0, drift: { at: this.#now(), policy: 'ringfence-deployment-db', what: 'somebody removed it', healedAt: this.#now() } },
          { namespace: 'shop', realisation: OF_OTHERS(this.#now()), policies: 2, troubled: [{ name: 'ringfence-deployment-web', realisation: OF_OTHERS(this.#now()) }], moreTroubled: 0 },
        ],
      },
    ]);

  async command(command: ReviewCommand, actor: Actor): Promise<CommandResult> {
    if (!this.isLeader) return { kind: 'not leader', leader: 'replica-2' };
    if (command.kind === 'confirm-trials' || command.kind === 'retry-trials') {
      const look = lookAtTrials(command, await this.nodes());
      if (look.kind === 'conflict') return look;
    }
    const decision = decide(this.#state, command, this.#context(actor));
    if (decision.kind !== 'events') return decision;
    for (const event of decision.events) {
      const entry: ReviewEntry = { seq: this.#state.seq + 1, at: this.#now(), event };
      this.#state = foldReview(this.#state, entry);
      this.#entries.push({ ...entry, digest: digest(`${this.#entries.at(-1)?.digest ?? ''}${JSON.stringify(writeEvent(event))}`) });
      if (event.kind === 'trials-confirmed') this.#trial = undefined;
      this.#tell({ kind: 'journal', seq: entry.seq });
    }
    const madeRevision = decision.events.some(({ kind }) => kind === 'approved' || kind === 'rolled-back');
    if (madeRevision) this.#tell({ kind: 'revision', number: currentNumber(this.#state) });
    return { kind: 'done', seq: this.#state.seq, ...(madeRevision ? { revision: currentNumber(this.#state) } : {}), notes: decision.notes };
  }

  subscribe(listener: (change: OperatorChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(change: OperatorChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  #asked(): ReviewContext & { readonly observed: ObservedEvidence; readonly preview: (review: WorkloadReview) => WorkloadPreview } {
    return { ...this.#context(NOBODY), observed: this.#evidence, preview: (review) => this.#reviewer.preview(review) };
  }

  #context(actor: Actor): ReviewContext {
    return { reviews: this.#reviews, snapshot: this.snapshot, now: this.#now(), actor, invariants: this.#invariants, digest };
  }
}

function readSnapshot(paths: readonly string[]): Snapshot {
  const read = readPaths(paths, { readStdin: () => '' });
  return snapshotOf(read.updates, read.diagnostics);
}

const NOBODY: Actor = { kind: 'person', name: 'nobody' };

function digest(text: string): string {
  return hash('sha256', text, 'hex');
}

function seen(from: ObservedPeer, to: ObservedPeer, { protocol, port, at, denied = 0, wouldBeDenied = 0 }: Pick<ObservedRelationship, 'protocol' | 'port'> & { readonly at: number; readonly denied?: number; readonly wouldBeDenied?: number }): ObservedRelationship {
  return { from, to, protocol, port, firstSeen: at - 40 * HOUR, lastSeen: at - HOUR, buckets: 30, connections: 10, bytes: 4_000, replied: 10, denied, wouldBeDenied, ...(wouldBeDenied === 0 ? {} : { wouldBeDeniedIn: { first: at - 3 * HOUR, last: at - HOUR } }), clientPods: 1, serverPods: 1, applications: [], processes: [], reporters: ['node-1'] };
}

function reviewOf(proposal: Proposal): WorkloadReview {
  const rules: readonly ProposedRule[] = [proposal.ingress, proposal.egress].flatMap((direction) => (direction.kind === 'closed' ? direction.rules : []));
  const isReady = proposal.ingress.kind === 'closed' || proposal.egress.kind === 'closed';
  const text = JSON.stringify([proposal.ingress, proposal.egress], (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  const coverage: Coverage = { estimate: isReady ? 0.97 : 0.4, low: isReady ? 0.9 : 0.2, high: isReady ? 0.99 : 0.8, seen: rules.length, seenOnce: 1, seenTwice: 2, buckets: 30, lowered: ['node-1 lost 7 log records'] };
  return {
    workload: proposal.workload,
    proposal,
    hash: digest(text),
    evidenceHash: digest(JSON.stringify(rules.map(({ id, evidence }) => [id, evidence.map(({ kind }) => kind)]))),
    coverage,
    directions: { ingress: coverage, egress: coverage },
    isReady,
    waitsFor: isReady ? [] : ['both directions are open: there is nothing to close'],
    awaitedRuns: [],
    quarantined: [],
    brokenInvariants: [],
  };
}

