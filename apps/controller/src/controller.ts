import type { Diagnostic, FlowReport, SourceUpdate } from '#model';
import { type Actor, currentNumber, currentRevision, type ReviewCommand, type ReviewEntry, type ReviewState } from '#review';
import { isStoreError } from '#store';

import { GuardedChannel } from './channel/guarded-channel.ts';
import type { ControllerOptions } from './controller-options.ts';
import { DecisionDesk } from './decisions/decision-desk.ts';
import { EvidenceDesk } from './decisions/evidence-desk.ts';
import { rememberEnd } from './decisions/journal-witness.ts';
import { Leader } from './decisions/leadership.ts';
import { logLeadership } from './decisions/leadership-words.ts';
import { ProjectDesk } from './decisions/project-desk.ts';
import { ReviewLog } from './decisions/review-log.ts';
import { RuleDesk } from './decisions/rule-desk.ts';
import type { SharedMemory } from './decisions/shared-memory.ts';
import { NodeDesk } from './nodes/node-desk.ts';
import { nodeSources } from './nodes/node-sources.ts';
import type { ControllerStatus, Leadership } from './operator/controller-status.ts';
import { controllerStatus, realisedNodes } from './operator/live-status.ts';
import { LiveOperator } from './operator/live-operator.ts';
import type { CommandResult } from './operator/operator-port.ts';
import { PolicyDesk } from './outputs/policy-desk.ts';
import { SourceDesk } from './sources/source-desk.ts';
import { type EnforcementEvents, EnforcementLink } from './workers/enforcement-link.ts';
import { LearningLink } from './workers/learning-link.ts';

const LEASE_MS = 15_000;

/**
 * The controller: everything wired, and nothing decided here.
 *
 * ```
 *   sources ─► SourceDesk ─┬─► EnforcementLink ─► NodeDesk ─► NodeChannel ─► enforcers
 *                          │          ▲ revision, settings        │ acks, flows, metadata
 *                          └─► LearningLink ◄── flows ◄───────────┘
 *                                 ▲ entries │ proposals, answers
 *   store ─► ReviewLog ───────────┘         ▼
 *                ▲── DecisionDesk ◄── LiveOperator ◄── REST, CLI          PolicyDesk ─► cluster, folder
 * ```
 *
 * Started again it knows what was decided from the journal and what was seen from the store; the
 * enforcers go on meanwhile with what they have.
 */
export class Controller {
  readonly operator: LiveOperator;
  readonly sources: SourceDesk;
  readonly nodes: NodeDesk;
  /** For what sources remember beyond this process. */
  readonly memory: SharedMemory;
  readonly #options: ControllerOptions;
  readonly #enforcement: EnforcementLink;
  readonly #learning: LearningLink;
  readonly #log: ReviewLog;
  readonly #leader: Leader;
  readonly #evidence: EvidenceDesk;
  readonly #desk: DecisionDesk;
  readonly #rules: RuleDesk;
  readonly #projects: ProjectDesk;
  readonly #policies: PolicyDesk;
  readonly #startedAt = Date.now();
  #known: ReviewState | undefined;
  #hasBegun = false;
  #channel: GuardedChannel | undefined;
  #waitsFor: readonly string[] = [];
  #findings: readonly Diagnostic[] = [];
  #storeProblem: string | undefined;
  #unsubscribe: () => void = () => undefined;

