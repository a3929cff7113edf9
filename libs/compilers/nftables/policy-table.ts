import { type AdminRule, assertNever, type Direction, type Namespace, type Pod, type Policy, type Revision, type Subject, workloadKey } from '#model';

import type { Digest } from './digest.ts';
import type { GroupTable } from './group-table.ts';
import type { PeerGroup } from './peer-group.ts';
import { policyTemplate, type PolicyTemplate } from './policy-rules.ts';
import { portSignature, ProfileState } from './profile-state.ts';
import { hangsOnLabels, type Selection, SelectionIndex } from './selection-index.ts';

/** The policies in force, and the profiles that pods make of them. */
export class PolicyTable {
  readonly #templates = new Map<Policy, readonly PolicyTemplate[]>();
  readonly #index: SelectionIndex<PolicyTemplate>;
  readonly #groups: GroupTable;
  readonly #digest: Digest;
  readonly #profiles = new Map<string, ProfileState>();
  readonly #using = new Map<PeerGroup, Set<ProfileState>>();
  #nextId = 1;

  constructor(namespaces: ReadonlyMap<string, Namespace>, groups: GroupTable, digest: Digest) {
    this.#index = new SelectionIndex(namespaces);
    this.#groups = groups;
    this.#digest = digest;
  }

  /** Puts a revision's policies in force; says which subjects are affected. A policy counts as the same only if it is the same object. */
  setRevision({ policies }: Revision): readonly Selection[] {
    const affected: Selection[] = [];
    const wanted = new Set(policies);
    const gone = [...this.#templates].filter(([policy]) => !wanted.has(policy));
    for (const policy of wanted) {
      if (this.#templates.has(policy)) continue;
      const templates = this.#templatesOf(policy);
      this.#templates.set(policy, templates);
      for (const template of templates) {
        this.#groups.acquire(template.groups);
        this.#index.add(template);
        affected.push(template.selection);
      }
    }
    // after the new ones, so that a group both use is not made again
    for (const [policy, templates] of gone) {
      this.#templates.delete(policy);
      for (const template of templates) {
        this.#index.delete(template);
        this.#groups.release(template.groups);
        affected.push(template.selection);
      }
    }
    return affected;
  }

  namespaceChanged(name: string): void {
    this.#index.namespaceChanged(name);
  }

  /** The profile each direction of a pod follows; undefined where no policy speaks about it. */
  profilesOf(pod: Pod): { readonly ingress: ProfileState | undefined; readonly egress: ProfileState | undefined } {
    const templates = this.#index.selecting(pod);
    return { ingress: this.#profileOf('ingress', templates, pod), egress: this.#profileOf('egress', templates, pod) };
  }

  follow(profile: ProfileState | undefined): void {
    if (profile === undefined) return;
    profile.followers += 1;
    if (profile.followers > 1) return;
    this.#profiles.set(profile.key, profile);
    for (const group of profile.groups) this.#using.set(group, (this.#using.get(group) ?? new Set()).add(profile));
  }

  unfollow(profile: ProfileState | undefined): void {
    if (profile === undefined) return;
    profile.followers -= 1;
    if (profile.followers > 0) return;
    this.#profiles.delete(profile.key);
    for (const group of profile.groups) {
      const users = this.#using.get(group);
      users?.delete(profile);
      if (users?.size === 0) this.#using.delete(group);
    }
  }

  /** Nodes that have to be built again because the members of a group are others. */
  nodesUsing(group: PeerGroup): readonly string[] {
    const nodes: string[] = [];
    for (const profile of this.#using.get(group) ?? []) {
      profile.membersChanged();
      nodes.push(...profile.nodes.keys());
    }
    return nodes;
  }

  // What is not known stays closed: a pod that a policy may be about is denied what the policy would deny it.
  #templatesOf(policy: Policy): readonly PolicyTemplate[] {
    const selection = selectionOf(policy.subject);
    const template = (about: Policy, selected: Selection): PolicyTemplate => policyTemplate(this.#nextId++, about, selected, this.#groups, this.#digest);
    if (selection.kind !== 'pods' || !hangsOnLabels(selection)) return [template(policy, selection)];
    const denying = policy.kind === 'namespaced' ? policy : { ...policy, ingress: policy.ingress.filter(isDenial), egress: policy.egress.filter(isDenial) };
    return [template(policy, selection), template(denying, { ...selection, certainty: 'unsure' })];
  }

  #profileOf(direction: Direction, selecting: readonly PolicyTemplate[], pod: Pod): ProfileState | undefined {
    const templates = inForce(selecting.filter((template) => template[direction] !== undefined)).sort((a, b) => a.id - b.id);
    if (templates.length === 0) return undefined;
    const signature = templates.map((template) => portSignature(template[direction]?.named ?? [], pod)).join(' ');
    const key = `${direction} ${templates.map(({ id }) => id).join()} ${signature}`;
    return this.#profiles.get(key) ?? new ProfileState(key, direction, templates, pod, this.#digest);
  }
}

// The baseline is for what no NetworkPolicy selects; one that only may select the pod adds nothing to one that does.
function inForce(speaking: readonly PolicyTemplate[]): PolicyTemplate[] {
  const isIsolated = speaking.some(({ policy }) => policy.kind === 'namespaced');
  const isSurelyIsolated = speaking.some(({ policy, selection }) => policy.kind === 'namespaced' && !isUnsure(selection));
  return speaking.filter(({ policy, selection }) => (policy.kind === 'admin' ? policy.tier === 'admin' || !isIsolated : !isSurelyIsolated || !isUnsure(selection)));
}

function isUnsure(selection: Selection): boolean {
  return selection.kind === 'pods' && selection.certainty === 'unsure';
}

function isDenial({ action }: AdminRule): boolean {
  return action === 'deny';
}

function selectionOf(subject: Subject): Selection {
  switch (subject.kind) {
    case 'pods':
      return subject;
    case 'workload':
      return { kind: 'workload', key: workloadKey(subject.workload) };
    default:
      return assertNever(subject);
  }
}
