import { type Connection, type Endpoint, type NamespacedPolicy, type Peer, type Pod, type PortMatch, prefixContains, type Snapshot, type WorkloadRef } from '#model';

/*
 * Says what gets through to and from plain hosts in plain words: everything about one connection,
 * asked of every policy. Shares nothing with the code it checks but the nouns.
 */

export function isLetThrough(policies: readonly NamespacedPolicy[], snapshot: Snapshot, connection: Connection): boolean {
  const { from, to } = connection;
  const [fromHost, toHost] = [hostAt(from, snapshot), hostAt(to, snapshot)];
  const [fromPod, toPod] = [containerAt(from, snapshot), containerAt(to, snapshot)];
  if (fromPod !== undefined && fromPod === toPod) return true;
  if (fromHost !== undefined && fromHost === toHost) return true;
  const sends = fromPod === undefined || mayPod('egress', fromPod, to, toPod, policies, snapshot, connection);
  if (!sends) return false;
  // a host reaches its own containers
  if (toPod !== undefined) return toPod.node === fromHost || mayPod('ingress', toPod, from, toPod, policies, snapshot, connection);
  return toHost === undefined || hostReceives(toHost, policies, snapshot, connection);
}

function hostReceives(host: string, policies: readonly NamespacedPolicy[], snapshot: Snapshot, connection: Connection): boolean {
  const { protocol, port, from } = connection;
  const programs = [...snapshot.pods.values()].filter(({ node, workload }) => node === host && isProgram(workload));
  const closing = policies.filter(({ ingress, subject }) => ingress !== undefined && subject.kind === 'workload' && isProgram(subject.workload) && subject.workload.namespace === host);
  if (closing.length === 0 || protocol === 'ICMP') return true;
  const { hostWays } = snapshot;
  const ssh = hostWays?.sshPorts?.find((each) => each.host === host)?.port ?? hostWays?.sshPort ?? 22;
  if (protocol === 'TCP' && (port === ssh || port === hostWays?.channelPort)) return true;
  if (protocol === 'UDP' && (port === 68 || port === 546)) return true;
  const waiting = programs.filter(({ ports }) => ports.some((each) => each.protocol === protocol && each.port === port));
  if (waiting.some(({ workload }) => !closing.some((policy) => isAbout(policy, workload)))) return true;
  return closing.some((policy) => {
    const own = programs.filter(({ workload }) => isAbout(policy, workload)).flatMap(({ ports }) => ports);
    const isOwn = own.some((each) => each.protocol === protocol && each.port === port);
    const isMeant = (match: PortMatch): boolean => {
      if (match.protocol !== protocol) return false;
      if (match.kind === 'range') return match.from <= port && port <= match.to && (isOwn || waiting.length === 0);
      return isOwn && (match.kind === 'protocol' || own.some((each) => each.name === match.name && each.protocol === protocol && each.port === port));
    };
    return (policy.ingress ?? []).some(({ peers, ports }) => isAnyPeer(peers, from, snapshot) && (ports === 'any' ? isOwn : ports.some(isMeant)));
  });
}

function mayPod(direction: 'ingress' | 'egress', pod: Pod, peer: Endpoint, destination: Pod | undefined, policies: readonly NamespacedPolicy[], snapshot: Snapshot, { protocol, port }: Connection): boolean {
  const closing = policies.filter((policy) => policy[direction] !== undefined && isAbout(policy, pod.workload));
  const isMeant = (match: PortMatch): boolean => {
    if (match.protocol !== protocol) return false;
    if (match.kind === 'range') return match.from <= port && port <= match.to;
    return match.kind === 'protocol' || (destination?.ports ?? []).some((own) => own.name === match.name && own.protocol === protocol && own.port === port);
  };
  return closing.length === 0 || closing.some((policy) => (policy[direction] ?? []).some(({ peers, ports }) => isAnyPeer(peers, peer, snapshot) && (ports === 'any' || ports.some(isMeant))));
}

function isAnyPeer(peers: readonly Peer[] | 'any', end: Endpoint, snapshot: Snapshot): boolean {
  return peers === 'any' || peers.some((peer) => isPeer(peer, end, snapshot));
}

function isPeer(peer: Peer, end: Endpoint, snapshot: Snapshot): boolean {
  switch (peer.kind) {
    case 'workload': {
      if (isProgram(peer.workload)) return nodesAt(end, snapshot).includes(peer.workload.namespace);
      const pod = containerAt(end, snapshot);
      return pod !== undefined && isSame(pod.workload, peer.workload);
    }
    case 'cidr':
      return prefixContains(peer.cidr, end.address);
    case 'nodes':
      return nodesAt(end, snapshot).some((name) => peer.nodes.requirements.every(({ values }) => values.includes(name)));
    default:
      throw new Error(`ask the oracle of hosts: no rule names a ${peer.kind}`);
  }
}

function nodesAt({ address }: Endpoint, { nodes }: Snapshot): readonly string[] {
  return [...nodes.values()].filter(({ addresses }) => addresses.some(({ text }) => text === address.text)).map(({ name }) => name);
}

function containerAt({ address }: Endpoint, { pods }: Snapshot): Pod | undefined {
  return [...pods.values()].find((pod) => !pod.hostNetwork && pod.addresses.some(({ text }) => text === address.text));
}

function hostAt(end: Endpoint, snapshot: Snapshot): string | undefined {
  return nodesAt(end, snapshot)[0];
}

function isProgram({ kind }: WorkloadRef): boolean {
  return kind === 'Unit' || kind === 'Process';
}

function isAbout({ subject }: NamespacedPolicy, workload: WorkloadRef): boolean {
  return subject.kind === 'workload' && isSame(subject.workload, workload);
}

function isSame(a: WorkloadRef, b: WorkloadRef): boolean {
  return a.namespace === b.namespace && a.kind === b.kind && a.name === b.name;
}
