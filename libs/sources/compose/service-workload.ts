import { type ComposeFacts, type Container, type Labels, type Workload, compareText } from '#model';

import { type Attachments, readAttachments } from './attachments.ts';
import { readCommand } from './command-words.ts';
import type { ComposeModel } from './compose-model.ts';
import { readEnvironment, readUnreadEnvFiles } from './environment.ts';
import { readHealthPorts } from './health-ports.ts';
import type { Variables } from './interpolation.ts';
import { type LocatedMap, type LocatedNode, entriesOf, entryOf, isTrue, itemsOf, originOf, textOf } from './located-node.ts';
import { readMounts } from './mounts.ts';
import { shown } from './plain-text.ts';
import { readPorts } from './port-lists.ts';
import type { ProjectReading } from './project-reading.ts';

/** A service as it was read, with what names are made of kept beside the workload. */
export interface ReadService {
  readonly workload: Workload;
  readonly facts: ComposeFacts;
  readonly attachments: Attachments;
  /** `container_name`, `hostname` and network aliases. */
  readonly names: readonly string[];
}

/** Reads one service of a project; everything it refers to and that is not there is reported and left out. */
export function readService(project: string, name: string, service: LocatedMap, model: ComposeModel, variables: Variables, reading: ProjectReading): ReadService {
  const subject = `Compose service ${shown(project)}/${shown(name)}`;
  const origin = originOf(service);
  const attachments = readAttachments(service, model, subject, reading.report);
  const ports = readPorts(service, subject, reading.report);
  const container: Container = {
    name,
    role: 'main',
    image: textOf(entryOf(service, 'image')) ?? '',
    command: readCommand(entryOf(service, 'entrypoint')),
    args: readCommand(entryOf(service, 'command')),
    env: readEnvironment(service, variables, subject, reading),
    envFrom: [],
    ports: ports.container,
    mounts: readMounts(service, model, variables, subject, reading),
    probes: readHealthPorts(entryOf(service, 'healthcheck'), [name, ...readNames(service, attachments)]),
    origin,
  };
  const links = itemsOf(entryOf(service, 'links')).flatMap((item) => readLink(item, model, subject, reading));
  const extraHosts = readExtraHosts(entryOf(service, 'extra_hosts'));
  const linkAliases = links.filter(({ alias, service: target }) => alias !== target);
  const dependencies = entriesOf(entryOf(service, 'depends_on'));
  const dependsOn = [...dependencies.keys()].filter((target) => isThere(target, service, model, subject, reading)).sort();
  const startsAfter = dependsOn.filter((target) => textOf(entryOf(dependencies.get(target), 'condition')) === 'service_completed_successfully');
  const build = readBuild(entryOf(service, 'build'));
  const unreadEnvFiles = readUnreadEnvFiles(service, reading);
  const facts: ComposeFacts = {
    dependsOn,
    links: [...new Set(links.map(({ service: target }) => target))].sort(),
    networks: attachments.networks,
    published: ports.published,
    profiles: itemsOf(entryOf(service, 'profiles')).flatMap((item) => textOf(item) ?? []),
    ...(startsAfter.length === 0 ? {} : { startsAfter }),
    ...(attachments.addresses.length === 0 ? {} : { addresses: attachments.addresses }),
    ...(linkAliases.length === 0 ? {} : { linkAliases }),
    ...(extraHosts.length === 0 ? {} : { extraHosts }),
    ...(attachments.networkOf === undefined ? {} : { networkOf: attachments.networkOf }),
    ...(build === undefined ? {} : { build }),
    ...(isKeptRunning(service) ? { isKeptRunning: true } : {}),
    ...(unreadEnvFiles.length === 0 ? {} : { unreadEnvFiles }),
  };
  const workload: Workload = {
    ref: { namespace: project, kind: 'ComposeService', name },
    platform: 'compose',
    replicas: readReplicas(service),
    podLabels: toRecord([...labelPairs(entryOf(service, 'labels')), ['com.docker.compose.project', project], ['com.docker.compose.service', name]]),
    podAnnotations: toRecord(labelPairs(entryOf(service, 'annotations'))),
    labels: toRecord(labelPairs(entryOf(entryOf(service, 'deploy'), 'labels'))),
    annotations: {},
    serviceAccount: '',
    tokenMounted: false,
    hostNetwork: attachments.isHost,
    containers: [container],
    compose: facts,
    origin,
  };
  return { workload, facts, attachments, names: readNames(service, attachments) };
}

