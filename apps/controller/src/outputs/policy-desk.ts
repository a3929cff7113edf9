import { PolicyRollout } from '#distribution';
import { assertNever, type Diagnostic, type OutputView, type PolicyOutcome, type PolicyOutput, type PolicyRealisation, type PolicyReport, type SourceUpdate, type WorkloadKey, type WorkloadRef, workloadKey } from '#model';
import type { NetworkPolicyTarget, PolicyFolder } from '#targets';
import type { Logger } from 'pino';

import type { WrittenPolicy } from '../pipeline/answers/live-answer.ts';
import { isOwnPolicy } from '../pipeline/own-policies.ts';
import type { PolicyOutputs } from '../pipeline/policy-writer.ts';

export interface PolicyDeskOptions {
  /** Absent where there is no cluster to write to. */
  readonly cluster?: NetworkPolicyTarget;
  /** Whether anything may be written to the cluster at all. */
  readonly mayWrite: boolean;
  /** Absent where nobody named a folder. */
  readonly folder?: PolicyFolder;
  /** Where they are, for people. */
  readonly places?: Readonly<Partial<Record<PolicyOutput, string>>>;
  /** Only the leader writes; the others look. */
  readonly isLeader: () => boolean;
  /** Something stands differently. */
  readonly onChange: (outputs: readonly PolicyOutput[]) => void;
  readonly now: () => number;
  /** What others change is looked at again after so long, where nobody tells of it. */
  readonly againEveryMs?: number;
  readonly log: Logger;
}

const AGAIN_EVERY_MS = 60_000;

/**
 * Policies as objects, on their way to where a namespace wants them: one round after the other, the
 * newest only, and again now and then, for somebody may have changed them. What each round found is
 * kept, so that anybody may ask what is realised there.
 */
export class PolicyDesk {
  readonly #options: PolicyDeskOptions;
  readonly #rollouts: Readonly<Record<PolicyOutput, PolicyRollout>>;
  readonly #told = new Map<PolicyOutput, string>();
  #desired: PolicyOutputs | undefined;
  #isBusy = false;
  #isDue = false;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: PolicyDeskOptions) {
    this.#options = options;
    const { places = {} } = options;
    this.#rollouts = { networkpolicy: new PolicyRollout('networkpolicy', places.networkpolicy), folder: new PolicyRollout('folder', places.folder) };
  }

  /** What is to be there from now on, in full. */
  desire(outputs: PolicyOutputs): void {
    this.#desired = outputs;
    const { revision, networkPolicies, folder } = outputs;
    const now = this.#options.now();
    this.#rollouts.networkpolicy.desire({ revision, policies: networkPolicies.map(({ metadata }) => metadata) }, now);
    this.#rollouts.folder.desire({ revision, policies: folder.map(({ metadata }) => metadata) }, now);
    this.kick();
  }

  /** What a source says: where it is of one of our NetworkPolicies, or of one that is gone, they are looked at again. */
  heard(update: SourceUpdate): void {
    const isPolicy = update.key.startsWith('networking.k8s.io/NetworkPolicy/');
    if (isPolicy && this.#desired !== undefined && (update.value === undefined || isOwnPolicy(update))) this.kick();
  }

  views(): readonly OutputView[] {
    return [this.#rollouts.networkpolicy.view(), this.#rollouts.folder.view()];
  }

  /** How the rules of a workload stand in an output of its namespace. */
  written(output: PolicyOutput, workload: WorkloadRef): WrittenPolicy {
    const key = workloadKey(workload);
    const place = this.#desired?.covers.find((each) => each.workload === key);
    if (place === undefined) return { output };
    const realisation = this.#rollouts[output].realisationOf(place.namespace, place.name);
    return { output, policy: `${place.namespace}/${place.name}`, ...(realisation === undefined ? {} : { realisation }) };
  }

  /** Workloads whose NetworkPolicy is on the API server as it is desired, with the revision of that. A folder is not in force by itself. */
  inForce(): ReadonlyMap<WorkloadKey, number> {
    const found = new Map<WorkloadKey, number>();
    for (const { workload, namespace, name } of this.#desired?.covers ?? []) {
      const realisation = this.#rollouts.networkpolicy.realisationOf(namespace, name);
      if (realisation?.kind === 'realised') found.set(workload, realisation.revision);
    }
    return found;
  }

  diagnostics(): readonly Diagnostic[] {
    return this.views().flatMap(findingsOf);
  }

  /** Looks again at once: somebody else may write now, or something has changed. */
  kick(): void {
    this.#isDue = true;
    if (this.#isBusy || this.#isClosed) return;
    this.#isBusy = true;
    void this.#rounds().finally(() => {
      this.#isBusy = false;
      clearTimeout(this.#timer);
      if (!this.#isClosed) {
        this.#timer = setTimeout(() => {
          this.kick();
        }, this.#options.againEveryMs ?? AGAIN_EVERY_MS);
      }
    });
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #rounds(): Promise<void> {
    while (this.#isDue && !this.#isClosed) {
      this.#isDue = false;
      if (this.#desired === undefined) continue;
      await this.#toCluster(this.#desired);
      this.#toFolder(this.#desired);
      this.#tell();
    }
  }

  async #toCluster({ networkPolicies }: PolicyOutputs): Promise<void> {
    const { cluster, mayWrite, isLeader, now, log } = this.#options;
    const rollout = this.#rollouts.networkpolicy;
    if (cluster === undefined) {
      rollout.waits('there is no cluster to write to', now());
      return;
    }
    const waitsFor = mayWrite ? (isLeader() ? undefined : 'the replica that leads writes it') : 'nothing may be written to a cluster without --enforce';
    try {
      this.#took('networkpolicy', await (waitsFor === undefined ? cluster.reconcile(networkPolicies) : cluster.look(networkPolicies)), waitsFor);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log.error({ why }, 'NetworkPolicies are not written; tried again');
      rollout.reported({ outcomes: [], isRealised: false, why }, now());
    }
  }

  #toFolder({ folder: objects }: PolicyOutputs): void {
    const { folder, isLeader, now } = this.#options;
    if (folder === undefined) this.#rollouts.folder.waits('no folder was named: start the controller with --folder DIR', now());
    else if (isLeader()) this.#took('folder', folder.reconcile(objects));
    else this.#took('folder', folder.look(objects), 'the replica that leads writes it');
  }

  #took(output: PolicyOutput, report: PolicyReport, waitsFor?: string): void {
    const { log, now } = this.#options;
    for (const outcome of report.outcomes) if (isWorthALine(outcome)) log.info({ ...outcome, where: output }, 'a NetworkPolicy');
    this.#rollouts[output].reported(report, now(), waitsFor);
  }

  #tell(): void {
    const changed = this.views().filter((view) => {
      const text = JSON.stringify({ ...view, lookedAt: undefined });
      const isNew = this.#told.get(view.output) !== text;
      this.#told.set(view.output, text);
      return isNew;
    });
    if (changed.length > 0) this.#options.onChange(changed.map(({ output }) => output));
  }
}

