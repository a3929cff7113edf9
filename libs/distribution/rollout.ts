import { compareText, type NodeRealisation, type NodeView } from '#model';

import type { NodeNews } from './node-news.ts';
import type { BundleMark, NodeAck, NodeHello, NodeNack } from './wire-message.ts';

export interface RolloutOptions {
  /** A node that has not been heard of for so long is silent, whatever it said last. */
  readonly silentAfterMs: number;
}

interface Seen {
  node: string;
  isConnected: boolean;
  /** What it should enforce; undefined: nothing of ours. */
  desired?: BundleMark & { readonly since: number };
  /** What its kernel acknowledged last; undefined: nothing is known, null: it holds nothing. */
  held?: (BundleMark & { readonly at: number }) | null;
  /** Why what is desired is not in, as the node says. */
  failure?: BundleMark & { readonly at: number; readonly why: string };
  /** Something else than the bundle it holds is in its kernel. */
  drift?: { readonly at: number; readonly why: string };
  /** What goes away again unless somebody confirms it. */
  trial?: BundleMark & { readonly at: number; readonly until?: number };
  panic?: { readonly at: number; readonly by: string };
  firstHeardAt?: number;
  heardAt?: number;
  driver?: string;
  enforcerVersion?: string;
  elements?: number;
  commitMs?: number;
  lostEvents: number;
}

/** Where a bundle comes from that nobody but somebody on the node wanted. */
const BY_HAND: ReadonlySet<string> = new Set(['command', 'file', 'reverted']);

/**
 * What should be enforced where, against what nodes say: realised, pending, on trial, drifted, failed, silent.
 *
 * Realised is only what a node itself has said within the time: everything desired is in, nothing
 * else of ours is, and nobody has touched it. Times are arguments, in milliseconds since 1970.
 */
export class Rollout {
  readonly #options: RolloutOptions;
  readonly #nodes = new Map<string, Seen>();

  constructor(options: RolloutOptions) {
    this.#options = options;
  }

  desire(node: string, { revision, hash }: BundleMark, now: number): void {
    const seen = this.#at(node);
    const isSame = seen.desired?.revision === revision && seen.desired.hash === hash;
    if (!isSame) seen.desired = { revision, hash, since: now };
  }

  /** Nothing is desired of the node any more; without a connection it is forgotten. */
  release(node: string): void {
    const seen = this.#nodes.get(node);
    if (seen === undefined) return;
    delete seen.desired;
    delete seen.failure;
    if (!seen.isConnected) this.#nodes.delete(node);
  }

  connected(hello: NodeHello, now: number): void {
    const seen = this.#hear(hello.node, now);
    seen.isConnected = true;
    seen.lostEvents = 0;
    seen.driver = hello.driver;
    seen.enforcerVersion = hello.enforcerVersion;
    seen.held = hello.held === undefined ? null : { ...hello.held, at: now };
    delete seen.failure;
    delete seen.drift;
    delete seen.trial;
    delete seen.panic;
  }

  disconnected(node: string): void {
    const seen = this.#nodes.get(node);
    if (seen === undefined) return;
    seen.isConnected = false;
    if (seen.desired === undefined) this.#nodes.delete(node);
  }

  acked(node: string, { revision, hash, commitMs, elements }: NodeAck, now: number): void {
    const seen = this.#hear(node, now);
    this.#hold(seen, { revision, hash }, now);
    seen.commitMs = commitMs;
    seen.elements = elements;
  }

  /** `mark` is what was sent under the version that came back. */
  nacked(node: string, mark: BundleMark, { why }: NodeNack, now: number): void {
    this.#hear(node, now).failure = { revision: mark.revision, hash: mark.hash, at: now, why };
  }

  reported(node: string, news: NodeNews, now: number): void {
    const seen = this.#hear(node, now);
    switch (news.kind) {
      case 'applied':
        this.#hold(seen, news, now);
        seen.commitMs = news.commitMs;
        seen.elements = news.elements;
        seen.driver = news.driver;
        delete seen.panic;
        if (seen.trial?.hash !== news.hash) delete seen.trial;
        if (BY_HAND.has(news.origin) && news.hash !== seen.desired?.hash) seen.drift = { at: now, why: `revision ${String(news.revision)} was put in on the node itself (${news.origin})` };
        return;
      case 'drift':
        if (news.isHealed) delete seen.drift;
        else seen.drift = { at: now, why: news.why };
        return;
      case 'panic':
        seen.panic = { at: now, by: news.by };
        seen.held = null;
        delete seen.trial;
        return;
      case 'resumed':
        delete seen.panic;
        return;
      case 'status':
        this.#look(seen, news, now);
        return;
      case 'trial':
        seen.trial = { revision: news.revision, hash: news.hash, at: now, until: now + news.windowMs };
        if (seen.failure?.hash === news.hash) delete seen.failure;
        return;
      case 'confirmed':
        delete seen.trial;
        return;
      case 'reverted':
        delete seen.trial;
        if (seen.desired?.hash === news.hash) seen.failure = { revision: news.revision, hash: news.hash, at: now, why: `${news.why}, so the node went back to what it had; \`ringfence nodes retry\` tries again` };
        return;
      case 'refused':
      case 'other':
        return;
    }
  }

