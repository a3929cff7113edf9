import { describe, expect, it } from '@jest/globals';

import { snapshotFromYaml } from '../../test/support/manifests.ts';

const group = 'apiVersion: rbac.authorization.k8s.io/v1';

function grants(yaml: string): readonly string[] {
  return snapshotFromYaml(yaml).roleGrants.map(({ binding, role, namespace, serviceAccount }) => `${binding} | ${role} | ${namespace ?? '*'} | ${serviceAccount.namespace}/${serviceAccount.name}`);
}

function binding(kind: string, role: string, subjects: string): string {
  return `${group}\nkind: ${kind}\nmetadata: {name: b${kind === 'RoleBinding' ? ', namespace: shop' : ''}}\nroleRef: ${role}\nsubjects: ${subjects}`;
}

const view = '{kind: ClusterRole, name: view}';

describe('role grants', () => {
  it.each([
    ['a binding in a namespace', binding('RoleBinding', '{kind: Role, name: r}', '[{kind: ServiceAccount, name: a, namespace: ops}]'), ['RoleBinding shop/b | Role r | shop | ops/a']],
    ['a binding for the whole cluster, to a role every cluster has', binding('ClusterRoleBinding', view, '[{kind: ServiceAccount, name: a, namespace: ops}]'), ['ClusterRoleBinding b | ClusterRole view | * | ops/a']],
    ['an account without a namespace: the binding has one', binding('RoleBinding', view, '[{kind: ServiceAccount, name: a}]'), ['RoleBinding shop/b | ClusterRole view | shop | shop/a']],
    ['an account named as a user', binding('RoleBinding', view, '[{kind: User, name: "system:serviceaccount:ops:a"}]'), ['RoleBinding shop/b | ClusterRole view | shop | ops/a']],
    ['people and groups of people', binding('RoleBinding', view, '[{kind: User, name: alice}, {kind: Group, name: admins}]'), []],
    ['no subjects', binding('RoleBinding', view, 'null'), []],
    ['a role that grants nothing', `${binding('RoleBinding', '{kind: Role, name: r}', '[{kind: ServiceAccount, name: a}]')}\n---\n${group}\nkind: Role\nmetadata: {name: r, namespace: shop}\nrules: []`, []],
    ['a role of that name in another namespace that grants nothing', `${binding('RoleBinding', '{kind: Role, name: r}', '[{kind: ServiceAccount, name: a}]')}\n---\n${group}\nkind: Role\nmetadata: {name: r, namespace: ops}\nrules: []`, ['RoleBinding shop/b | Role r | shop | shop/a']],
    ['an aggregated role', `${binding('RoleBinding', '{kind: ClusterRole, name: r}', '[{kind: ServiceAccount, name: a}]')}\n---\n${group}\nkind: ClusterRole\nmetadata: {name: r}\naggregationRule: {}\nrules: null`, ['RoleBinding shop/b | ClusterRole r | shop | shop/a']],
    ['all accounts of a namespace', `${binding('ClusterRoleBinding', view, '[{kind: Group, name: "system:serviceaccounts:ops"}]')}\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, namespace: ops}\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: b, namespace: shop}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: ops}\nspec: {containers: [{name: c}]}`, ['ClusterRoleBinding b | ClusterRole view | * | ops/a', 'ClusterRoleBinding b | ClusterRole view | * | ops/default']],
  ])('%s', (_name, yaml, expected) => {
    expect(grants(yaml)).toEqual(expected);
  });

  it('warns of an account without any namespace', () => {
    expect(snapshotFromYaml(binding('ClusterRoleBinding', view, '[{kind: ServiceAccount, name: a}]')).diagnostics).toMatchObject([{ code: 'no-namespace' }]);
  });
});
