import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { snapshotOf } from '#inventory';
import { readPaths } from '#sources/files';
import { parse, parseAllDocuments } from 'yaml';

import { DEFAULT_OPERATOR_PORT } from '../apps/controller/src/operator/operator-app.ts';
import { readOptions as readControllerOptions } from '../apps/controller/src/options.ts';
import { readOptions as readEnforcerOptions } from '../apps/enforcer/src/options.ts';
import { knownKinds } from '../libs/sources/kubernetes/watch/watched-kind.ts';
import { repositoryRoot } from './support/shared.ts';

const manifests = join(repositoryRoot, 'manifests');

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

interface Read {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Rule[];
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace: string }[];
  readonly roleRef?: { readonly name: string };
  readonly spec?: unknown;
}

function documents(file: string): readonly Read[] {
  return parseAllDocuments(readFileSync(join(manifests, file), 'utf8')).map((document) => document.toJS() as Read);
}

function ruled(file: string): readonly string[] {
  const rules = documents(file).flatMap(({ rules = [] }) => rules);
  return rules.flatMap(({ apiGroups, resources, verbs }) => apiGroups.flatMap((group) => resources.map((resource) => `${group}/${resource} ${verbs.join()}`))).sort();
}

/** The resource of a kind, as all of these are called: `networkpolicies`, `ingresses`. */
function resourceOf(kind: string): string {
  const [group = '', name = ''] = kind.split('/');
  const word = name.toLowerCase();
  return `${group}/${word.endsWith('y') ? `${word.slice(0, -1)}ies` : word.endsWith('s') ? `${word}es` : `${word}s`}`;
}

const deployment = documents('controller/deployment.yaml').find(({ kind }) => kind === 'Deployment')!.spec as {
  readonly replicas: number;
  readonly strategy: unknown;
  readonly selector: { readonly matchLabels: unknown };
  readonly template: {
    readonly metadata: { readonly labels: unknown };
    readonly spec: {
      readonly serviceAccountName: string;
      readonly securityContext: unknown;
      readonly containers: readonly { readonly image: string; readonly command: readonly string[]; readonly args: readonly string[]; readonly ports: readonly { readonly name: string; readonly containerPort: number }[]; readonly securityContext: unknown; readonly volumeMounts: readonly { readonly mountPath: string }[] }[];
    };
  };
};
const [container] = deployment.template.spec.containers;

describe('the controller on a cluster', () => {
  it('may read every kind it watches but Secrets, and change nothing', () => {
    const watched = knownKinds().map(resourceOf);
    expect(ruled('controller/rbac.yaml')).toEqual([...watched.filter((resource) => resource !== '/secrets'), '/endpoints'].map((resource) => `${resource} get,list,watch`).sort());
  });

  it('may write NetworkPolicies, read Secrets, or take a Lease, only by files of their own', () => {
    expect(ruled('controller/rbac-replicas.yaml')).toEqual(['coordination.k8s.io/leases get,create,update']);
    expect(ruled('controller/rbac-enforce.yaml')).toEqual(['networking.k8s.io/networkpolicies get,list,create,patch,delete']);
    expect(ruled('controller/rbac-secrets.yaml')).toEqual(['/secrets get,list,watch']);
    const { resources } = parse(readFileSync(join(manifests, 'controller', 'kustomization.yaml'), 'utf8')) as { readonly resources: readonly string[] };
    expect(resources).toEqual(['rbac.yaml', 'deployment.yaml']);
  });

  it('is who the bindings name', () => {
    for (const file of ['rbac', 'rbac-enforce', 'rbac-secrets', 'rbac-replicas']) {
      const [binding, ...others] = documents(`controller/${file}.yaml`).filter(({ kind }) => kind.endsWith('RoleBinding'));
      expect(others).toEqual([]);
      expect(binding?.subjects).toEqual([{ kind: 'ServiceAccount', name: deployment.template.spec.serviceAccountName, namespace: 'ringfence' }]);
      expect(documents(`controller/${file}.yaml`).some(({ kind, metadata }) => kind.endsWith('Role') && metadata.name === binding?.roleRef?.name)).toBe(true);
    }
  });

  it('runs as nobody, with no capability, and writes to its volume alone', () => {
    expect(deployment.template.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' }, fsGroupChangePolicy: 'OnRootMismatch' });
    expect(container?.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
  });

  it('is one at a time, for its store is a file', () => {
    expect([deployment.replicas, deployment.strategy]).toEqual([1, { type: 'Recreate' }]);
    expect(deployment.template.metadata.labels).toEqual(deployment.selector.matchLabels);
  });

  it('is a program there is, with options it takes, that writes nothing to the cluster', () => {
    expect(existsSync(join(repositoryRoot, container!.command[0]!.replace('/opt/ringfence/', '')))).toBe(true);
    const reading = readControllerOptions(container!.args, {});
    expect(reading).toMatchObject({ kind: 'options', options: { source: 'kubernetes', mayWrite: false, listen: { host: '::', port: container!.ports[0]!.containerPort } } });
    const state = reading.kind === 'options' ? (reading.options.state ?? '') : '';
    expect(container!.volumeMounts.some(({ mountPath }) => state.startsWith(`${mountPath}/`))).toBe(true);
  });

  it('is where the enforcers that come with it connect', () => {
    const [patch] = documents('enforcer/from-controller.yaml') as readonly { readonly metadata: unknown; readonly spec: { readonly template: { readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] } } } }[];
    const args = patch!.spec.template.spec.containers[0]!.args;
    const reading = readEnforcerOptions(args, {});
    const service = documents('controller/deployment.yaml').find(({ kind }) => kind === 'Service')!;
    const { ports, selector } = service.spec as { readonly ports: readonly { readonly port: number; readonly targetPort: string }[]; readonly selector: unknown };
    expect(reading.kind).toBe('options');
    expect(args).toContain(`--controller=${service.metadata.name}.${String(service.metadata.namespace)}.svc:${String(ports[0]!.port)}`);
    expect([ports[0]!.targetPort, selector]).toEqual([container!.ports[0]!.name, deployment.template.metadata.labels]);
  });

  it('keeps its operator interface on the loopback of its pod', () => {
    const written = ['deployment', 'rbac', 'rbac-enforce', 'rbac-replicas', 'rbac-secrets'].map((file) => readFileSync(join(manifests, 'controller', `${file}.yaml`), 'utf8')).join('');
    expect(written).not.toMatch(new RegExp(`\\b${String(DEFAULT_OPERATOR_PORT)}\\b|hostNetwork|hostPort|portforward|pods/exec|attach|impersonate|escalate`));
    const { readinessProbe, livenessProbe, ports } = container as unknown as { readonly readinessProbe: unknown; readonly livenessProbe: unknown; readonly ports: unknown };
    // a probe of the interface would need it on the address of the pod
    expect([readinessProbe, livenessProbe]).toEqual([{ tcpSocket: { port: 'nodes' } }, expect.objectContaining({ tcpSocket: { port: 'nodes' } })]);
    expect(ports).toEqual([{ name: 'nodes', containerPort: 8471, protocol: 'TCP' }]);
  });

  it('reads as what it is with our own eyes too', () => {
    const { updates, diagnostics } = readPaths([join(manifests, 'controller'), join(manifests, 'enforcer', 'namespace.yaml')], { readStdin: () => '' });
    const { workloads } = snapshotOf(updates);
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect([...workloads.keys()]).toEqual(['ringfence/Deployment/ringfence-controller']);
  });
});
