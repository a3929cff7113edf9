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
  readonly field: 'depends_on' | 'links';
}

/**
 * The dependencies of a Compose service that are connections: on something that listens, and not
 * on a job that is waited for to its end.
 */
export function composeDependencies(workload: Workload, resolver: Resolver): readonly ComposeDependency[] {
  const facts = workload.compose;
  if (facts === undefined) return [];
  const found: ComposeDependency[] = [];
  for (const [field, names] of [['depends_on', facts.dependsOn], ['links', facts.links]] as const) {
    for (const name of names) {
      if (facts.startsAfter?.includes(name) === true) continue;
      const server = resolver.workloads.find({ ...workload.ref, name });
      if (server === undefined || server === workload || !canReach(workload, server) || !hasOpenPort(server)) continue;
      const choice = choosePorts({ host: name, form: 'host', key: field, meaning: 'address', position: 0 }, undefined, server, false, false);
      found.push({ server, ports: choice.ports, portGuess: choice.ports.length === 1 && isListening(server, choice.ports[0]) ? 'usual' : 'any', field });
    }
  }
  return found;
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
