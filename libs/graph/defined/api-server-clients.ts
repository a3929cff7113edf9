import { type RoleGrant, type Snapshot, type Workload } from '#model';

import { type DefinedFlow, definedBy } from './defined-flow.ts';

const API_SERVER_PORT = 443;

/**
 * Workloads whose service account is bound by RBAC and whose token is mounted: they call the API server.
 *
 * A token alone grants nothing worth a call. The `default` account is shared by every pod that
 * names none, so a grant to it does not say which of them, if any, is the client: a hint only.
 */
export function apiServerClients(snapshot: Snapshot): readonly DefinedFlow[] {
  const grants = grantsByAccount(snapshot.roleGrants);
  const flows: DefinedFlow[] = [];
  for (const workload of snapshot.workloads.values()) {
    if (!workload.tokenMounted) continue;
    for (const grant of grants.get(accountKey(workload.ref.namespace, workload.serviceAccount)) ?? []) flows.push(clientFlow(workload, grant));
  }
  return flows;
}

function clientFlow(workload: Workload, grant: RoleGrant): DefinedFlow {
  const isShared = workload.serviceAccount === 'default';
  const scope = grant.namespace === undefined ? 'the whole cluster' : `namespace ${grant.namespace}`;
  const text = `its service account ${workload.serviceAccount} is granted ${grant.role} in ${scope} and its token is mounted`;
  return {
    from: workload.ref,
    to: 'kube-apiserver',
    port: API_SERVER_PORT,
    protocol: 'TCP',
    application: 'https',
    confidence: isShared ? 0.4 : 0.95,
    tier: isShared ? 'weak' : 'strong',
    evidence: definedBy('rbac', grant.origin, grant.binding, text),
  };
}

function grantsByAccount(grants: readonly RoleGrant[]): ReadonlyMap<string, readonly RoleGrant[]> {
  const index = new Map<string, RoleGrant[]>();
  for (const grant of grants) {
    const key = accountKey(grant.serviceAccount.namespace, grant.serviceAccount.name);
    const known = index.get(key);
    if (known === undefined) index.set(key, [grant]);
    else known.push(grant);
  }
  return index;
}

function accountKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}
