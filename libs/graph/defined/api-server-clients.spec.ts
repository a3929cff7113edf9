import { describe, expect, it } from '@jest/globals';

import { deployment, edgesOf, inferText } from '../../../test/support/infer-text.ts';

const ROLE = `---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [pods], verbs: [list]}]
`;

function binding(account: string): string {
  return `---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reader-${account}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{kind: ServiceAccount, name: ${account}, namespace: shop}]
`;
}

function account(name: string, automount: boolean): string {
  return `---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: ${name}, namespace: shop}\nautomountServiceAccountToken: ${String(automount)}\n`;
}

const CALL = 'shop/Deployment/agent -> kube-apiserver 443/TCP';
const projected = 'volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: token}}]}}]';

describe('clients of the API server', () => {
  it.each([
    ['an account that is bound, with its token mounted', account('agent', true) + binding('agent') + deployment('agent', { podSpec: 'serviceAccountName: agent' }), [CALL]],
    ['an account that is granted nothing', account('agent', true) + deployment('agent', { podSpec: 'serviceAccountName: agent' }), []],
    ['a bound account whose token is mounted nowhere', account('agent', false) + binding('agent') + deployment('agent', { podSpec: 'serviceAccountName: agent' }), []],
    [
      'a token that is projected though mounting is off',
      account('agent', false) + binding('agent') + deployment('agent', { podSpec: `serviceAccountName: agent\n      ${projected}`, container: 'volumeMounts: [{name: t, mountPath: /token}]' }),
      [CALL],
    ],
    ['the default account, which whoever names none shares', binding('default') + deployment('agent'), [`${CALL} weak`]],
    ['an account of the same name elsewhere', binding('agent').replace('namespace: shop', 'namespace: other') + deployment('agent', { podSpec: 'serviceAccountName: agent' }), []],
  ])('%s', (_, text, edges) => {
    expect(edgesOf(inferText(ROLE + text))).toEqual(edges);
  });

  it('says which grant it is', () => {
    const [found] = inferText(ROLE + account('agent', true) + binding('agent') + deployment('agent', { podSpec: 'serviceAccountName: agent' })).relationships;
    expect(found?.evidence.map(({ source, text }) => [source, text])).toEqual([['rbac', 'its service account agent is granted ClusterRole reader in the whole cluster and its token is mounted']]);
  });
});
