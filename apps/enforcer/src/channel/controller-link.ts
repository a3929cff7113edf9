import type { NodeBundle } from '#compilers/nftables';
import type { NodeKeeper, NodeReport } from '#dataplane';
import type { FlowReport } from '#model';

import { ControllerPresence } from '../controller-presence.ts';
import type { Log } from '../log.ts';
import type { NodeMetadata } from '../metadata/node-metadata.ts';
import type { ControllerPlace } from '../options.ts';
import type { BundleTaker, Taking } from './bundle-taker.ts';
import { ControllerClient } from './controller-client.ts';
import { enforcerVersion } from './enforcer-version.ts';

const COMPARE_EVERY_MS = 300_000;

/** The way to the controller, as the enforcer uses it. */
export interface ControllerLink {
  /** Something happened to what is enforced. */
  told(report: NodeReport): void;
  flowsSeen(report: FlowReport): void;
  stop(): void;
}

/** Begins to keep in touch with the controller; what the kernel holds is there already. */
export function linkController(place: ControllerPlace, node: string, keeper: NodeKeeper, metadata: NodeMetadata, log: Log): ControllerLink {
  const taker = new KeeperTaker(keeper);
  const presence = new ControllerPresence(keeper);
  const client = new ControllerClient({
    controller: place.address,
    credentials: place,
    node,
    enforcerVersion: enforcerVersion(),
    taker,
    metadata,
    log,
    onPresence: (isThere) => {
      if (isThere) presence.found();
      else presence.lost();
    },
  });
  client.start();
  return {
    told: (report) => {
      taker.told(report);
      client.report(report);
      // once everything is open no more, what the controller wanted meanwhile goes in
      if (report.kind === 'resumed') setImmediate(() => { client.offerAgain(); });
    },
    flowsSeen: (report) => {
      client.flowsSeen(report);
    },
    stop: () => {
      presence.stop();
      client.stop();
    },
  };
}

/** Hands bundles to the keeper, and says of them what it reports. */
class KeeperTaker implements BundleTaker {
  readonly capabilities = ['flows', 'trial'] as const;
  readonly #keeper: NodeKeeper;
  #last: NodeReport | undefined;
  #comparedAt = performance.now();
  #differences: readonly string[] = [];

  constructor(keeper: NodeKeeper) {
    this.#keeper = keeper;
  }

  get driver(): string {
    return this.#keeper.driver;
  }

  get held(): NodeBundle | undefined {
    return this.#keeper.applied;
  }

  told(report: NodeReport): void {
    if (report.kind === 'applied' || report.kind === 'refused') this.#last = report;
    if (report.kind === 'applied') this.#differences = [];
  }

  take(bundle: NodeBundle, isAgain = false): Taking {
    this.#last = undefined;
    const outcome = this.#keeper.offer(bundle, { origin: 'channel', isAgain });
    // told while it was offered
    const last = this.#last as NodeReport | undefined;
    if (outcome.kind === 'refused') return { kind: 'refused', why: outcome.why, diagnostics: last?.kind === 'refused' ? last.diagnostics : [] };
    return { kind: 'applied', commitMs: last?.kind === 'applied' ? last.commitMs : 0, elements: this.#keeper.elements, generation: this.#keeper.generation };
  }

  confirm(hash: string, by: string): void {
    const { applied } = this.#keeper;
    // another one may be on trial by now, which nobody has looked at
    if (hash !== '' && hash !== applied?.hash) throw new Error(`confirm bundle ${hash}: ${applied === undefined ? 'none' : applied.hash} is enforced here`);
    const outcome = this.#keeper.confirm(by === '' ? 'controller' : `controller: ${by}`);
    if (outcome.kind === 'refused') throw new Error(`confirm bundle ${hash}: ${outcome.why}`);
  }

  status(): object {
    const { state, applied, generation, elements, driver } = this.#keeper;
    if (performance.now() - this.#comparedAt > COMPARE_EVERY_MS) {
      this.#comparedAt = performance.now();
      this.#differences = this.#keeper.verify();
    }
    const mark = applied === undefined ? undefined : { revision: applied.revision, hash: applied.hash };
    const trial = state.kind === 'trial' ? { trialLeftMs: Math.max(0, state.until - Date.now()) } : {};
    return { kind: 'status', state: state.kind, ...trial, ...mark, generation, elements, driver, differences: this.#differences };
  }
}
