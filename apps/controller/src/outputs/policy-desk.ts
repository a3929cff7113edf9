import type { Diagnostic, SourceUpdate } from '#model';
import type { NetworkPolicyTarget, PolicyFolder, PolicyOutcome, PolicyReport } from '#targets';
import type { Logger } from 'pino';

import { isOwnPolicy } from '../pipeline/own-policies.ts';
import type { PolicyOutputs } from '../pipeline/policy-writer.ts';

export interface PolicyDeskOptions {
  /** Absent where there is no cluster to write to. */
  readonly cluster?: NetworkPolicyTarget;
  /** Whether anything may be written to the cluster at all. */
  readonly mayWrite: boolean;
  /** Absent where nobody named a folder. */
  readonly folder?: PolicyFolder;
  /** Only the leader writes. */
  readonly isLeader: () => boolean;
  readonly log: Logger;
}

/** What others change is looked at again after so long, where nobody tells of it. */
const AGAIN_EVERY_MS = 60_000;

/**
 * Policies as objects, on their way to where a namespace wants them: one round after the other, the
 * newest only, and again now and then, for somebody may have changed them.
 */
export class PolicyDesk {
  readonly #options: PolicyDeskOptions;
  #desired: PolicyOutputs | undefined;
  #isBusy = false;
  #isDue = false;
  #timer: NodeJS.Timeout | undefined;
  #findings: readonly Diagnostic[] = [];
  #isClosed = false;

  constructor(options: PolicyDeskOptions) {
    this.#options = options;
  }

  /** What is to be there from now on, in full. */
  desire(outputs: PolicyOutputs): void {
    this.#desired = outputs;
    this.#kick();
  }

  /** What a source says: where it is of one of our NetworkPolicies, or of one that is gone, they are looked at again. */
  heard(update: SourceUpdate): void {
    const isPolicy = update.key.startsWith('networking.k8s.io/NetworkPolicy/');
    if (isPolicy && this.#desired !== undefined && (update.value === undefined || isOwnPolicy(update))) this.#kick();
  }

  diagnostics(): readonly Diagnostic[] {
    return this.#findings;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #kick(): void {
    this.#isDue = true;
    if (this.#isBusy || this.#isClosed) return;
    this.#isBusy = true;
    void this.#rounds().finally(() => {
      this.#isBusy = false;
      clearTimeout(this.#timer);
      if (!this.#isClosed) {
        this.#timer = setTimeout(() => {
          this.#kick();
        }, AGAIN_EVERY_MS);
      }
    });
  }

  async #rounds(): Promise<void> {
    while (this.#isDue && !this.#isClosed) {
      this.#isDue = false;
      if (this.#desired === undefined || !this.#options.isLeader()) continue;
      this.#findings = [...(await this.#toCluster(this.#desired)), ...this.#toFolder(this.#desired)];
    }
  }

  async #toCluster({ networkPolicies }: PolicyOutputs): Promise<readonly Diagnostic[]> {
    const { cluster, mayWrite, log } = this.#options;
    if (!mayWrite || cluster === undefined) {
      if (networkPolicies.length === 0) return [];
      const hint = cluster === undefined ? 'choose another target for these namespaces' : 'start the controller with --enforce';
      return [finding('not-written', 'NetworkPolicies', `${String(networkPolicies.length)} are due, and nothing may be written to a cluster`, hint)];
    }
    try {
      return this.#findingsOf('the cluster', await cluster.reconcile(networkPolicies));
    } catch (error) {
      log.error({ why: error instanceof Error ? error.message : String(error) }, 'NetworkPolicies are not written; tried again');
      return [finding('not-written', 'NetworkPolicies', error instanceof Error ? error.message : String(error), 'it is tried again every minute')];
    }
  }

  #toFolder({ folder: objects }: PolicyOutputs): readonly Diagnostic[] {
    const { folder } = this.#options;
    if (folder !== undefined) return this.#findingsOf('the folder', folder.reconcile(objects));
    return objects.length === 0 ? [] : [finding('no-folder', 'NetworkPolicies', `${String(objects.length)} are due in a folder, and none was named`, 'start the controller with --folder DIR')];
  }

  #findingsOf(where: string, { outcomes, why }: PolicyReport): readonly Diagnostic[] {
    const { log } = this.#options;
    for (const outcome of outcomes) if (outcome.kind !== 'unchanged') log.info({ ...outcome, where }, 'a NetworkPolicy');
    const findings = outcomes.flatMap(outcomeFinding);
    return why === undefined ? findings : [...findings, finding('not-written', where, why, 'it is tried again every minute')];
  }
}

function outcomeFinding(outcome: PolicyOutcome): readonly Diagnostic[] {
  const subject = `NetworkPolicy ${outcome.namespace}/${outcome.name}`;
  if (outcome.kind === 'conflict') return [finding('policy-conflict', subject, outcome.why, 'it is left as it is; agree with whoever manages it')];
  return outcome.kind === 'failed' ? [finding('policy-failed', subject, outcome.why, 'it is tried again every minute')] : [];
}

function finding(code: string, subject: string, message: string, hint: string): Diagnostic {
  return { code, severity: 'warning', subject, message, hint };
}
