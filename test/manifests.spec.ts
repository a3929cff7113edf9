import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { snapshotOf } from '#inventory';
import { readPaths } from '#sources/files';
import { parse } from 'yaml';

import { readOptions } from '../apps/enforcer/src/options.ts';
import { repositoryRoot } from './support/shared.ts';

const folder = join(repositoryRoot, 'manifests', 'enforcer');
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');

interface Container {
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly securityContext: unknown;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
}

interface DaemonSet {
  readonly metadata: { readonly namespace: string };
  readonly spec: {
    readonly selector: { readonly matchLabels: unknown };
    readonly template: {
      readonly metadata: { readonly labels: unknown };
      readonly spec: { readonly serviceAccountName: string; readonly hostNetwork: boolean; readonly automountServiceAccountToken: boolean; readonly containers: readonly Container[]; readonly volumes: readonly { readonly name: string; readonly hostPath: { readonly path: string } }[] };
    };
  };
}

interface ComposeService {
  readonly image: string;
  readonly command: readonly string[];
  readonly volumes: readonly string[];
}

const daemonSet = parse(read('daemonset.yaml')) as DaemonSet;
const { template } = daemonSet.spec;
const container = template.spec.containers[0]!;
const compose = (parse(read('compose.yaml')) as { readonly services: { readonly enforcer: ComposeService } }).services.enforcer;
const unit = read('ringfence-enforcer.service');
const settings = new Map(unit.split('\n').filter((line) => /^[A-Za-z]+=/.test(line)).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
const [program = '', ...unitArguments] = (settings.get('ExecStart') ?? '').split(' ');

describe('ways to run the enforcer', () => {
  it.each<[string, string, readonly string[], readonly string[]]>([
    ['DaemonSet', container.command[0]!, container.args, container.volumeMounts.map(({ mountPath }) => mountPath)],
    ['systemd unit', program, unitArguments, ['/etc/ringfence', `/var/lib/${settings.get('StateDirectory') ?? ''}`, `/run/${settings.get('RuntimeDirectory') ?? ''}`]],
    ['compose.yaml', compose.command[0]!, compose.command.slice(1), compose.volumes.map((volume) => volume.split(':')[1] ?? '')],
  ])('%s starts a program there is, with options it takes and folders it has', (_what, command, args, folders) => {
    expect(command.startsWith('/opt/ringfence/')).toBe(true);
    expect(existsSync(join(repositoryRoot, command.slice('/opt/ringfence/'.length)))).toBe(true);
    const reading = readOptions(args, {});
    expect(reading).toMatchObject({ kind: 'options', options: { driver: 'auto', watchesFlows: true } });
    const options = reading.kind === 'options' ? reading.options : undefined;
    for (const path of [options?.bundle, options?.state, options?.socket]) expect(folders.some((each) => path?.startsWith(each))).toBe(true);
  });

  it('gives it CAP_NET_ADMIN and nothing else, everywhere', () => {
    expect(container.securityContext).toEqual({ runAsUser: 0, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, seccompProfile: { type: 'RuntimeDefault' }, capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } });
    expect(compose).toMatchObject({ cap_drop: ['ALL'], cap_add: ['NET_ADMIN'], read_only: true, security_opt: ['no-new-privileges:true'], network_mode: 'host' });
    expect([settings.get('CapabilityBoundingSet'), settings.get('AmbientCapabilities'), settings.get('NoNewPrivileges')]).toEqual(['CAP_NET_ADMIN', '', 'yes']);
  });

  it('starts it again whatever ended it: a bundle on trial is taken away by the next start', () => {
    expect([settings.get('Restart'), settings.get('StartLimitIntervalSec')]).toEqual(['always', '0']);
    expect(compose).toMatchObject({ restart: 'always' });
  });

  it('gives it no credentials of the cluster', () => {
    expect(template.spec).toMatchObject({ automountServiceAccountToken: false, hostNetwork: true });
    const account = parse(read('rbac.yaml')) as { readonly kind: string; readonly metadata: unknown; readonly automountServiceAccountToken: boolean };
    expect(account).toMatchObject({ kind: 'ServiceAccount', metadata: { name: template.spec.serviceAccountName, namespace: daemonSet.metadata.namespace }, automountServiceAccountToken: false });
  });

  it('is one whole: labels, volumes, resources and images fit together', () => {
    expect(template.metadata.labels).toEqual(daemonSet.spec.selector.matchLabels);
    expect(container.volumeMounts.map(({ name }) => name)).toEqual(template.spec.volumes.map(({ name }) => name));
    expect(container.image).toBe(compose.image);
    const { resources } = parse(read('kustomization.yaml')) as { readonly resources: readonly string[] };
    expect(resources.filter((file) => !existsSync(join(folder, file)))).toEqual([]);
  });

  it('reads as what it is with our own eyes too', () => {
    const { updates, diagnostics } = readPaths([join(folder, 'daemonset.yaml'), join(folder, 'rbac.yaml'), join(folder, 'namespace.yaml')], { readStdin: () => '' });
    const { workloads } = snapshotOf(updates);
    expect(diagnostics).toEqual([]);
    expect([...workloads.keys()]).toEqual(['ringfence/DaemonSet/ringfence-enforcer']);
  });
});
