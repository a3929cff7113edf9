import type { Workload } from '#model';

import { listeningPorts } from './listening-port.ts';
import { type ChosenPort, choosePorts, hasOpenPort } from './port-choice.ts';
import type { Resolver } from './resolution.ts';

/** A server a Compose service starts after or is linked to. */
export interface ComposeDependency {
  readonly server: Workload;
  readonly ports: readonly ChosenPort[];
  /** The field names no port: `any` of several, or the `usual` one. */
  readonly portGuess: 'any' | 'usual';
  readonly isPortGuess: boolean;
  readonly field: 'depends_on' | 'links';
  /** Why it may only be an order of starting. */
  readonly doubt?: string;
}

/**
 * The dependencies of a Compose service that are connections: not those on a job that is waited
 * for to its end, and with a doubt where it may be an order of starting only.
 */
export function composeDependencies(workload: Workload, resolver: Resolver): readonly ComposeDependency[] {
  const facts = workload.compose;
  if (facts === undefined) return [];
  const found: ComposeDependency[] = [];
  for (const [field, names] of [['depends_on', facts.dependsOn], ['links', facts.links]] as const) {
    for (const name of names) {
      if (facts.startsAfter?.includes(name) === true) continue;
      const server = resolver.workloads.find({ ...workload.ref, name });
      if (server === undefined || server === workload || !canReach(workload, server)) continue;
      const doubt = doubtOf(workload, server, field);
      const choice = choosePorts({ host: name, form: 'host', key: field, meaning: 'address', position: 0 }, undefined, server, false, false);
      found.push({ server, ports: choice.ports, portGuess: choice.ports.length === 1 && isListening(server, choice.ports[0]) ? 'usual' : 'any', isPortGuess: choice.isPortGuess === true, field, ...(doubt === undefined ? {} : { doubt }) });
    }
  }
  return found;
}

const WORKS = /\b(?:worker|beat|celery|sidekiq|cron|crond|scheduler|consumer|queue:work|migrate|migration|migrations|seed|resque|dramatiq|rq)\b/i;

// A worker that listens to nobody and starts after its own web server waits for the tables, and
// talks to the database; something that listens nowhere and works off a queue is called by nobody.
function doubtOf(client: Workload, server: Workload, field: ComposeDependency['field']): string | undefined {
  if (field === 'links') return undefined;
  if (programOf(client) !== undefined && programOf(client) === programOf(server) && listeningPorts(client).length === 0) return 'both run the same image, so it may only be an order of starting';
  if (server.hostNetwork) return 'it lives on the host\'s network, where its name does not lead';
  if (!hasOpenPort(server) && server.containers.some(({ command, args }) => WORKS.test([...command, ...args].join(' ').slice(0, 1000)))) return 'it listens nowhere and looks like a worker';
  return undefined;
}

/** What tells that two Compose services are one program: the image, or what it is built from. */
export function programOf({ platform, containers, compose }: Workload): string | undefined {
  if (platform !== 'compose') return undefined;
  const image = containers[0]?.image ?? '';
  return image === '' ? compose?.build : image;
}

function isListening(server: Workload, chosen: ChosenPort | undefined): boolean {
  return listeningPorts(server).some(({ port }) => port === chosen?.port);
}

/** Whether one Compose service can resolve another: on a common network, or where networks say nothing. */
export function canReach(client: Workload, server: Workload): boolean {
  const mine = client.compose?.networks ?? [];
  const theirs = server.compose?.networks ?? [];
  return mine.length === 0 || theirs.length === 0 || mine.some((network) => theirs.includes(network));
}
