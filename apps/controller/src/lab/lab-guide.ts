import { workloadKey, type WorkloadRef } from '#model';

import type { Controller } from '../controller.ts';
import type { ReviewItem } from '../pipeline/answers/live-list.ts';
import type { LabView } from './lab-view.ts';

/** What the intruder of the lab is after, and from where. */
const PRIZE: WorkloadRef = { namespace: 'shop-data', kind: 'StatefulSet', name: 'sales-db' };
const INTRUDER = 'shop/Deployment/reviews';

/** Looks at the controller as an operator would, and says what there is to do. */
export class LabGuide {
  readonly #controller: Controller;
  readonly #view: LabView;
  readonly #hasEnforcers: boolean;
  #isLooking = false;
  #hasToldProposals = false;
  #hasToldPrize = false;
  #revision: number;
  #isRealised = true;

  /** `hasEnforcers`: packets are real, and a revision is something kernels hold. */
  constructor(controller: Controller, view: LabView, hasEnforcers: boolean) {
    this.#hasEnforcers = hasEnforcers;
    this.#controller = controller;
    this.#view = view;
    this.#revision = controller.state.revisions.length;
  }

  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#lookAround();
    } catch (error) {
      this.#view.say(`the controller does not answer: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.#isLooking = false;
    }
  }

  async #lookAround(): Promise<void> {
    const { operator, nodes } = this.#controller;
    const { reviews, revision } = await operator.status();
    const { relationships } = await operator.graph({});
    const views = nodes.views();
    const realised = views.filter(({ realisation }) => realisation.kind === 'realised' && realisation.revision === revision).length;
    this.#tellRevision(revision, realised, views.length);
    this.#view.numbers({
      relationships: relationships.length,
      seen: relationships.filter(({ evidence }) => evidence.some(({ kind }) => kind === 'observed')).length,
      proposals: reviews.proposed + reviews.edited,
      approved: reviews.approved,
      revision,
      ...(this.#hasEnforcers ? { nodes: { realised, all: views.length } } : {}),
    });
    if (!this.#hasToldProposals && reviews.proposed > 0) this.#tellProposals(reviews.proposed);
    if (!this.#hasToldPrize) this.#tellPrize(await operator.review(PRIZE));
  }

  #tellProposals(count: number): void {
    this.#hasToldProposals = true;
    this.#view.say(`      ${String(count)} proposals. To look at them, in another terminal, in this folder:  bin/ringfence proposals`);
  }

  // once the intruder is in the evidence, so that the rule it would get is there to be left out
  #tellPrize(item: ReviewItem | undefined): void {
    if (item === undefined || item.approval !== undefined) return;
    const { ingress } = item.proposal;
    const rule = ingress.kind === 'closed' ? ingress.rules.find(({ peers }) => peers !== 'any' && peers.some((peer) => peer.kind === 'workload' && workloadKey(peer.workload) === INTRUDER)) : undefined;
    if (rule === undefined) return;
    this.#hasToldPrize = true;
    const name = workloadKey(PRIZE);
    this.#view.say('');
    this.#view.say(`      ${INTRUDER} was seen at ${name}, and nobody declared it: the proposal shows it as undeclared, and in quarantine, so it is left out unless somebody admits it.`);
    this.#view.say('      Look at it, and approve the rest (it shows first what would die):');
    this.#view.say(`        bin/ringfence show ${name}`);
    this.#view.say(`        bin/ringfence approve ${name} --reason "reviews has no business there"`);
    this.#view.say('');
  }

  #tellRevision(revision: number, realised: number, all: number): void {
    if (revision !== this.#revision) {
      this.#revision = revision;
      this.#isRealised = false;
      const current = this.#controller.state.revisions.at(-1);
      this.#view.say(`      Revision ${String(revision)} by ${current?.decided.by.name ?? 'somebody'}: ${current?.reason ?? ''}`);
    }
    if (this.#isRealised || (this.#hasEnforcers && realised < all)) return;
    this.#isRealised = true;
    const where = this.#hasEnforcers ? `is in the kernel of all ${String(all)} nodes` : 'decides from now on what of the recording gets through';
    this.#view.say(`      Revision ${String(revision)} ${where}. Why is something dropped?  bin/ringfence why ${INTRUDER} ${workloadKey(PRIZE)}`);
  }
}
