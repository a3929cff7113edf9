import { Body, Controller, Inject, Param, Query } from '@nestjs/common';

import { type ConnectivityShape, connectivityShape, graphShape, type GraphShape, type JournalShape, type ModePreviewShape, type ModesShape, type NodesShape, type OutputsShape, type ProjectsShape, type ProposalShape, routes, type SimulationShape, type StatusShape, type VerificationShape, type WhyShape } from '#operator-api';
import type { z } from 'zod';

import type { Answer } from '../pipeline/answers/live-answer.ts';
import { OPERATOR_PORT } from './injection.ts';
import type { OperatorPort } from './operator-port.ts';
import { Problem } from './problem.ts';
import { Serves } from './serves.ts';
import { flowShape, simulationShape, statusShape, whyShape } from './shapes/answer-shape.ts';
import { entryShape } from './shapes/journal-shape.ts';
import { projectsShape } from './shapes/projects-shape.ts';
import { modePreviewShape, modesShape, workloadModeShape } from './shapes/mode-shape.ts';
import { proposalShape, summaryShape } from './shapes/review-shape.ts';
import { revisionShape, revisionSummaryShape } from './shapes/revision-shape.ts';

/** Everything that may be asked. Nothing here changes anything. */
@Controller()
export class QuestionsController {
  readonly #port: OperatorPort;

  constructor(@Inject(OPERATOR_PORT) port: OperatorPort) {
    this.#port = port;
  }

