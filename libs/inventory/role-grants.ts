import { type RoleGrant, type ServiceAccount, type Workload, compareText } from '#model';

import type { BindingDraft, RoleDraft, RoleSubject } from './found.ts';

/**
 * The grants of all bindings: one per binding and service account.
 *
 * A binding to a role that grants nothing is none. A role that is not in the input (`view`,
 * `cluster-admin` and the like are in every cluster) is taken to grant something. A group of
 * accounts stands for those the input declares or uses.
 */
export function roleGrants(
  bindings: readonly BindingDraft[],
  roles: readonly RoleDraft[],
  accounts: ReadonlyMap<string, ServiceAccount>,
  workloads: Iterable<Workload>,
): readonly RoleGrant[] {
  const known = knownAccounts(accounts, workloads);
  const empty = new Set(roles.filter((role) => !role.grantsSomething).map(roleKey));
  const grants = new Map<string, RoleGrant>();
  for (const binding of bindings) {
    const roleNamespace = binding.roleKind === 'Role' ? binding.namespace : '';
    if (empty.has(roleKey({ kind: binding.roleKind, namespace: roleNamespace, name: binding.role }))) continue;
    for (const serviceAccount of binding.subjects.flatMap((subject) => accountsOf(subject, known))) {
      const name = binding.namespace === '' ? `ClusterRoleBinding ${binding.name}` : `RoleBinding ${binding.namespace}/${binding.name}`;
      grants.set(`${name} ${serviceAccount.namespace}/${serviceAccount.name}`, {
        binding: name,
        role: `${binding.roleKind} ${binding.role}`,
        ...(binding.namespace === '' ? {} : { namespace: binding.namespace }),
        serviceAccount,
        origin: binding.origin,
      });
    }
  }
  return [...grants.keys()].sort(compareText).flatMap((key) => grants.get(key) ?? []);
}

interface AccountName {
  readonly namespace: string;
  readonly name: string;
}

function accountsOf(subject: RoleSubject, known: readonly AccountName[]): readonly AccountName[] {
  if (subject.kind === 'account') return [{ namespace: subject.namespace, name: subject.name }];
  return known.filter((account) => subject.namespace === '*' || subject.namespace === account.namespace);
}

function knownAccounts(accounts: ReadonlyMap<string, ServiceAccount>, workloads: Iterable<Workload>): readonly AccountName[] {
  const known = new Map<string, AccountName>();
  for (const { namespace, name } of accounts.values()) known.set(`${namespace}/${name}`, { namespace, name });
  for (const { ref, platform, serviceAccount } of workloads) {
    if (platform === 'kubernetes') known.set(`${ref.namespace}/${serviceAccount}`, { namespace: ref.namespace, name: serviceAccount });
  }
  return [...known.values()];
}

function roleKey({ kind, namespace, name }: Pick<RoleDraft, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace}/${name}`;
}