/** One text for what an image is built from. */
function readBuild(node: LocatedNode | undefined): string | undefined {
  if (node === undefined) return undefined;
  const context = textOf(node) ?? textOf(entryOf(node, 'context')) ?? '';
  return [node.at.folder, context.replace(/\/+$/, ''), textOf(entryOf(node, 'dockerfile')) ?? '', textOf(entryOf(node, 'target')) ?? ''].join('\n');
}

function isKeptRunning(service: LocatedMap): boolean {
  if (['always', 'unless-stopped'].includes(textOf(entryOf(service, 'restart')) ?? '')) return true;
  const check = entryOf(service, 'healthcheck');
  return check !== undefined && !isTrue(entryOf(check, 'disable'));
}

function readNames(service: LocatedMap, attachments: Attachments): readonly string[] {
  const hostname = textOf(entryOf(service, 'hostname'));
  const domain = textOf(entryOf(service, 'domainname'));
  const names = [textOf(entryOf(service, 'container_name')), hostname, hostname === undefined || domain === undefined ? undefined : `${hostname}.${domain}`];
  return [...names.filter((name) => name !== undefined), ...attachments.aliases];
}

function readLink(item: LocatedNode, model: ComposeModel, subject: string, reading: ProjectReading): readonly { readonly alias: string; readonly service: string }[] {
  const [service = '', alias = service] = (textOf(item) ?? '').split(':');
  return service !== '' && isThere(service, item, model, subject, reading) ? [{ alias, service }] : [];
}

function isThere(target: string, from: LocatedNode, model: ComposeModel, subject: string, { report }: ProjectReading): boolean {
  if (model.services.has(target)) return true;
  const named = entriesOf(entryOf(from, 'depends_on')).get(target);
  if (!(named !== undefined && entryOf(named, 'required') !== undefined && !isTrue(entryOf(named, 'required'))))
    report({
      code: 'compose-reference-missing',
      severity: 'warning',
      subject,
      message: `refers to the service ${shown(target)}, which is not defined`,
      hint: 'correct the name or add the service; nothing is opened for it',
      origin: originOf(named ?? from),
    });
  return false;
}

function readExtraHosts(node: LocatedNode | undefined): readonly { readonly name: string; readonly address: string }[] {
  const hosts: { readonly name: string; readonly address: string }[] = [];
  for (const [name, value] of entriesOf(node))
    for (const item of itemsOf(value)) {
      const address = textOf(item)?.replace(/^\[(.*)\]$/, '$1');
      if (name !== '' && address !== undefined && address !== '') hosts.push({ name, address });
    }
  return hosts;
}

function readReplicas(service: LocatedMap): number {
  const deploy = entryOf(service, 'deploy');
  const node = entryOf(deploy, 'replicas') ?? entryOf(service, 'scale');
  const text = textOf(node);
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : 1;
}

function labelPairs(node: LocatedNode | undefined): readonly (readonly [string, string])[] {
  return [...entriesOf(node)].map(([key, value]) => [key, textOf(value) ?? ''] as const);
}

// fromEntries defines own properties, so that a label called `__proto__` is a label.
function toRecord(pairs: readonly (readonly [string, string])[]): Labels {
  return Object.fromEntries([...pairs].sort(([a], [b]) => compareText(a, b)));
}