  @Serves(routes.status)
  async status(): Promise<StatusShape> {
    return statusShape(await this.#port.status());
  }

  @Serves(routes.graph)
  async graph(@Query({ schema: routes.graph.query }) filter: z.output<typeof routes.graph.query>): Promise<GraphShape> {
    return graphShape(await this.#port.graph(present(filter)));
  }

  @Serves(routes.flows)
  async flows(@Query({ schema: routes.flows.query }) query: z.output<typeof routes.flows.query>): Promise<unknown> {
    const { limit, cursor, ...filter } = query;
    const page = await this.#port.flows(present(filter), present({ limit, cursor }));
    return { ...page, items: page.items.map(flowShape) };
  }

  @Serves(routes.unattributed)
  async unattributed(@Query({ schema: routes.unattributed.query }) query: z.output<typeof routes.unattributed.query>): Promise<unknown> {
    const { limit, cursor, ...filter } = query;
    return this.#port.unattributed(present(filter), present({ limit, cursor }));
  }

  @Serves(routes.proposals)
  async proposals(@Query({ schema: routes.proposals.query }) query: z.output<typeof routes.proposals.query>): Promise<unknown> {
    const { limit, cursor, ready, ...filter } = query;
    const [page, decided] = await Promise.all([this.#port.reviews(present({ ...filter, isReady: ready }), present({ limit, cursor })), this.#port.decided()]);
    return { ...page, items: page.items.map((item) => summaryShape(item, decided)) };
  }

  @Serves(routes.proposal)
  async proposal(@Param({ schema: routes.proposal.params }) workload: z.output<typeof routes.proposal.params>): Promise<ProposalShape> {
    const [item, decided] = await Promise.all([this.#port.review(workload), this.#port.decided()]);
    if (item !== undefined) return proposalShape(item, decided);
    const { namespace, kind, name } = workload;
    throw new Problem(404, { code: 'proposal-missing', subject: `${namespace}/${kind}/${name}`, message: 'has no proposal', hint: 'it may be gone, or not be known yet: list what is proposed' });
  }

  @Serves(routes.revisions)
  async revisions(@Query({ schema: routes.revisions.query }) { limit, cursor }: z.output<typeof routes.revisions.query>): Promise<unknown> {
    const decided = await this.#port.decided();
    const newest = decided.revisions.length;
    const first = cursor === undefined ? newest : Math.min(newest, pageStart(cursor));
    const records = decided.revisions.slice(Math.max(0, first - limit), first).reverse();
    return { items: records.map((record) => revisionSummaryShape(record, decided)), ...(first > limit ? { next: String(first - limit) } : {}) };
  }

  @Serves(routes.revision)
  async revision(@Param({ schema: routes.revision.params }) { number }: z.output<typeof routes.revision.params>): Promise<unknown> {
    const [revision, decided] = await Promise.all([this.#port.revision(number), this.#port.decided()]);
    const record = decided.revisions[number - 1];
    if (revision !== undefined && record !== undefined) return revisionShape(revision, record, decided);
    throw new Problem(404, { code: 'no-such-revision', subject: `revision ${String(number)}`, message: 'was never made', hint: `the newest is ${String(decided.revisions.length)}` });
  }

  @Serves(routes.nodes)
  async nodes(): Promise<NodesShape> {
    return { nodes: await this.#port.nodes() };
  }

  @Serves(routes.projects)
  async projects(): Promise<ProjectsShape> {
    const [decided, waiting] = await Promise.all([this.#port.decided(), this.#port.waitingProjects()]);
    return projectsShape(decided, waiting);
  }

  @Serves(routes.outputs)
  async outputs(): Promise<OutputsShape> {
    return { outputs: await this.#port.outputs() };
  }

  @Serves(routes.modes)
  async modes(): Promise<ModesShape> {
    const [decided, scopes] = await Promise.all([this.#port.decided(), this.#port.scopes()]);
    return modesShape(decided, scopes);
  }

  @Serves(routes.workloadModes)
  async workloadModes(@Query({ schema: routes.workloadModes.query }) { limit, cursor, ...filter }: z.output<typeof routes.workloadModes.query>): Promise<unknown> {
    const page = await this.#port.workloadModes(present(filter), present({ limit, cursor }));
    return { ...page, items: page.items.map(workloadModeShape) };
  }

  @Serves(routes.journal)
  async journal(@Query({ schema: routes.journal.query }) { after, limit }: z.output<typeof routes.journal.query>): Promise<JournalShape> {
    return { entries: (await this.#port.journal(after, limit)).map(entryShape) };
  }

  @Serves(routes.journalVerification)
  async journalVerification(): Promise<VerificationShape> {
    return this.#port.verifyJournal();
  }

  @Serves(routes.why)
  async why(@Query({ schema: routes.why.query }) query: z.output<typeof routes.why.query>): Promise<WhyShape> {
    return whyShape(answerOf(await this.#port.why(present(query))));
  }

  @Serves(routes.diff)
  async diff(@Query({ schema: routes.diff.query }) { before, after }: z.output<typeof routes.diff.query>): Promise<ConnectivityShape> {
    return connectivityShape(answerOf(await this.#port.diff(before, after)));
  }

  @Serves(routes.previewMode)
  async previewMode(@Body({ schema: routes.previewMode.body }) question: z.output<typeof routes.previewMode.body>): Promise<ModePreviewShape> {
    return modePreviewShape(question, answerOf(await this.#port.previewMode(present(question))));
  }

  @Serves(routes.simulate)
  async simulate(@Body({ schema: routes.simulate.body }) question: z.output<typeof routes.simulate.body>): Promise<SimulationShape> {
    return simulationShape(answerOf(await this.#port.simulate(question)));
  }
}

function answerOf<Value>(answer: Answer<Value>): Value {
  if (answer.kind === 'answer') return answer.value;
  throw Problem.of(422, answer.diagnostics, { code: 'unanswerable', subject: 'the question', message: 'has no answer', hint: 'ask about what is there' });
}

function pageStart(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new Problem(400, { code: 'cursor-unreadable', subject: 'query cursor', message: 'is none that was given out', hint: 'take what the page before gave as next' });
}

type Present<T> = { readonly [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key] } & { readonly [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined> };

/** Leaves out what is undefined: a filter that is absent is not a filter for nothing. */
export function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}