  /** What a node says it has not seen, added up. */
  lost(node: string, events: number, now: number): void {
    this.#hear(node, now).lostEvents += events;
  }

  /** Every node something is desired of, or that is connected; sorted. */
  views(now: number): readonly NodeView[] {
    return [...this.#nodes.values()].sort((a, b) => compareText(a.node, b.node)).map((seen) => this.#view(seen, now));
  }

  view(node: string, now: number): NodeView | undefined {
    const seen = this.#nodes.get(node);
    return seen && this.#view(seen, now);
  }

  #at(node: string): Seen {
    const known = this.#nodes.get(node) ?? { node, isConnected: false, lostEvents: 0 };
    this.#nodes.set(node, known);
    return known;
  }

  #hear(node: string, now: number): Seen {
    const seen = this.#at(node);
    seen.firstHeardAt ??= now;
    seen.heardAt = now;
    return seen;
  }

  #hold(seen: Seen, { revision, hash }: BundleMark, now: number): void {
    const isSame = seen.held?.revision === revision && seen.held.hash === hash;
    seen.held = { revision, hash, at: isSame && seen.held !== null ? (seen.held?.at ?? now) : now };
    delete seen.drift;
    if (seen.failure !== undefined && seen.failure.hash === hash) delete seen.failure;
  }

  #look(seen: Seen, news: Extract<NodeNews, { kind: 'status' }>, now: number): void {
    const { state, revision, hash, elements, differences } = news;
    this.#lookForTrial(seen, news, now);
    if (state === 'panic') seen.panic ??= { at: now, by: '' };
    else delete seen.panic;
    const isSame = seen.held?.hash === hash && seen.held?.revision === revision;
    if (hash === undefined) seen.held = null;
    else if (!isSame) this.#hold(seen, { revision: revision ?? 0, hash }, now);
    if (elements !== undefined) seen.elements = elements;
    if (differences.length === 0) delete seen.drift;
    else seen.drift ??= { at: now, why: `the kernel holds something else: ${differences.join('; ')}` };
  }

  #lookForTrial(seen: Seen, { state, revision = 0, hash, trialLeftMs }: Extract<NodeNews, { kind: 'status' }>, now: number): void {
    if (state !== 'trial' || hash === undefined) {
      delete seen.trial;
      return;
    }
    const since = seen.trial?.hash === hash ? seen.trial.at : now;
    seen.trial = { revision, hash, at: since, ...(trialLeftMs === undefined ? {} : { until: now + trialLeftMs }) };
  }

  #view(seen: Seen, now: number): NodeView {
    const { node, isConnected, driver, enforcerVersion, elements, commitMs, heardAt, lostEvents } = seen;
    return {
      node,
      isConnected,
      realisation: this.#realisation(seen, now),
      ...(driver === undefined ? {} : { driver }),
      ...(enforcerVersion === undefined ? {} : { enforcerVersion }),
      ...(elements === undefined ? {} : { elements }),
      ...(commitMs === undefined ? {} : { commitMs }),
      ...(heardAt === undefined ? {} : { lastReportAt: heardAt }),
      lostEvents,
    };
  }

  #realisation(seen: Seen, now: number): NodeRealisation {
    const { desired, held, failure, drift, trial, panic, heardAt, firstHeardAt } = seen;
    if (heardAt === undefined) return { kind: 'silent', since: desired?.since ?? now };
    if (now - heardAt > this.#options.silentAfterMs) return { kind: 'silent', since: heardAt };
    const revision = desired?.revision ?? 0;
    if (panic !== undefined) return { kind: 'drifted', revision, since: panic.at, why: `everything was opened by hand${panic.by === '' ? '' : ` by ${panic.by}`}` };
    if (failure !== undefined && failure.hash === desired?.hash) return { kind: 'failed', revision, hash: failure.hash, since: failure.at, why: failure.why };
    if (trial !== undefined) return { kind: 'trial', revision: trial.revision, hash: trial.hash, since: trial.at, ...(trial.until === undefined ? {} : { until: trial.until }) };
    if (drift !== undefined) return { kind: 'drifted', revision, since: drift.at, why: drift.why };
    if (desired === undefined) {
      if (held === null || held === undefined) return { kind: 'realised', revision, hash: '', at: firstHeardAt ?? heardAt };
      return { kind: 'drifted', revision, since: held.at, why: `it enforces revision ${String(held.revision)}, and should enforce nothing` };
    }
    if (held?.hash === desired.hash && held.revision === desired.revision) return { kind: 'realised', revision, hash: desired.hash, at: Math.max(held.at, desired.since) };
    return { kind: 'pending', revision, since: desired.since };
  }
}
