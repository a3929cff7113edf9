import {
  assertNever,
  isHostProgram,
  type LabelSelector,
  type NamespaceSelection,
  type Peer,
  type PortMatch,
  type Prefix,
  prefixCovers,
  type Rule,
  type Snapshot,
  type WorkloadKey,
  workloadKey,
  type WorkloadRef,
} from '#model';
import type { AddressBlock, Grounder } from '#policy';

import type { WirePeer, WirePort, WireSelector } from './network-policy.ts';
import type { SelectorChoice } from './selector-choice.ts';

/** What a rule came down to in NetworkPolicy; `any` is an absent list, which matches everything. */
export interface LoweredRule {
  readonly peers: readonly WirePeer[] | 'any';
  readonly ports: readonly WirePort[] | 'any';
  readonly source: Rule;
  /** What it lets through beyond the rule, one sentence each. */
  readonly widenings: readonly string[];
}

/** What lowering needs to know besides the rule. */
export interface LoweringContext {
  readonly snapshot: Snapshot;
  readonly choices: ReadonlyMap<WorkloadKey, SelectorChoice>;
  readonly grounder: Grounder;
  /** The namespace the policy will be in: selectors without a namespace mean it. */
  readonly namespace: string;
  /** The name of a port of the subject, where it is safe to use; egress rules never ask. */
  readonly nameOfPort: (protocol: string, port: number) => string | undefined;
  /** Says what can not be said. */
  readonly report: (code: string, rule: Rule, message: string, hint: string) => void;
}

/** Lowers one rule, or gives undefined where nothing is left of it: an empty list would match everything. */
export function lowerRule(rule: Rule, context: LoweringContext): LoweredRule | undefined {
  const widenings: string[] = [];
  const peers = rule.peers === 'any' ? 'any' : rule.peers.flatMap((peer) => lowerPeer(peer, rule, context, widenings));
  const ports = rule.ports === 'any' ? 'any' : rule.ports.flatMap((port) => lowerPort(port, rule, context));
  if ((peers !== 'any' && peers.length === 0) || (ports !== 'any' && ports.length === 0)) return undefined;
  return { peers, ports, source: rule, widenings };
}

function lowerPort(port: PortMatch, rule: Rule, { nameOfPort, report }: LoweringContext): readonly WirePort[] {
  const { protocol } = port;
  if (protocol === 'ICMP') {
    report('icmp-not-sayable', rule, 'allows ICMP, which NetworkPolicy can not say', 'use --target nftables, or a policy of the network plugin');
    return [];
  }
  switch (port.kind) {
    case 'protocol':
      return [{ protocol: port.protocol as WirePort['protocol'] }];
    case 'named':
      return protocol === 'any' ? (['TCP', 'UDP', 'SCTP'] as const).map((each) => ({ protocol: each, port: port.name })) : [{ protocol, port: port.name }];
    case 'range': {
      if (port.from !== port.to) return [{ protocol: port.protocol as WirePort['protocol'], port: port.from, endPort: port.to }];
      return [{ protocol: port.protocol as WirePort['protocol'], port: nameOfPort(protocol, port.from) ?? port.from }];
    }
    default:
      return assertNever(port);
  }
}

function lowerPeer(peer: Peer, rule: Rule, context: LoweringContext, widenings: string[]): readonly WirePeer[] {
  switch (peer.kind) {
    case 'pods':
      return [podsPeer(peer.namespaces, peer.pods, context.namespace)];
    case 'workload':
      return isHostProgram(peer.workload) ? lowerBlocks(peer, rule, context) : lowerWorkload(peer.workload, rule, context, widenings);
    case 'cidr':
      return ipBlock(peer);
    case 'nodes':
    case 'host':
    case 'entity':
      return lowerBlocks(peer, rule, context);
    default:
      return assertNever(peer);
  }
}

