import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
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

/** Lines of a unit file, one name often several times; an empty value forgets what was said before. */
function linesOf(...files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const lines = new Map<string, readonly string[]>();
  for (const line of files.flatMap((file) => read(file).split('\n'))) {
    const [, name = '', value = ''] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    if (name !== '') lines.set(name, value === '' ? [] : [...(lines.get(name) ?? []), value]);
  }
  return lines;
}

interface Overlay {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly cap_add?: readonly string[];
  readonly pid?: string;
  readonly volumes?: readonly string[];
}

const overlay = (file: string): Overlay => (parse(read(file)) as { readonly services: { readonly enforcer: Overlay } }).services.enforcer;
const environment = { RINGFENCE_CONTROLLER: 'controller:8471' };

describe('ways to run the enforcer of a Docker or plain host', () => {
  const unitLines = linesOf('ringfence-enforcer.service', 'from-controller.conf', 'plain-host.conf');
  const patch = parse(read('plain-host.yaml')) as { readonly metadata: unknown; readonly spec: { readonly template: { readonly spec: { readonly hostPID: boolean; readonly containers: readonly { readonly name: string; readonly env: readonly { readonly name: string; readonly value: string }[]; readonly securityContext: { readonly capabilities: { readonly add: readonly string[] } } }[] } } } };
  const [patched] = patch.spec.template.spec.containers;
  const said = Object.fromEntries((unitLines.get('Environment') ?? []).map((each) => each.split('=') as [string, string]));

  it.each<[string, readonly string[], Readonly<Record<string, string>>]>([
    ['systemd', (unitLines.get('ExecStart') ?? []).flatMap((line) => line.split(' ').slice(1)), { ...environment, ...said }],
    ['Docker', overlay('compose.from-controller.yaml').command!.slice(1), { ...environment, ...overlay('compose.plain-host.yaml').environment }],
    ['Kubernetes', (parse(read('from-controller.yaml')) as DaemonSet).spec.template.spec.containers[0]!.args, Object.fromEntries(patched!.env.map(({ name, value }) => [name, value]))],
  ])('%s: takes bundles from a controller, and tells it of units', (_what, args, variables) => {
    expect(readOptions(args, variables)).toMatchObject({ kind: 'options', options: { bundle: undefined, tellsUnits: true, findsProcesses: false, controller: { certificate: '/etc/ringfence/node.crt' } } });
    // what nobody asked for is off
    expect(readOptions(args, environment)).toMatchObject({ kind: 'options', options: { tellsUnits: false } });
  });

  it('gives what seeing programs takes to who is to see them, and to nobody else', () => {
    const needed = ['CAP_NET_ADMIN', 'CAP_SYS_PTRACE', 'CAP_DAC_READ_SEARCH'];
    expect(unitLines.get('CapabilityBoundingSet')?.flatMap((line) => line.split(' '))).toEqual(needed);
    expect([...['NET_ADMIN'], ...(overlay('compose.plain-host.yaml').cap_add ?? [])].map((name) => `CAP_${name}`)).toEqual(needed);
    expect(patched?.securityContext.capabilities.add.map((name) => `CAP_${name}`)).toEqual(needed);
    expect([overlay('compose.plain-host.yaml').pid, patch.spec.template.spec.hostPID, patched?.name]).toEqual(['host', true, 'enforcer']);
    for (const file of ['compose.from-controller.yaml', 'compose.docker.yaml']) expect(overlay(file)).not.toHaveProperty('cap_add');
    expect(linesOf('from-controller.conf').has('CapabilityBoundingSet')).toBe(false);
    expect(unitLines.get('RestrictAddressFamilies')).toEqual(['AF_UNIX AF_NETLINK', 'AF_INET AF_INET6']);
  });

  it('mounts the socket of the engine where that is asked for, and nowhere else', () => {
    expect(overlay('compose.docker.yaml').volumes).toEqual(['/var/run/docker.sock:/var/run/docker.sock']);
    expect(readOptions([], { RINGFENCE_DOCKER: overlay('compose.docker.yaml').environment!['RINGFENCE_DOCKER'] })).toMatchObject({ options: { docker: '/var/run/docker.sock' } });
    expect([compose.volumes, container.volumeMounts.map(({ mountPath }) => mountPath)].flat().filter((each) => each.includes('docker'))).toEqual([]);
  });

  it('is in the table of what there is', () => {
    const table = readFileSync(join(repositoryRoot, 'manifests', 'README.md'), 'utf8');
    for (const file of readdirSync(folder).filter((name) => !['kustomization.yaml', 'from-controller.yaml'].includes(name))) expect(table).toContain(`enforcer/${file}`);
  });
});