// What only looks says the same again every minute.
function isWorthALine({ kind }: PolicyOutcome): boolean {
  return kind !== 'unchanged' && kind !== 'would-apply' && kind !== 'would-prune';
}

const NAMES: Readonly<Record<PolicyOutput, string>> = { networkpolicy: 'the cluster', folder: 'the folder' };

function findingsOf({ output, namespaces, policies }: OutputView): readonly Diagnostic[] {
  const { waiting } = policies;
  const why = namespaces.map(({ realisation }) => realisation).find(({ kind }) => kind === 'waiting');
  const due = waiting === 0 ? [] : [finding('not-written', NAMES[output], `${String(waiting)} NetworkPolicies wait${why?.kind === 'waiting' ? `: ${why.why}` : ''}`, hintFor(output))];
  return [
    ...due,
    ...namespaces.flatMap(({ namespace, troubled }) => troubled.flatMap(({ name, realisation }) => troubleFinding(`NetworkPolicy ${namespace}/${name}`, realisation))),
  ];
}

function hintFor(output: PolicyOutput): string {
  return output === 'networkpolicy' ? 'start the controller that leads with --enforce, or choose another target for these namespaces' : 'start the controller that leads with --folder DIR, or choose another target for these namespaces';
}

function troubleFinding(subject: string, realisation: PolicyRealisation): readonly Diagnostic[] {
  switch (realisation.kind) {
    case 'conflict':
      return [finding('policy-conflict', subject, realisation.why, 'it is left as it is; agree with whoever manages it')];
    case 'refused':
      return [finding('policy-refused', subject, realisation.why, realisation.by === 'access' ? 'the controller lacks the right to: see manifests/controller/rbac-enforce.yaml; it is tried again every minute' : 'it is tried again every minute')];
    case 'failed':
      return [finding('policy-failed', subject, realisation.why, 'it is tried again every minute')];
    case 'drifted':
      return [finding('policy-drifted', subject, realisation.why, 'it is healed by whoever may write')];
    case 'waiting':
    case 'pending':
    case 'realised':
    case 'pruned':
      return [];
    default:
      return assertNever(realisation);
  }
}

function finding(code: string, subject: string, message: string, hint: string): Diagnostic {
  return { code, severity: 'warning', subject, message, hint };
}
