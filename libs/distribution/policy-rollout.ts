import { compareText, type OutputNamespaceView, type OutputView, type PolicyOutcome, type PolicyOutput, type PolicyRealisation, type PolicyReport, type PolicyStanding } from '#model';

/** Which policies an output should hold, and of which revision. */
export interface DesiredPolicies {
  readonly revision: number;
  readonly policies: readonly { readonly namespace: string; readonly name: string }[];
}

interface Seen {
  readonly namespace: string;
  readonly name: string;
  isDesired: boolean;
  realisation: PolicyRealisation;
}

type Drift = NonNullable<OutputNamespaceView['drift']>;

/** The worst first: a namespace stands as the worst of its policies. */
const WORST_FIRST: readonly PolicyStanding[] = ['failed', 'refused', 'conflict', 'drifted', 'waiting', 'pending', 'realised', 'pruned'];
const MOST_TROUBLED = 20;
/** Of namespaces that want nothing any more the latest are remembered. */
const MOST_PRUNED = 200;

/**
 * What should be in an output, against what rounds of reconciling found there: policy by policy,
 * and told by namespace. Times are arguments, in milliseconds since 1970.
 *
 * Realised is only what a round has found or put there as it is desired now; where a round could
 * not look, nothing is.
 */
export class PolicyRollout {
  readonly #output: PolicyOutput;
  readonly #place: string | undefined;
  /** What is desired, and what is not any more and may still be there. */
  #policies = new Map<string, Seen>();
  /** Namespaces nothing of ours is in any more, the latest last. */
  readonly #pruned = new Map<string, PolicyRealisation>();
  /** The latest of each namespace. */
  readonly #drifts = new Map<string, Drift>();
  #revision = 0;
  #lookedAt: number | undefined;
  #healed = 0;

  constructor(output: PolicyOutput, place?: string) {
    this.#output = output;
    this.#place = place;
  }

