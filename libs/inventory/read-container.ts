import { type Container, type ContainerPort, type EnvEntry, type EnvFrom, type EnvSource, type ProbePort, type Protocol, isPortNumber, isProtocol } from '#model';

import type { Fields } from './object-reading.ts';
import { type Volumes, readMounts } from './read-mounts.ts';

/** Init containers first, as they run. */
export function readContainers(podSpec: Fields, volumes: Volumes): readonly Container[] {
  const init = podSpec.objects('initContainers').map((fields) => readContainer(fields, fields.text('restartPolicy') === 'Always' ? 'sidecar' : 'init', volumes));
  const main = podSpec.objects('containers').map((fields) => readContainer(fields, 'main', volumes));
  if (main.length === 0) podSpec.reading.refuseMissing(podSpec.pathOf('containers'));
  return [...init, ...main];
}

export function readContainer(fields: Fields, role: Container['role'], volumes: Volumes): Container {
  return {
    name: fields.text('name') ?? '',
    role,
    image: fields.text('image') ?? '',
    command: fields.texts('command'),
    args: fields.texts('args'),
    env: readEnv(fields),
    envFrom: readEnvFrom(fields),
    ports: readPorts(fields),
    mounts: readMounts(fields, volumes),
    probes: readProbes(fields),
    origin: fields.reading.originOf(fields.body),
  };
}

function readEnv(container: Fields): readonly EnvEntry[] {
  const entries: EnvEntry[] = [];
  for (const entry of container.objects('env')) {
    const name = entry.text('name');
    if (name === undefined || name === '') {
      entry.reading.say('warning', 'no-name', `${entry.path}: a variable has no name and is left out`, 'name it; the API server refuses it');
      continue;
    }
    const value = entry.text('value');
    const valueFrom = entry.object('valueFrom');
    entries.push({
      name,
      ...(value !== undefined ? { value } : valueFrom === undefined ? { value: '' } : { from: readEnvSource(valueFrom) }),
      origin: entry.reading.originOf(entry.body),
    });
  }
  return entries;
}

function readEnvSource(valueFrom: Fields): EnvSource {
  const configMap = valueFrom.object('configMapKeyRef');
  if (configMap !== undefined) return { kind: 'configMap', name: configMap.text('name') ?? '', key: configMap.text('key') ?? '' };
  const secret = valueFrom.object('secretKeyRef');
  if (secret !== undefined) return { kind: 'secret', name: secret.text('name') ?? '', key: secret.text('key') ?? '' };
  const path = valueFrom.object('fieldRef')?.text('fieldPath');
  return path === undefined ? { kind: 'other' } : { kind: 'field', path };
}

function readEnvFrom(container: Fields): readonly EnvFrom[] {
  const found: EnvFrom[] = [];
  for (const source of container.objects('envFrom')) {
    const prefix = source.text('prefix') ?? '';
    const configMap = source.object('configMapRef')?.text('name');
    if (configMap !== undefined) found.push({ kind: 'configMap', name: configMap, prefix });
    const secret = source.object('secretRef')?.text('name');
    if (secret !== undefined) found.push({ kind: 'secret', name: secret, prefix });
  }
  return found;
}

function readPorts(container: Fields): readonly ContainerPort[] {
  const ports: ContainerPort[] = [];
  for (const fields of container.objects('ports')) {
    const port = readPortNumber(fields, 'containerPort');
    const protocol = readProtocol(fields);
    const name = fields.text('name');
    const hostPort = fields.raw('hostPort');
    if (port === undefined) continue;
    ports.push({ ...(name === undefined || name === '' ? {} : { name }), port, protocol, ...(isPortNumber(hostPort) ? { hostPort } : {}) });
  }
  return ports;
}

/** A port from 1 to 65535, given as a number; anything else refuses the object. */
export function readPortNumber(fields: Fields, key: string): number | undefined {
  const value = fields.raw(key);
  if (isPortNumber(value)) return value;
  fields.refuse(key, 'is not a port number from 1 to 65535');
  return undefined;
}

/** TCP where none is given. */
export function readProtocol(fields: Fields): Protocol {
  const text = fields.text('protocol') ?? 'TCP';
  if (isProtocol(text) && text !== 'ICMP') return text;
  fields.refuse('protocol', 'is not TCP, UDP or SCTP');
  return 'TCP';
}

/** A port by number or by name; a number in quotes is a number. */
export function readPortReference(fields: Fields, key: string): number | string | undefined {
  const value = fields.raw(key);
  if (value === undefined || value === 0 || value === '') return undefined;
  if (isPortNumber(value)) return value;
  if (typeof value === 'string') {
    if (isPortNumber(Number(value))) return Number(value);
    if (/^(?=.*[A-Za-z])[-A-Za-z0-9]{1,63}$/.test(value)) return value;
  }
  fields.refuse(key, 'is neither a port number nor the name of a port');
  return undefined;
}

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;
const HOOKS = ['postStart', 'preStop'] as const;

/** Every port the kubelet calls: probes and lifecycle hooks. One with a `host` goes somewhere else. */
function readProbes(container: Fields): readonly ProbePort[] {
  const handlers = [...PROBES.map((key) => container.object(key)), ...HOOKS.map((key) => container.at('lifecycle', key))];
  const found = new Map<number | string, ProbePort>();
  for (const handler of handlers) {
    for (const kind of ['httpGet', 'tcpSocket', 'grpc']) {
      const action = handler?.object(kind);
      if (action === undefined || (action.text('host') ?? '') !== '') continue;
      const port = readPortReference(action, 'port');
      if (port !== undefined) found.set(port, { port, protocol: 'TCP' });
    }
  }
  return [...found.values()];
}
