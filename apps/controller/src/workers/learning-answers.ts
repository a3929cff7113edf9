import { snapshotOf } from '#inventory';
import type { AutoApprovalRule } from '#learning';
import { assertNever, type Mode, type WorkloadReview } from '#model';
import { decide, modeOf, type ReviewContext, reviewedProposal, revisionAt } from '#review';
import type { Invariant } from '#policy';

import { countEnforcement, type Realised } from '../pipeline/answers/enforcement-counts.ts';
import { diffLive } from '../pipeline/answers/live-diff.ts';
import { liveFlows, liveGraph } from '../pipeline/answers/live-flows.ts';
import type { ReviewItem } from '../pipeline/answers/live-list.ts';
import { previewModeLive } from '../pipeline/answers/live-mode-preview.ts';
import { liveScopes, liveWorkloadModes } from '../pipeline/answers/live-modes.ts';
import { liveReview, liveReviews } from '../pipeline/answers/live-reviews.ts';
import { simulateLive } from '../pipeline/answers/live-simulation.ts';
import { liveUnattributed } from '../pipeline/answers/live-unattributed.ts';
import { whyLive } from '../pipeline/answers/live-why.ts';
import { countDrops, pendingDrops } from '../pipeline/answers/would-drops.ts';
import { automaticApproval } from '../pipeline/automatic-approvals.ts';
import type { LearningPipeline } from '../pipeline/learning-pipeline.ts';
import type { LearningView } from '../pipeline/learning-view.ts';
import type { LearningOrder, LearningOverview } from './learning-orders.ts';

type Question = Extract<LearningOrder, { readonly kind: 'ask' }>;

export interface AnswerContext {
  readonly pipeline: LearningPipeline;
  readonly invariants: readonly Invariant[];
  /** Whether enforcers enforce policies of others as well. */
  readonly enforcesExisting: boolean;
  readonly autoApprovals: readonly AutoApprovalRule[];
  readonly digest: (text: string) => string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const ASKER = { kind: 'person', name: 'nobody' } as const;

/** Answers a question about what is known now. Before everything required was in sync nothing is known, and the answers say so. */
export function answerQuestion(question: Question, { pipeline, invariants, enforcesExisting, autoApprovals, digest, now }: AnswerContext): unknown {
  const view = pipeline.view ?? NOTHING_KNOWN;
  const { state } = pipeline;
  const { snapshot, reviews } = view;
  const context: ReviewContext = { reviews, snapshot, now, actor: ASKER, invariants, enforcesExisting, digest };
  const autoApproval = (review: WorkloadReview): ReviewItem['autoApproval'] => automaticApproval(review, { state, snapshot, rules: autoApprovals, digest });
  switch (question.name) {
    case 'graph':
      return liveGraph(view.graph, question.ask.filter);
    case 'flows':
      return liveFlows(state, view.observed.relationships, question.ask.filter, question.ask.page, context);
    case 'unattributed':
      return liveUnattributed(pipeline.unattributed(), question.ask.filter, question.ask.page);
    case 'reviews':
      return liveReviews(state, question.ask.filter, question.ask.page, { ...context, observed: view.observed, autoApproval });
    case 'review': {
      const { namespace, kind, name } = question.ask.workload;
      const review = reviews.get(`${namespace}/${kind}/${name}`);
      return review === undefined ? undefined : liveReview(state, review, { ...context, observed: view.observed, autoApproval, preview: view.preview });
    }
    case 'revision':
      return revisionAt(state, question.ask.number, question.ask.number === 0 ? snapshot.policies : []);
    case 'simulate':
      return simulateLive(state, question.ask.question, context, (since) => pipeline.observedSince(since));
    case 'scopes':
      return liveScopes(state, view.observed.relationships, context);
    case 'workloadModes':
      return liveWorkloadModes(state, view.observed.relationships, question.ask.filter, question.ask.page, context);
    case 'previewMode':
      return previewModeLive(state, question.ask.question, context, (since) => pipeline.observedSince(since));
    case 'diff':
      return diffLive(state, question.ask.before, question.ask.after, context);
    case 'why':
      return whyLive(state, question.ask.question, context, view.graph.relationships);
    case 'overview':
      return overview(view, pipeline, context, question.ask);
    case 'decide': {
      const { command, actor, seq } = question.ask;
      if (state.seq !== seq) throw new Error(`decide on entry ${seq}: entry ${state.seq} is the last one known here`);
      return decide(state, command, { ...context, actor, now: question.ask.now });
    }
    default:
      return assertNever(question);
  }
}

function overview({ snapshot, reviews, graph, observed }: LearningView, { state, counts }: LearningPipeline, context: ReviewContext, realised: Realised): LearningOverview {
  const standings = { proposed: 0, edited: 0, approved: 0, rejected: 0 };
  const modes: Record<Mode, number> = { observe: 0, audit: 0, enforce: 0 };
  let ready = 0;
  for (const review of reviews.values()) {
    const { standing } = reviewedProposal(state, review, context.digest);
    standings[standing] += 1;
    modes[modeOf(state, review.workload, snapshot).value] += 1;
    if (review.isReady && review.brokenInvariants.length === 0 && (standing === 'proposed' || standing === 'edited')) ready += 1;
  }
  const enforcement = countEnforcement(state, [...reviews.values()].map(({ workload }) => workload), snapshot, realised);
  const wouldDrops = countDrops(pendingDrops(state, observed.relationships, context));
  return { workloads: reviews.size, ready, reviews: standings, modes, enforcement, wouldDrops, relationships: graph.relationships.length, counts, diagnostics: [...snapshot.diagnostics, ...graph.diagnostics] };
}

const NOTHING_KNOWN: LearningView = {
  snapshot: snapshotOf([]),
  graph: { relationships: [], unresolved: [], knowledge: new Map(), diagnostics: [] },
  observed: { relationships: [], workloads: new Map(), reporters: [] },
  reviews: new Map(),
  preview: () => ({}),
  at: 0,
};