  desire({ revision, policies }: DesiredPolicies, now: number): void {
    const before = this.#policies;
    const isNew = revision !== this.#revision;
    const pending: PolicyRealisation = { kind: 'pending', revision, since: now };
    this.#revision = revision;
    this.#policies = new Map();
    for (const { namespace, name } of policies) {
      const seen = before.get(keyOf(namespace, name));
      this.#policies.set(keyOf(namespace, name), !isNew && seen?.isDesired === true ? seen : { namespace, name, isDesired: true, realisation: pending });
    }
    for (const [key, seen] of before) if (!this.#policies.has(key)) this.#policies.set(key, seen.isDesired ? { ...seen, isDesired: false, realisation: pending } : seen);
  }

  /** What a round found and did; `waitsFor` says why it did not write, where it may not. */
  reported({ outcomes, why, refusedBy }: PolicyReport, now: number, waitsFor = ''): void {
    this.#lookedAt = now;
    if (why !== undefined) {
      for (const seen of this.#policies.values()) this.#stand(seen, refusedBy === undefined ? { kind: 'failed', why } : { kind: 'refused', by: refusedBy, why }, now);
      return;
    }
    const told = new Set<string>();
    for (const outcome of outcomes) {
      const { namespace, name } = outcome;
      const key = keyOf(namespace, name);
      this.#noteDrift(outcome, now);
      if (outcome.kind === 'pruned') continue;
      told.add(key);
      const seen = this.#policies.get(key) ?? { namespace, name, isDesired: false, realisation: { kind: 'pending', revision: this.#revision, since: now } };
      this.#policies.set(key, seen);
      this.#stand(seen, standingOf(outcome, waitsFor), now, outcome.kind === 'applied');
    }
    for (const [key, { namespace, isDesired }] of this.#policies) {
      if (isDesired || told.has(key)) continue;
      this.#policies.delete(key);
      this.#pruned.delete(namespace);
      this.#pruned.set(namespace, { kind: 'pruned', revision: this.#revision, since: now });
    }
    this.#forget();
  }

  /** Nothing can be looked at: there is no such output. */
  waits(why: string, now: number): void {
    for (const [key, seen] of this.#policies) {
      if (seen.isDesired) this.#stand(seen, { kind: 'waiting', why }, now);
      else this.#policies.delete(key);
    }
  }

  realisationOf(namespace: string, name: string): PolicyRealisation | undefined {
    return this.#policies.get(keyOf(namespace, name))?.realisation;
  }

  /** Sorted by namespace; with nothing in it where nothing was ever desired or found. */
  view(): OutputView {
    const byNamespace = new Map<string, Seen[]>();
    const policies = { realised: 0, pending: 0, waiting: 0, drifted: 0, conflict: 0, refused: 0, failed: 0 };
    for (const seen of this.#policies.values()) {
      if (seen.realisation.kind !== 'pruned') policies[seen.realisation.kind] += 1;
      const others = byNamespace.get(seen.namespace);
      if (others === undefined) byNamespace.set(seen.namespace, [seen]);
      else others.push(seen);
    }
    const namespaces = [
      ...[...byNamespace].map(([namespace, seen]) => this.#namespaceView(namespace, seen)),
      ...[...this.#pruned].map(([namespace, realisation]) => ({ namespace, realisation, policies: 0, troubled: [], moreTroubled: 0, ...this.#driftIn(namespace) })),
    ];
    return {
      output: this.#output,
      ...(this.#place === undefined ? {} : { place: this.#place }),
      revision: this.#revision,
      ...(this.#lookedAt === undefined ? {} : { lookedAt: this.#lookedAt }),
      policies,
      healed: this.#healed,
      namespaces: namespaces.sort((a, b) => compareText(a.namespace, b.namespace)),
    };
  }

  #namespaceView(namespace: string, seen: readonly Seen[]): OutputNamespaceView {
    // the worst, and of these the latest: since then all of it has stood no better
    const [worst] = [...seen].sort((a, b) => rank(a.realisation) - rank(b.realisation) || b.realisation.since - a.realisation.since || compareText(a.name, b.name));
    const troubled = seen.filter(({ realisation }) => realisation.kind !== 'realised').sort((a, b) => compareText(a.name, b.name));
    return {
      namespace,
      realisation: worst?.realisation ?? { kind: 'pending', revision: this.#revision, since: 0 },
      policies: seen.filter(({ isDesired }) => isDesired).length,
      troubled: troubled.slice(0, MOST_TROUBLED).map(({ name, realisation }) => ({ name, realisation })),
      moreTroubled: Math.max(0, troubled.length - MOST_TROUBLED),
      ...this.#driftIn(namespace),
    };
  }

  #driftIn(namespace: string): Pick<OutputNamespaceView, 'drift'> {
    const drift = this.#drifts.get(namespace);
    return drift === undefined ? {} : { drift };
  }

  #stand(seen: Seen, standing: Standing, now: number, isFresh = false): void {
    const { realisation: before } = seen;
    const isSame = !isFresh && before.kind === standing.kind && before.revision === this.#revision && whyOf(before) === whyOf(standing);
    seen.realisation = { ...standing, revision: this.#revision, since: isSame ? before.since : now };
  }

  #noteDrift({ kind, namespace, name, drift: what }: PolicyOutcome, now: number): void {
    const last = this.#drifts.get(namespace);
    const isOpen = last?.policy === name && last.healedAt === undefined;
    const isFine = kind === 'applied' || kind === 'unchanged';
    const healed = isFine ? { healedAt: now } : {};
    if (what !== undefined) this.#drifts.set(namespace, { at: isOpen ? last.at : now, policy: name, what, ...healed });
    // whoever changed it put it back
    else if (isOpen && isFine) this.#drifts.set(namespace, { ...last, ...healed });
    if (what !== undefined && kind === 'applied') this.#healed += 1;
  }

  #forget(): void {
    const there = new Set([...this.#policies.values()].map(({ namespace }) => namespace));
    for (const namespace of this.#pruned.keys()) if (there.has(namespace) || this.#pruned.size > MOST_PRUNED) this.#pruned.delete(namespace);
    for (const namespace of this.#drifts.keys()) if (!there.has(namespace) && !this.#pruned.has(namespace)) this.#drifts.delete(namespace);
  }
}

type Standing = PolicyRealisation extends infer One ? (One extends PolicyRealisation ? Omit<One, 'revision' | 'since'> : never) : never;

function standingOf(outcome: PolicyOutcome, waitsFor: string): Standing {
  switch (outcome.kind) {
    case 'applied':
    case 'unchanged':
      return { kind: 'realised' };
    case 'pruned':
      return { kind: 'pruned' };
    case 'would-apply':
      return outcome.drift === undefined ? { kind: 'waiting', why: waitsFor } : { kind: 'drifted', why: `${outcome.drift}; ${waitsFor}` };
    case 'would-prune':
      return { kind: 'waiting', why: `it is to be removed; ${waitsFor}` };
    case 'conflict':
      return { kind: 'conflict', why: outcome.why, managers: outcome.managers, fields: outcome.fields };
    case 'refused':
      return { kind: 'refused', by: outcome.by, why: outcome.why };
    case 'failed':
      return { kind: 'failed', why: outcome.why };
  }
}

function whyOf(standing: Standing): string | undefined {
  return 'why' in standing ? standing.why : undefined;
}

function rank({ kind }: PolicyRealisation): number {
  return WORST_FIRST.indexOf(kind);
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}
