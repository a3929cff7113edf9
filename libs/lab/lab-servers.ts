import { type Pod, podKey, type Snapshot } from '#model';

import type { Lab } from './lab.ts';
import type { LabPlace } from './lab-world.ts';
import { openServer, type TalkServer } from './talk-server.ts';

/** A port somebody outside of the cluster answers on. */
export interface OutsidePort {
  readonly protocol: string;
  readonly port: number;
}

/** A small server on every port that pods declare, and on ports of the outside. Others than TCP and UDP are left out. */
export class LabServers {
  readonly #lab: Lab;
  readonly #servers = new Map<string, TalkServer[]>();

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  open(snapshot: Snapshot, outside: readonly OutsidePort[]): void {
    for (const pod of runningPods(snapshot)) {
      const place: LabPlace = pod.hostNetwork ? { kind: 'node', node: pod.node ?? '' } : { kind: 'pod', pod: podKey(pod) };
      for (const { port, protocol } of pod.ports) this.#open(place, protocol, port, podKey(pod));
    }
    for (const { protocol, port } of outside) this.#open({ kind: 'outside' }, protocol, port, 'outside');
  }

  at(place: LabPlace): readonly TalkServer[] {
    return this.#servers.get(placeKey(place)) ?? [];
  }

  close(): void {
    for (const server of [...this.#servers.values()].flat()) server.close();
    this.#servers.clear();
  }

  #open(place: LabPlace, protocol: string, port: number, name: string): void {
    if (protocol !== 'TCP' && protocol !== 'UDP') return;
    const server = openServer(this.#lab.at(place).namespace, protocol, port, name);
    if (server === undefined) return;
    const key = placeKey(place);
    this.#servers.set(key, [...(this.#servers.get(key) ?? []), server]);
  }
}

/** Pods that have not ended and are on a node. */
export function runningPods(snapshot: Snapshot): readonly Pod[] {
  return [...snapshot.pods.values()].filter(({ phase, node }) => phase !== 'finished' && node !== undefined);
}

function placeKey(place: LabPlace): string {
  return place.kind === 'pod' ? `pod ${place.pod}` : place.kind === 'node' ? `node ${place.node}` : place.kind;
}
