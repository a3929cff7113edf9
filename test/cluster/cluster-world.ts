import type { JsonObject } from '#model';

import type { ClusterClient } from './cluster-client.ts';

/** Adds nodes nobody runs: what is on them is for the test to tell. */
export async function addNodes(client: ClusterClient, names: readonly string[]): Promise<void> {
  for (const [index, name] of names.entries()) {
    await client.create('/api/v1/nodes', { metadata: { name, labels: { 'kubernetes.io/hostname': name } }, spec: {} });
    // put there until a kubelet reports
    await client.patch(`/api/v1/nodes/${name}`, { spec: { taints: null } });
    await client.patch(`/api/v1/nodes/${name}/status`, {
      status: {
        addresses: [
          { type: 'InternalIP', address: `172.20.0.${String(index + 1)}` },
          { type: 'InternalIP', address: `fd00:20::${String(index + 1)}` },
        ],
        conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: '2026-01-01T00:00:00Z', lastTransitionTime: '2026-01-01T00:00:00Z' }],
        allocatable: { cpu: '100', memory: '100Gi', pods: '1000' },
        capacity: { cpu: '100', memory: '100Gi', pods: '1000' },
      },
    });
  }
}

export async function addNamespace(client: ClusterClient, name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
  await client.create('/api/v1/namespaces', { metadata: { name, labels } });
}

export function podBody(name: string, labels: Readonly<Record<string, string>>, node = 'node-a'): JsonObject {
  return { metadata: { name, labels }, spec: { nodeName: node, containers: [{ name: 'main', image: 'registry.example/web:1', ports: [{ containerPort: 8080 }] }] } };
}

/** What a kubelet would tell of a pod that runs. */
export function running(ip4: string, ip6: string): JsonObject {
  return {
    status: {
      phase: 'Running',
      podIP: ip4,
      podIPs: [{ ip: ip4 }, { ip: ip6 }],
      startTime: '2026-01-01T00:00:00Z',
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({ type, status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' })),
    },
  };
}

/** A Deployment with its Service. */
export async function deploy(client: ClusterClient, namespace: string, name: string, replicas: number, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const labels = { 'app.kubernetes.io/name': name };
  await client.create(`/apis/apps/v1/namespaces/${namespace}/deployments`, {
    metadata: { name, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'main', image: `registry.example/${name}:1`, ports: [{ name: 'main', containerPort: 8080 }], env: Object.entries(env).map(([key, value]) => ({ name: key, value })) }] },
      },
    },
  });
  await client.create(`/api/v1/namespaces/${namespace}/services`, { metadata: { name, labels }, spec: { selector: labels, ipFamilyPolicy: 'PreferDualStack', ports: [{ name: 'main', port: 80, targetPort: 'main' }] } });
}

/** Does something many times, some at a time. */
export async function many(count: number, atATime: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const go = async (): Promise<void> => {
    for (let index = next; index < count; index = next) {
      next += 1;
      await work(index);
    }
  };
  await Promise.all(Array.from({ length: atATime }, go));
}