function lowerBlocks(peer: Peer, rule: Rule, { grounder, report }: LoweringContext): readonly WirePeer[] {
  const blocks = grounder.groundPeer(peer).blocks.flatMap(ipBlock);
  if (blocks.length === 0) {
    report('peer-without-address', rule, `names a peer of kind ${peer.kind} that has no known address`, 'add the objects that say its addresses to the input');
  }
  return blocks;
}

function lowerWorkload(ref: WorkloadRef, rule: Rule, { snapshot, choices, namespace, report }: LoweringContext, widenings: string[]): readonly WirePeer[] {
  const key = workloadKey(ref);
  const workload = snapshot.workloads.get(key);
  if (workload === undefined) {
    report('peer-unknown', rule, `names ${key}, which is not in the input`, 'add its manifest; until then nothing is let through for it');
    return [];
  }
  if (workload.platform !== 'kubernetes') {
    report('peer-outside-kubernetes', rule, `names ${key}, which is no Kubernetes workload`, 'use --target nftables');
    return [];
  }
  if (workload.hostNetwork) {
    report('peer-on-host-network', rule, `names ${key}, whose pods have their node's address and are never selected`, 'allow the addresses of its nodes instead');
    return [];
  }
  const choice = choices.get(key);
  if (choice === undefined) {
    report('peer-without-lasting-label', rule, `names ${key}, which carries no label that survives a rollout, so every pod of namespace ${ref.namespace} is let through`, 'give its pod template a label such as app.kubernetes.io/name');
    widenings.push(`${key} carries no label that survives a rollout, so every pod of namespace ${ref.namespace} is let through`);
    return [podsPeer({ kind: 'name', name: ref.namespace }, { requirements: [] }, namespace)];
  }
  const twins = choice.workloads.map((each) => workloadKey(each.ref)).filter((each) => each !== key);
  if (twins.length > 0) {
    const widening = `${twins.join(', ')} ${twins.length === 1 ? 'carries' : 'carry'} the same labels as ${key} and ${twins.length === 1 ? 'is' : 'are'} let through too`;
    report('peer-not-told-apart', rule, `names ${key}, and ${widening}`, 'give their pod templates a label that tells them apart');
    widenings.push(widening);
  }
  return [podsPeer({ kind: 'name', name: ref.namespace }, choice.selector, namespace)];
}

function podsPeer(namespaces: NamespaceSelection, pods: LabelSelector, own: string): WirePeer {
  const podSelector = wireSelector(pods);
  if (namespaces.kind === 'selector') {
    // a selector of namespaces alone already means all of their pods
    return { namespaceSelector: wireSelector(namespaces.selector), ...(pods.requirements.length === 0 ? {} : { podSelector }) };
  }
  if (namespaces.name === own) return { podSelector };
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': namespaces.name } };
  return { namespaceSelector, ...(pods.requirements.length === 0 ? {} : { podSelector }) };
}

/** `In` with one value becomes a plain label; the rest stays as expressions. */
export function wireSelector({ requirements }: LabelSelector): WireSelector {
  const seen = new Set<string>();
  const matchLabels: [string, string][] = [];
  const matchExpressions: { key: string; operator: string; values?: readonly string[] }[] = [];
  for (const { key, operator, values } of requirements) {
    if (operator === 'In' && values.length === 1 && !seen.has(key)) matchLabels.push([key, values[0] ?? '']);
    else matchExpressions.push({ key, operator, ...(values.length === 0 ? {} : { values }) });
    seen.add(key);
  }
  return {
    ...(matchLabels.length === 0 ? {} : { matchLabels: Object.fromEntries(matchLabels) }),
    ...(matchExpressions.length === 0 ? {} : { matchExpressions }),
  };
}

// The API server wants every exception strictly inside its block; a block that is excepted whole is nothing.
function ipBlock({ cidr, except }: AddressBlock): readonly WirePeer[] {
  if (except.some((hole) => prefixCovers(hole, cidr))) return [];
  const inside = except.filter((hole: Prefix) => prefixCovers(cidr, hole)).map((hole) => hole.text);
  return [{ ipBlock: { cidr: cidr.text, ...(inside.length === 0 ? {} : { except: inside }) } }];
}
