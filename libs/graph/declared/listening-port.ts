import { type Container, type Protocol, type Workload, isPortNumber } from '#model';

import { wordsOf } from './key-words.ts';

/** A port something says a workload listens on. */
export interface ListeningPort {
  readonly port: number;
  readonly protocol: Protocol;
  readonly name?: string;
  /** Published for the machine itself only. */
  readonly isLocal?: boolean;
}

/**
 * The ports a workload listens on: those it declares, exposes or publishes; with none, those its
 * health checks call; with none, those its own settings and command line name.
 */
export function listeningPorts(server: Workload): readonly ListeningPort[] {
  const found = new Map<string, ListeningPort>();
  for (const each of server.compose?.published ?? []) {
    found.set(`${String(each.target)}/${each.protocol}`, { port: each.target, protocol: each.protocol, isLocal: /^127\.|^\[?::1\]?$/.test(each.hostAddress ?? '') });
  }
  for (const each of server.containers.flatMap(({ ports }) => ports)) {
    const id = `${String(each.port)}/${each.protocol}`;
    if (!found.has(id)) found.set(id, each);
  }
  if (found.size === 0) for (const each of server.containers.flatMap(({ probes }) => probes)) if (typeof each.port === 'number') found.set(`${String(each.port)}/TCP`, { port: each.port, protocol: each.protocol });
  if (found.size === 0) for (const port of server.containers.flatMap(ownPorts)) found.set(`${String(port)}/TCP`, { port, protocol: 'TCP' });
  return [...found.values()].sort((a, b) => a.port - b.port);
}

const OWN_STEMS = new Set(['', 'http', 'server', 'listen', 'app', 'web', 'api', 'grpc', 'service', 'bind', 'rest', 'node', 'aspnetcore http', 'uvicorn', 'nginx', 'container', 'internal', 'local', 'main']);
const WILDCARD = /^(?:https?:\/\/)?(?:0\.0\.0\.0|\[::\]|\*|\+)?:(\d{2,5})$/;

const SIDE_WORDS: ReadonlySet<string> = new Set(['metrics', 'metric', 'prometheus', 'health', 'healthcheck', 'probe', 'pprof', 'debug', 'profiling', 'admin', 'management', 'monitoring', 'exporter', 'jmx', 'telemetry']);

/** Ports a container's own settings give to metrics, health and administration: `METRICS_ADDR=:9100`, `ADMIN_PORT=8081`. */
export function sideSettings({ env }: Container): readonly number[] {
  return env.flatMap(({ name, value }) => {
    if (value === undefined || value.length > 200) return [];
    const words = wordsOf(name);
    if (!words.some((word) => SIDE_WORDS.has(word))) return [];
    const port = Number(WILDCARD.exec(value.trim())?.[1] ?? (words.at(-1) === 'port' ? value : Number.NaN));
    return isPortNumber(port) ? [port] : [];
  });
}

function ownPorts(container: Container): readonly number[] {
  const found: number[] = [];
  for (const { name, value } of container.env) {
    if (value === undefined || value.length > 200) continue;
    const words = wordsOf(name);
    if (words.at(-1) === 'port' && OWN_STEMS.has(words.slice(0, -1).join(' '))) found.push(Number(value));
    for (const part of value.split(/[;,]/)) found.push(Number(WILDCARD.exec(part.trim())?.[1]));
  }
  const argv = [...container.command, ...container.args];
  for (const [index, word] of argv.entries()) {
    if (word.length > 200) continue;
    found.push(Number(WILDCARD.exec(word.slice(word.indexOf('=') + 1))?.[1]));
    if (/^--(?:http[-_.]?|server[-_.]?|listen[-_.]?)?port(?:=|$)/.test(word)) found.push(Number(word.includes('=') ? word.slice(word.indexOf('=') + 1) : argv[index + 1]));
  }
  return found.filter(isPortNumber);
}
