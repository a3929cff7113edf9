import { compileNetworkPolicies, type NetworkPolicyCompilation, type NetworkPolicyObject } from '#compilers/kubernetes';
import { compareDiagnostics, type Diagnostic, type Mode, type OutputTarget, type Policy, type Revision, type Snapshot, type Workload, type WorkloadRef, workloadKey } from '#model';
import { lintBeside, lintPolicies, type Meeting } from '#policy';

import type { EnforcementSettings } from './node-modes.ts';

/** Policies as objects, for namespaces that are not enforced by the enforcers. */
export interface PolicyOutputs {
  /** In force, whatever of it is written here. */
  readonly revision: number;
  /** What the cluster should hold of ours, in namespaces whose target is `networkpolicy`: no more and no less. */
  readonly networkPolicies: readonly NetworkPolicyObject[];
  /** What the folder should hold, in namespaces whose target is `folder`. */
  readonly folder: readonly NetworkPolicyObject[];
  /** Which of these objects hold the rules of which workload. */
  readonly covers: NetworkPolicyCompilation['covers'];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Writes what is approved as NetworkPolicies where a namespace wants that.
 *
 * A NetworkPolicy drops what it does not name from the moment it is there, so only workloads in
 * mode `enforce` get one.
 */
export class PolicyWriter {
  readonly #enforcesExisting: boolean;
  #beside: { readonly of: readonly unknown[]; readonly findings: readonly Diagnostic[] } | undefined;
  #linted: { readonly policies: readonly Policy[]; readonly workloads: Snapshot['workloads']; readonly findings: readonly Diagnostic[] } | undefined;

  /** `enforcesExisting`: enforcers take policies of others too, so that all add up there as well. */
  constructor(enforcesExisting = false) {
    this.#enforcesExisting = enforcesExisting;
  }

  write(revision: Revision, snapshot: Snapshot, settings: EnforcementSettings): PolicyOutputs {
    const cluster = this.#compile(revision, snapshot, settings, 'networkpolicy');
    const folder = this.#compile(revision, snapshot, settings, 'folder');
    const diagnostics = [...cluster.diagnostics, ...folder.diagnostics, ...notEnforced(revision, snapshot, settings, this.#enforcesExisting), ...this.#lint(snapshot), ...this.#besideOthers(revision, snapshot, settings)];
    return { revision: revision.number, networkPolicies: cluster.objects, folder: folder.objects, covers: [...cluster.covers, ...folder.covers], diagnostics: distinct(diagnostics) };
  }

  #besideOthers(revision: Revision, snapshot: Snapshot, settings: EnforcementSettings): readonly Diagnostic[] {
    if (snapshot.policies.length === 0) return [];
    const of = [revision, snapshot.policies, snapshot.workloads, snapshot.namespaces, settings];
    if (this.#beside === undefined || of.some((part, at) => part !== this.#beside?.of[at])) this.#beside = { of, findings: this.#lintBeside(revision, snapshot, settings) };
    return this.#beside.findings;
  }

  #lintBeside(revision: Revision, snapshot: Snapshot, settings: EnforcementSettings): readonly Diagnostic[] {
    return lintBeside(revision.policies, snapshot.policies, snapshot, (policy): Meeting | undefined => {
      const workload = workloadOf(policy);
      if (workload === undefined) return undefined;
      const target = settings.targetOf(workload.namespace);
      // what the network drops it drops whatever the mode here
      if (target === 'nftables' && !this.#enforcesExisting) return 'each-drops';
      const mode = settings.modeOf(workload, snapshot);
      if (target === 'nftables') return mode === 'observe' ? undefined : 'add-up';
      return mode === 'enforce' && target !== 'none' ? 'add-up' : undefined;
    });
  }

  #compile(revision: Revision, snapshot: Snapshot, settings: EnforcementSettings, target: OutputTarget): NetworkPolicyCompilation {
    const policies = revision.policies.filter((policy) => {
      const workload = workloadOf(policy);
      return workload !== undefined && settings.targetOf(workload.namespace) === target && settings.modeOf(workload, snapshot) === 'enforce';
    });
    return policies.length === 0 ? { objects: [], covers: [], diagnostics: [] } : compileNetworkPolicies({ ...revision, policies }, snapshot);
  }

  // Policies of others, said again only when they or what runs are different.
  #lint({ policies, workloads, ...rest }: Snapshot): readonly Diagnostic[] {
    if (policies.length === 0) return [];
    if (this.#linted?.policies !== policies || this.#linted.workloads !== workloads) this.#linted = { policies, workloads, findings: lintPolicies(policies, { policies, workloads, ...rest }) };
    return this.#linted.findings;
  }
}

/** What a target cannot do for an approved workload: nobody should believe it is enforced. */
function notEnforced(revision: Revision, snapshot: Snapshot, settings: EnforcementSettings, enforcesExisting: boolean): readonly Diagnostic[] {
  const onNodes = [...snapshot.workloads.values()].filter(isOnNodeNetwork);
  return [
    ...onNodes.flatMap(({ ref }) => onHostNetwork(ref, settings.modeOf(ref, snapshot))),
    ...revision.policies.flatMap((policy) => {
      const workload = workloadOf(policy);
      if (workload === undefined || isOnNodeNetwork(snapshot.workloads.get(workloadKey(workload)))) return [];
      return finding(workload, settings.targetOf(workload.namespace), settings.modeOf(workload, snapshot), enforcesExisting);
    }),
  ];
}

// Programs of a plain host are on its network too, and are enforced there.
function isOnNodeNetwork(workload: Workload | undefined): boolean {
  return workload !== undefined && workload.hostNetwork && workload.platform !== 'host';
}

// Nothing is ever approved of these but that they stay open, so whoever sets a mode has to be told.
function onHostNetwork(workload: WorkloadRef, mode: Mode): readonly Diagnostic[] {
  if (mode === 'observe') return [];
  return [{ code: 'subject-on-host-network', severity: 'warning', subject: workloadKey(workload), message: `is set to ${mode}, and runs on the network of its node, where no policy of pods applies to it`, hint: 'give it a network of its own, or use host mode of the enforcers' }];
}

function finding(workload: WorkloadRef, target: OutputTarget, mode: Mode, enforcesExisting: boolean): readonly Diagnostic[] {
  const subject = workloadKey(workload);
  if (target === 'none' && mode !== 'observe') {
    return [{ code: 'no-target', severity: 'warning', subject, message: `is set to ${mode}, and the policies of its namespace go nowhere`, hint: 'choose a target for the namespace' }];
  }
  // enforcers leave to the network what is written for it
  if (enforcesExisting && mode === 'enforce' && (target === 'networkpolicy' || target === 'folder')) {
    return [{ code: 'target-not-enforced', severity: 'warning', subject, message: `is set to ${mode}, and its policies are written for a network that is said to enforce none`, hint: 'choose target nftables, or leave --enforce-existing out' }];
  }
  if (mode === 'audit' && (target === 'networkpolicy' || target === 'folder')) {
    return [{ code: 'audit-not-sayable', severity: 'warning', subject, message: 'is set to audit, which a NetworkPolicy cannot say, so it gets none', hint: 'let enforcers audit it (target nftables), or set it to enforce' }];
  }
  return [];
}

function workloadOf({ subject }: Policy): WorkloadRef | undefined {
  return subject.kind === 'workload' ? subject.workload : undefined;
}

function distinct(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const sorted = [...diagnostics].sort(compareDiagnostics);
  return sorted.filter((diagnostic, at) => at === 0 || compareDiagnostics(sorted[at - 1] ?? diagnostic, diagnostic) !== 0);
}
