import { type Diagnostic, type Pod, podKey, type Revision, type Snapshot, sshPortOf } from '#model';
import { type HostPolicies, hostPod, hostPoliciesOf, type WorkloadMode } from '#policy';

import { changesBetween, type CompileInput } from './compile-change.ts';
import { type Digest, digestOf } from './digest.ts';
import { NodeCompiler } from './node-compiler.ts';
import type { HostEntry, Profile } from './node-bundle.ts';

/** What a node's bundle says of the node itself: as {@link NodeSettings} take it. */
export interface CompiledHost {
  readonly entry: HostEntry;
  readonly profiles: readonly Profile[];
}

export interface HostCompilerOptions {
  readonly digest: Digest;
}

/**
 * Compiles policies of programs on plain hosts into what each host enforces for itself, and keeps
 * that up to date. Costs nothing where there are no such programs.
 */
export class HostCompiler {
  readonly #options: HostCompilerOptions;
  readonly #pods = new Map<string, Pod>();
  #compiler: NodeCompiler | undefined;
  #input: CompileInput | undefined;
  #hosts: ReadonlyMap<string, CompiledHost> = new Map();
  #diagnostics: readonly Diagnostic[] = [];

  constructor(options: HostCompilerOptions) {
    this.#options = options;
  }

  diagnostics(): readonly Diagnostic[] {
    return this.#diagnostics;
  }

  /** By node, for nodes that have something to enforce for themselves; what did not change is the same object. */
  compile(revision: Revision, snapshot: Snapshot, modeOf: WorkloadMode): ReadonlyMap<string, CompiledHost> {
    const policies = [...hostPoliciesOf(revision.policies, snapshot, modeOf).values()];
    this.#diagnostics = policies.flatMap(({ diagnostics }) => diagnostics);
    if (policies.length === 0) {
      this.#compiler = undefined;
      this.#input = undefined;
      this.#hosts = new Map();
      return this.#hosts;
    }
    this.#settle({ revision: { ...revision, policies: policies.flatMap((host) => host.policies) }, snapshot: { ...snapshot, pods: new Map([...snapshot.pods, ...this.#hostPods(policies)]) } });
    const before = this.#hosts;
    this.#hosts = new Map(policies.flatMap((policy) => {
      const host = this.#hostOf(policy, snapshot);
      if (host === undefined) return [];
      const known = before.get(policy.node.name);
      return [[policy.node.name, known !== undefined && isSameHost(known, host) ? known : host] as const];
    }));
    return this.#hosts;
  }

  #settle(input: CompileInput): void {
    if (this.#compiler === undefined || this.#input === undefined) this.#compiler = new NodeCompiler(input.revision, input.snapshot, this.#options.digest);
    else this.#compiler.apply(changesBetween(this.#input, input));
    this.#input = input;
  }

  #hostPods(policies: readonly HostPolicies[]): readonly (readonly [string, Pod])[] {
    return policies.map(({ node }) => {
      const pod = this.#pods.get(node.name) ?? hostPod(node);
      this.#pods.set(node.name, pod);
      return [podKey(pod), pod];
    });
  }

  #hostOf({ node, mode }: HostPolicies, { hostWays = {} }: Snapshot): CompiledHost | undefined {
    const bundle = this.#compiler?.bundles().get(node.name);
    const key = podKey(hostPod(node));
    const ingress = bundle?.pods.find(({ pod }) => pod === key)?.ingress;
    const enforced = bundle?.profiles.find(({ name }) => name === ingress);
    if (enforced === undefined) return undefined;
    const profile = mode === 'audit' ? this.#audited(enforced) : enforced;
    const { channelPort } = hostWays;
    const entry: HostEntry = {
      addresses: node.addresses,
      ingress: profile.name,
      ...(mode === 'enforce' ? {} : { ingressMode: mode }),
      sshPort: sshPortOf(node.name, hostWays),
      ...(channelPort === undefined ? {} : { channelPort }),
    };
    return { entry, profiles: [profile] };
  }

  /** Broadcasts, groups and addresses of a link reach a host as well, so its addresses do not tell what to let through. */
  #audited(profile: Profile): Profile {
    return { ...profile, name: `${profile.name}_t`, digest: digestOf(this.#options.digest, [profile.digest, 'audited']), isAudited: true };
  }
}

/** The host part of one node, compiled from scratch; undefined where it has nothing to enforce for itself. */
export function hostEntryOf(revision: Revision, snapshot: Snapshot, node: string, options: HostCompilerOptions & { readonly modeOf?: WorkloadMode }): CompiledHost | undefined {
  return new HostCompiler(options).compile(revision, snapshot, options.modeOf ?? (() => 'enforce')).get(node);
}

function isSameHost(a: CompiledHost, b: CompiledHost): boolean {
  const told = ({ entry, profiles }: CompiledHost): string => JSON.stringify([{ ...entry, addresses: entry.addresses.map(({ text }) => text) }, profiles.map(({ digest }) => digest)]);
  return told(a) === told(b);
}