  constructor(options: ControllerOptions) {
    const { pipelines, store, log, required, catalogue, invariants, enforcesExisting, autoApprovals = [], thresholds, workEveryMs } = options;
    this.#options = options;
    this.#learning = new LearningLink(
      (onNews) => pipelines.learning({ required, catalogue, invariants, enforcesExisting, autoApprovals, ...(thresholds === undefined ? {} : { thresholds }), ...(workEveryMs === undefined ? {} : { workEveryMs }) }, onNews),
      {
        onView: ({ reviews, workMs }) => {
          log.debug({ reviews: reviews.length, workMs }, 'what is known was worked out anew');
          if (reviews.length > 0) this.operator.changed({ kind: 'reviews', workloads: reviews });
          this.operator.changed({ kind: 'graph' });
        },
        onApprovals: (approvals) => void this.#rules.approve(approvals),
        onRows: (rows) => {
          this.#evidence.keep(rows);
        },
        onWaits: () => undefined,
      },
    );
    this.#enforcement = new EnforcementLink((onNews) => pipelines.enforcement({ required, enforcesExisting }, onNews), (news) => {
      this.#hear(news);
    });
    this.sources = new SourceDesk([this.#enforcement, this.#learning], { now: Date.now, onChange: () => { this.operator.changed({ kind: 'status' }); } });
    this.nodes = new NodeDesk({
      enforcement: this.#enforcement,
      takesFlows: () => this.#evidence.isKeeping,
      onFlows: async (report) => {
        // what a follower took in nobody would keep; the node does, until somebody leads
        await this.#evidence.whenKeeping;
        await this.#learning.report(report);
      },
      ...nodeSources(this.sources),
      onFirstOfProject: (project, node) => {
        this.#projects.first(project, node);
      },
      onTrouble: (what, error) => {
        this.#trouble(what, error);
      },
      documents: store.documents,
      onChange: (nodes) => {
        this.operator.nodesChanged(nodes);
      },
      log,
      now: Date.now,
    });
    this.#log = new ReviewLog(store.journal, (entries, state) => {
      this.#decided(entries, state);
    });
    this.#leader = new Leader({
      leases: options.leases ?? store.leases,
      raiseFence: (fence) => store.raiseFence(fence),
      holder: options.holder,
      ttlMs: options.leaseMs ?? LEASE_MS,
      onChange: (leadership) => {
        this.#led(leadership);
      },
      onTrouble: (what, error) => {
        this.#trouble(what, error);
      },
    });
    this.memory = { documents: store.documents, fence: () => this.#leader.fence };
    this.#evidence = new EvidenceDesk({
      evidence: store.evidence,
      leader: this.#leader,
      restore: (rows) => this.#learning.restore(rows),
      onUnread: (unread) => {
        log.warn({ unread }, 'rows of evidence that nothing could be made of are left out');
      },
      onTrouble: (what, error) => {
        this.#trouble(what, error);
      },
      onWritten: () => {
        this.#storeProblem = undefined;
      },
    });
    this.#desk = new DecisionDesk({ log: this.#log, leader: this.#leader, decide: (command, actor, seq, now) => this.#learning.ask('decide', { command, actor, seq, now }), now: Date.now });
    this.#projects = new ProjectDesk({ isLeader: () => this.#leader.fence !== undefined, command: (command, actor) => this.command(command, actor), log });
    this.#rules = new RuleDesk({ mayApprove: () => this.#leader.fence !== undefined && this.nodes.sayings.unheard.length === 0, command: (command, actor) => this.command(command, actor), log });
    this.#policies = new PolicyDesk({
      ...options.outputs,
      isLeader: () => this.#leader.fence !== undefined,
      onChange: (outputs) => {
        this.operator.changed({ kind: 'outputs', outputs });
      },
      now: Date.now,
      log,
    });
    this.operator = new LiveOperator({
      learning: this.#learning,
      status: () => this.#status(),
      state: () => this.#log.state,
      readJournal: (afterSeq, limit) => this.#log.read(afterSeq, limit),
      verifyJournal: () => this.#log.verify(),
      nodes: () => this.nodes.views(),
      waitingProjects: () => this.nodes.claims.waiting(),
      outputs: this.#policies,
      command: (command, actor) => this.command(command, actor),
    });
  }

  /** Knows what was decided and seen before, leads or follows, and listens for enforcers. */
  async start(): Promise<{ readonly channelPorts: readonly number[] }> {
    const { store, log, authority, authorityFolder, listen, version } = this.#options;
    await this.#leader.start();
    await this.#evidence.begin();
    await this.#options.witness?.check(store.journal);
    await this.#log.begin();
    this.#hasBegun = true;
    rememberEnd(this.#log.end, this.#options);
    await this.nodes.remember();
    this.#unsubscribe = store.journal.subscribe(() => {
      this.#log.catchUp().catch((error: unknown) => {
        this.#trouble('read the journal', error);
      });
    });
    this.#channel = await GuardedChannel.start({ listen, authority, authorityFolder, events: this.nodes.events(), controllerVersion: version, log });
    const { channel } = this.#channel;
    this.nodes.use(channel);
    const [channelPort] = channel.ports;
    this.sources.update({ source: 'controller', key: 'host-ways', value: { kind: 'host-ways', ways: { ...this.#options.ssh, ...(channelPort === undefined ? {} : { channelPort }) } } });
    return { channelPorts: channel.ports };
  }

  async command(command: ReviewCommand, actor: Actor): Promise<CommandResult> {
    const obstacle = command.kind === 'remove-node' && this.#leader.fence !== undefined ? this.nodes.obstacleToRemoval(command.node) : undefined;
    return obstacle === undefined ? this.#desk.command(command, actor) : { kind: 'refused', diagnostics: [obstacle] };
  }

  /** What an orchestrator says. */
  update(update: SourceUpdate): void {
    this.nodes.claims.orchestrator(update);
    this.sources.update(update);
    this.#policies.heard(update);
  }

  /** A report of flows that no enforcer sent: recorded ones. */
  report(report: FlowReport): Promise<void> {
    return this.#learning.report(report);
  }

  get state(): ReviewState {
    return this.#log.state;
  }

  /** Says goodbye to the enforcers, keeps what was seen, and gives the lease back. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#projects.close();
    this.#policies.close();
    await this.#channel?.close();
    await this.nodes.close();
    const rows = await this.#learning.finish();
    this.#evidence.keep(rows);
    await this.#evidence.close();
    await this.#leader.close();
    this.operator.close();
    await Promise.all([this.#learning.close(), this.#enforcement.close()]);
    await this.#options.store.close();
  }

  #hear(news: Parameters<EnforcementEvents>[0]): void {
    const { log } = this.#options;
    switch (news.kind) {
      case 'nodes':
        log.debug({ nodes: news.nodes.length, removed: news.removed.length, ...news.times }, 'bundles are different now');
        this.nodes.desire(news);
        return;
      case 'waits':
        this.#waitsFor = news.waitsFor;
        if (news.waitsFor.length > 0) log.info({ waitsFor: news.waitsFor }, 'nothing is compiled before these sources have told all they know');
        this.operator.changed({ kind: 'status' });
        return;
      case 'outputs':
        this.#policies.desire(news.outputs);
        return;
      case 'diagnostics':
        this.#findings = news.diagnostics;
        return;
    }
  }

  #decided(entries: readonly ReviewEntry[], state: ReviewState): void {
    const before = this.#known;
    this.#known = state;
    this.#learning.entries(entries);
    this.nodes.decided(entries);
    if (before?.approvals !== state.approvals || before.revisions !== state.revisions) this.#enforcement.setRevision(currentRevision(state));
    if (before?.projects !== state.projects) this.nodes.claims.decide(state.projects);
    const { modes, fates, targets } = state;
    const areSettingsNew = before?.modes !== modes || before.fates !== fates || before.targets !== targets;
    if (areSettingsNew) this.#enforcement.setSettings({ modes, fates, targets });
    if (currentNumber(state) !== (before === undefined ? 0 : currentNumber(before))) this.operator.changed({ kind: 'revision', number: currentNumber(state) });
    if (areSettingsNew) this.operator.changed({ kind: 'modes' });
    this.operator.changed({ kind: 'journal', seq: state.seq });
    if (this.#hasBegun) rememberEnd(this.#log.end, this.#options);
  }

  #led(leadership: Leadership): void {
    logLeadership(leadership, this.#options.log, Date.now());
    this.operator.changed({ kind: 'status' });
    this.#evidence.led(leadership);
    if (leadership.kind === 'leader') this.#projects.tryAgain();
    this.#policies.kick();
  }

  #trouble(what: string, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.#storeProblem = `${what}: ${why}`;
    this.#options.log.error({ why, code: isStoreError(error) ? error.code : undefined }, `the store does not do as it should: ${what}`);
    this.operator.changed({ kind: 'status' });
  }

  async #status(): Promise<ControllerStatus> {
    const { version, store, storePlace, traffic } = this.#options;
    const nodes = this.nodes.views();
    const overview = await this.#learning.ask('overview', { nodes: realisedNodes(nodes), written: this.#policies.inForce() });
    const weaknesses = await store.weaknesses().catch(() => []);
    return controllerStatus({
      version,
      startedAt: this.#startedAt,
      traffic,
      sources: this.sources.statuses(),
      waitsFor: this.#waitsFor,
      leadership: this.#leader.leadership,
      store: { kind: store.kind, place: storePlace, lastSeq: this.#log.end.seq, lastDigest: this.#log.end.digest, ...(this.#storeProblem === undefined ? {} : { problem: this.#storeProblem }) },
      state: this.#log.state,
      overview,
      nodes,
      outputs: this.#policies.views(),
      diagnostics: [...(this.#options.weaknesses ?? []), ...weaknesses, ...this.#log.weaknesses(), ...this.sources.diagnostics(), ...this.nodes.sayings.diagnostics(), ...this.nodes.claims.diagnostics(), ...this.#policies.diagnostics(), ...this.#findings, ...overview.diagnostics],
    });
  }
}
