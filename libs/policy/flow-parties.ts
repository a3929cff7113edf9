import { addressClaims, type AddressClaims } from '#inventory';
import { type Address, type Flow, type FlowEnd, type IpFamily, isPortNumber, parseAddress, type Pod, selectorFromLabels, selects, type Service, type Snapshot, type WorkloadKey, workloadKey } from '#model';

import { blockContains } from './address-block.ts';
import { HostPrograms } from './host-programs.ts';
import type { Party } from './party.ts';
import { publicInternet } from './public-internet.ts';

/** Whom a flow's end may be: every party fits what the reporter said. Empty where nobody is known to. */
export interface AttributedEnd {
  readonly parties: readonly Party[];
  /** How it was found out, or why not. */
  readonly text: string;
  readonly isOutside: boolean;
}

/** Says who an end of a flow is: by pod, then workload, then address, then names. */
export class FlowAttribution {
  readonly #snapshot: Snapshot;
  readonly #claims: AddressClaims;
  readonly #programs: HostPrograms;
  #podsByWorkload: ReadonlyMap<WorkloadKey, readonly Pod[]> | undefined;

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
    this.#claims = addressClaims(snapshot);
    this.#programs = new HostPrograms(snapshot);
  }

  /** `at`: what was asked for there, of the end that was called. */
  attribute(end: FlowEnd, at?: Pick<Flow, 'protocol' | 'port'>): AttributedEnd {
    if (end.pod !== undefined) {
      const pod = this.#snapshot.pods.get(end.pod);
      if (pod !== undefined) return inside([pod], end.address, `pod ${end.pod}`);
    }
    if (end.workload !== undefined) {
      this.#podsByWorkload ??= Map.groupBy(this.#snapshot.pods.values(), ({ workload }) => workloadKey(workload));
      const pods = this.#podsByWorkload.get(end.workload) ?? [];
      if (pods.length > 0) return inside(pods, undefined, `workload ${end.workload}`);
      return unknown(`workload ${end.workload} is not in the input`);
    }
    if (end.pod !== undefined) return unknown(`pod ${end.pod} is not in the input`);
    if (end.address !== undefined) return this.#byAddress(end.address, at);
    return this.#byNames(end.names);
  }

  #byAddress(address: Address, at?: Pick<Flow, 'protocol' | 'port'>): AttributedEnd {
    const owner = this.#claims.ownerOf(address);
    if (owner === undefined) return { parties: [{ address }], text: `address ${address.text}`, isOutside: true };
    switch (owner.kind) {
      case 'pod':
        return inside([owner.pod], address, `address ${address.text} of pod ${owner.pod.namespace}/${owner.pod.name}`);
      case 'node': {
        const program = at === undefined || at.port === null ? undefined : this.#programs.at(address, { protocol: at.protocol, port: at.port });
        if (program !== undefined) return inside([program], address, `address ${address.text} of node ${owner.node.name}, where ${program.name} waits`);
        return { parties: [{ address }], text: `address ${address.text} of node ${owner.node.name}`, isOutside: false };
      }
      case 'service':
        return inside(this.#podsOf(owner.service), undefined, `address ${address.text} of Service ${owner.service.namespace}/${owner.service.name}`);
    }
  }

  #byNames(names: readonly string[]): AttributedEnd {
    const [first] = names;
    if (first === undefined) return unknown('the flow does not say who it is');
    const address = parseAddress(first);
    if (address !== undefined) return this.#byAddress(address);
    const service = this.#serviceCalled(names);
    if (service !== undefined) return inside(this.#podsOf(service), undefined, `name ${first} of Service ${service.namespace}/${service.name}`);
    if (names.some(isClusterName)) return unknown(`${first} is no Service of the input`);
    return { parties: this.#anywhere(), text: `name ${first} outside the cluster`, isOutside: true };
  }

  #serviceCalled(names: readonly string[]): Service | undefined {
    for (const name of names) {
      const [service = '', namespace = '', kind = 'svc'] = name.split('.');
      const found = kind === 'svc' ? this.#snapshot.services.get(`${namespace}/${service}`) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #podsOf(service: Service): readonly Pod[] {
    const owners = new Set((service.workloads ?? []).map(workloadKey));
    const { selector } = service;
    return [...this.#snapshot.pods.values()].filter((pod) => {
      if (owners.has(workloadKey(pod.workload))) return true;
      return pod.namespace === service.namespace && selector !== undefined && Object.keys(selector).length > 0 && selects(selectorFromLabels(selector), pod.labels);
    });
  }

  // A name outside may be any public address: one in each family stands for it.
  #anywhere(): readonly Party[] {
    const blocks = publicInternet(this.#snapshot);
    return ['203.0.113.1', '2001:db8::1'].map(parseAddress).flatMap((address) => (address !== undefined && blocks.some((block) => blockContains(block, address)) ? [{ address }] : []));
  }
}

/** The pairs of parties that could have met: of one family. */
export function meetings(from: AttributedEnd, to: AttributedEnd): readonly (readonly [Party, Party])[] {
  const families: readonly IpFamily[] = [4, 6];
  return families.flatMap((family) =>
    from.parties.filter(({ address }) => address.family === family).flatMap((sender) => to.parties.filter(({ address }) => address.family === family).map((receiver) => [sender, receiver] as const)),
  );
}

export function isUsablePort(port: number | null): port is number {
  return isPortNumber(port);
}

function inside(pods: readonly Pod[], address: Address | undefined, text: string): AttributedEnd {
  const parties = pods
    .filter(({ phase }) => phase !== 'finished')
    .flatMap((pod) => {
      const own = address === undefined ? pod.addresses : pod.addresses.filter((each) => each.text === address.text);
      const addresses = own.length > 0 ? own : pod.addresses;
      return addresses.map((each): Party => (pod.hostNetwork ? { address: each, host: pod } : { address: each, pod }));
    });
  return parties.length > 0 ? { parties, text, isOutside: false } : unknown(`${text} has no pod with an address`);
}

function unknown(text: string): AttributedEnd {
  return { parties: [], text, isOutside: false };
}

function isClusterName(name: string): boolean {
  return name.endsWith('.svc') || name.includes('.svc.') || !name.includes('.');
}
