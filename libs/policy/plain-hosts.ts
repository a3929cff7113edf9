import { type Node, type Pod, type PortMatch, type Revision, type Rule, type Snapshot, sshPortOf } from '#model';

import type { Coverage } from './applied-policies.ts';
import { hostPoliciesOf, hostRef } from './host-policy.ts';
import type { Party } from './party.ts';

/** Answers to whoever asked for an address: they come in by themselves. */
const DHCP_ANSWERS = [68, 546];

const NOTHING: Coverage = { admin: [], namespaced: [], baseline: [] };
/** Told by identity: a name anybody could give. */
const HOST_PODS = new WeakSet<Pod>();

interface ClosedHost {
  readonly pod: Pod;
  readonly coverage: Coverage;
}

/**
 * The plain hosts some of whose programs are closed, and so the whole host: who receives at one of
 * its addresses is the host, whatever program is meant.
 */
export class PlainHosts {
  readonly #hosts = new Map<string, ClosedHost>();
  readonly #byAddress = new Map<string, string>();

  constructor(given: Revision['policies'], snapshot: Snapshot) {
    for (const [name, { node, policies }] of hostPoliciesOf(given, snapshot)) {
      const pod = hostPod(node);
      const [rest, ...own] = policies;
      const namespaced = rest === undefined ? own : [{ ...rest, ingress: [...(rest.ingress ?? []), ...failsafe(name, snapshot)] }, ...own];
      const host: ClosedHost = { pod, coverage: { admin: [], namespaced: namespaced.map((policy) => ({ policy, certainty: 'yes' })), baseline: [] } };
      this.#hosts.set(name, host);
      for (const { text } of node.addresses) this.#byAddress.set(text, name);
    }
    if (this.#hosts.size === 0) return;
    for (const pod of snapshot.pods.values()) {
      if (!pod.hostNetwork || pod.phase === 'finished' || pod.node === undefined || !this.#hosts.has(pod.node)) continue;
      for (const { text } of pod.addresses) if (!this.#byAddress.has(text)) this.#byAddress.set(text, pod.node);
    }
  }

  /** The host that receives where this party does; undefined where it is a pod of its own, or no closed host. */
  at(party: Party): Pod | undefined {
    return this.#hosts.get(this.#nameAt(party) ?? '')?.pod;
  }

  /** Whether both are one closed host: what it says to itself stays on its loopback. */
  isWithinOne(from: Party, to: Party): boolean {
    const name = this.#hosts.size === 0 ? undefined : this.#nameAt(from);
    return name !== undefined && this.#hosts.has(name) && this.#nameAt(to) === name;
  }

  /** What applies to a host as {@link hostPod} makes it; undefined for any other pod. */
  coverageOf(pod: Pod): Coverage | undefined {
    return isHostItself(pod) ? (this.#hosts.get(pod.namespace)?.coverage ?? NOTHING) : undefined;
  }

  #nameAt({ address, pod, host }: Party): string | undefined {
    if (this.#hosts.size === 0 || pod !== undefined) return undefined;
    return host?.hostNetwork === true && host.phase !== 'finished' ? host.node : this.#byAddress.get(address.text);
  }
}

/** The host itself as the pod its policies are about: it has no addresses, so nothing else finds it. */
export function hostPod({ name }: Node): Pod {
  const pod: Pod = { namespace: name, name: 'host itself', labels: {}, node: name, hostNetwork: false, addresses: [], ports: [], workload: hostRef(name), phase: 'running', isExample: false, origin: { file: `host:${name}`, line: 1 } };
  HOST_PODS.add(pod);
  return pod;
}

/** Whether it is a host as {@link hostPod} makes it. */
export function isHostItself(pod: Pod): boolean {
  return HOST_PODS.has(pod);
}

// what enforcers let through before they look at any rule, said as rules
function failsafe(host: string, { hostWays = {} }: Snapshot): readonly Rule[] {
  const tcp = (id: string, port: number, why: string): Rule => always(id, [{ kind: 'range', protocol: 'TCP', from: port, to: port }], why);
  return [
    tcp('ssh', sshPortOf(host, hostWays), 'people can always log in'),
    ...(hostWays.channelPort === undefined ? [] : [tcp('channel', hostWays.channelPort, 'enforcers always reach their controller')]),
    always('dhcp', DHCP_ANSWERS.map((port) => ({ kind: 'range', protocol: 'UDP', from: port, to: port })), 'a host is always given its addresses'),
  ];
}

function always(id: string, ports: readonly PortMatch[], why: string): Rule {
  return { id, peers: 'any', ports, evidence: [], why, widenings: [] };
}
