import type { UnattributedAddress } from '#graph';
import type { Actor, ReviewCommand, ReviewState } from '#review';
import type { NodeView, OutputView, Revision, ServiceGraph, WorkloadRef } from '#model';
import type { ConnectivityDiff } from '#policy';
import type { JournalEntry, JournalVerification } from '#store';

import { reviewEntry } from '../decisions/review-log.ts';
import type { WaitingProject } from '../nodes/project-claims.ts';
import { lookAtTrials } from '../nodes/shown-trials.ts';
import type { PolicyDesk } from '../outputs/policy-desk.ts';
import { withWritten } from '../outputs/written-policies.ts';
import type { Answer, DiffSide, ModeAnswer, ModeQuestion, SimulationAnswer, SimulationQuestion, WhyAnswer, WhyQuestion } from '../pipeline/answers/live-answer.ts';
import type { FlowFilter, FlowItem, Page, PageRequest, ReviewFilter, ReviewItem, UnattributedFilter, WorkloadFilter } from '../pipeline/answers/live-list.ts';
import type { ScopeStanding, WorkloadStanding } from '../pipeline/answers/live-modes.ts';
import type { LearningLink } from '../workers/learning-link.ts';
import type { ControllerStatus } from './controller-status.ts';
import type { CommandResult, JournalItem, OperatorChange, OperatorPort } from './operator-port.ts';

export interface LiveOperatorParts {
  readonly learning: Pick<LearningLink, 'ask'>;
  readonly status: () => Promise<ControllerStatus>;
  readonly state: () => ReviewState;
  readonly readJournal: (afterSeq: number, limit: number) => Promise<readonly JournalEntry[]>;
  readonly verifyJournal: () => Promise<JournalVerification>;
  readonly nodes: () => readonly NodeView[];
  readonly waitingProjects: () => readonly WaitingProject[];
  readonly outputs: Pick<PolicyDesk, 'views' | 'written'>;
  readonly command: (command: ReviewCommand, actor: Actor) => Promise<CommandResult>;
}

/** Changes of nodes are told together. */
const NODES_EVERY_MS = 200;

/** What operators ask and decide, answered by the parts of a running controller. */
export class LiveOperator implements OperatorPort {
  readonly #parts: LiveOperatorParts;
  readonly #listeners = new Set<(change: OperatorChange) => void>();
  readonly #changedNodes = new Set<string>();
  #nodesTimer: NodeJS.Timeout | undefined;

  constructor(parts: LiveOperatorParts) {
    this.#parts = parts;
  }

  status(): Promise<ControllerStatus> {
    return this.#parts.status();
  }

  graph(filter: WorkloadFilter): Promise<ServiceGraph> {
    return this.#parts.learning.ask('graph', { filter });
  }

  flows(filter: FlowFilter, page: PageRequest): Promise<Page<FlowItem>> {
    return this.#parts.learning.ask('flows', { filter, page });
  }

  unattributed(filter: UnattributedFilter, page: PageRequest): Promise<Page<UnattributedAddress>> {
    return this.#parts.learning.ask('unattributed', { filter, page });
  }

  reviews(filter: ReviewFilter, page: PageRequest): Promise<Page<ReviewItem>> {
    return this.#parts.learning.ask('reviews', { filter, page });
  }

  review(workload: WorkloadRef): Promise<ReviewItem | undefined> {
    return this.#parts.learning.ask('review', { workload });
  }

  decided(): Promise<ReviewState> {
    return Promise.resolve(this.#parts.state());
  }

  revision(number: number): Promise<Revision | undefined> {
    return this.#parts.learning.ask('revision', { number });
  }

  async journal(afterSeq: number, limit: number): Promise<readonly JournalItem[]> {
    const entries = await this.#parts.readJournal(afterSeq, limit);
    return entries.map((entry) => ({ ...reviewEntry(entry), digest: entry.digest }));
  }

  verifyJournal(): Promise<JournalVerification> {
    return this.#parts.verifyJournal();
  }

  simulate(question: SimulationQuestion): Promise<Answer<SimulationAnswer>> {
    return this.#parts.learning.ask('simulate', { question });
  }

  scopes(): Promise<readonly ScopeStanding[]> {
    return this.#parts.learning.ask('scopes', {});
  }

  workloadModes(filter: WorkloadFilter, page: PageRequest): Promise<Page<WorkloadStanding>> {
    return this.#parts.learning.ask('workloadModes', { filter, page });
  }

  previewMode(question: ModeQuestion): Promise<Answer<ModeAnswer>> {
    return this.#parts.learning.ask('previewMode', { question });
  }

  diff(before: DiffSide, after: DiffSide): Promise<Answer<ConnectivityDiff>> {
    return this.#parts.learning.ask('diff', { before, after });
  }

  async why(question: WhyQuestion): Promise<Answer<WhyAnswer>> {
    const { learning, state, outputs } = this.#parts;
    return withWritten(await learning.ask('why', { question }), state(), outputs);
  }

  nodes(): Promise<readonly NodeView[]> {
    return Promise.resolve(this.#parts.nodes());
  }

  waitingProjects(): Promise<readonly WaitingProject[]> {
    return Promise.resolve(this.#parts.waitingProjects());
  }

  outputs(): Promise<readonly OutputView[]> {
    return Promise.resolve(this.#parts.outputs.views());
  }

  async command(command: ReviewCommand, actor: Actor): Promise<CommandResult> {
    if (command.kind !== 'confirm-trials' && command.kind !== 'retry-trials') return this.#parts.command(command, actor);
    const look = lookAtTrials(command, this.#parts.nodes());
    if (look.kind === 'conflict') return look;
    const result = await this.#parts.command(command, actor);
    return result.kind === 'done' ? { ...result, notes: [...look.notes, ...result.notes] } : result;
  }

  subscribe(listener: (change: OperatorChange) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  changed(change: OperatorChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  nodesChanged(nodes: readonly string[]): void {
    for (const node of nodes) this.#changedNodes.add(node);
    this.#nodesTimer ??= setTimeout(() => {
      this.#nodesTimer = undefined;
      const changed = [...this.#changedNodes].sort();
      this.#changedNodes.clear();
      this.changed({ kind: 'nodes', nodes: changed });
    }, NODES_EVERY_MS);
  }

  close(): void {
    clearTimeout(this.#nodesTimer);
    this.#listeners.clear();
  }
}
