import { type Direction, isPortNumber, type ObservedPeer, observedPeerKey, type ObservedRelationship, type PortMatch, type Protocol, type Workload, workloadKey } from '#model';

import type { LearningThresholds } from './learning-context.ts';
import { groupOutside } from './outside-groups.ts';
import { type Doubted, otherEnd } from './observed-index.ts';
import { observedPeers } from './observed-peers.ts';
import { counted, observedEvidence, seenText } from './observed-text.ts';
import type { GroundedPeers, PeerGrounding } from './peer-grounding.ts';
import { type PermittedBy, permittedObservation } from './permitted.ts';
import { portRanges, wideRanges } from './port-ranges.ts';
import { portText, type RuleDraft } from './rule-draft.ts';

/** A rule in the making with what was observed for it and what speaks against that. */
export interface LiveDraft {
  readonly draft: RuleDraft;
  readonly doubts: readonly string[];
}

interface Drafting {
  readonly workload: Workload;
  readonly direction: Direction;
  readonly grounding: PeerGrounding;
  readonly hours: number;
  readonly thresholds: LearningThresholds;
  readonly permittedBy: PermittedBy | undefined;
}

/**
 * The rules for what was observed and no metadata speaks of.
 *
 * One rule for each peer and port; where they are too many to read they are offered as ranges and
 * blocks, which open more and say so. What is doubted is never a reason to open more: it is
 * proposed as it was seen.
 */
export function observedRules(all: readonly Doubted[], drafting: Drafting): readonly LiveDraft[] {
  const sure = all.filter(({ doubts }) => doubts.length === 0);
  const doubted = all.filter(({ doubts }) => doubts.length > 0);
  return [...sureRules(sure, drafting), ...byPair(doubted, drafting).flatMap((pair) => exactRules(pair, drafting))];
}

function sureRules(all: readonly Doubted[], drafting: Drafting): readonly LiveDraft[] {
  const { blocks, rest } = groupOutside(all, drafting.direction, drafting.thresholds.mostAddresses);
  const outside = blocks.map(({ members, peers, widening }) => {
    const grounded = { peers, widenings: [widening] };
    return draftOf(members, grounded, portsOf(members), drafting, `${counted(members.length, 'host')} outside`);
  });
  const pairs = byPair(rest, drafting).flatMap((pair) => (pair.length > drafting.thresholds.mostPorts ? rangeRules(pair, drafting) : pair.flatMap((each) => singleRules([each], drafting))));
  return [...outside, ...pairs];
}

function singleRules(members: readonly Doubted[], drafting: Drafting): readonly LiveDraft[] {
  return groundedPeers(members, drafting).map((grounded) => draftOf(members, grounded, portsOf(members), drafting));
}

function rangeRules(members: readonly Doubted[], drafting: Drafting): readonly LiveDraft[] {
  const ranges = wideRanges(portsSeen(members));
  const opened = ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0) - members.length;
  const ports = ranges.map(({ from, to }): PortMatch => ({ kind: 'range', protocol: protocolOf(members), from, to }));
  const widening = `${counted(members.length, 'port')} were seen; the ranges open ${String(opened)} more: ${ports.map(portText).join(', ')}`;
  return groundedPeers(members, drafting).map((grounded) => draftOf(members, { ...grounded, widenings: [...grounded.widenings, widening] }, ports, drafting));
}

function exactRules(members: readonly Doubted[], drafting: Drafting): readonly LiveDraft[] {
  if (members.length <= drafting.thresholds.mostPorts) return members.flatMap((each) => singleRules([each], drafting));
  return singleRules(members, drafting);
}

function groundedPeers(members: readonly Doubted[], { workload, direction, grounding }: Drafting): readonly GroundedPeers[] {
  const [first] = members;
  return first === undefined ? [] : observedPeers(first.observed, workload, direction, grounding);
}

function draftOf(members: readonly Doubted[], { peers, ports, widenings }: GroundedPeers, seenPorts: readonly PortMatch[], { direction, hours, permittedBy }: Drafting, who?: string): LiveDraft {
  const observed = members.map((each) => each.observed);
  const doubts = [...new Set(members.flatMap((each) => each.doubts))];
  const allowed = ports ?? seenPorts;
  const [first] = observed;
  const name = who ?? (first === undefined ? '' : peerName(otherEnd(first, direction)));
  return {
    draft: {
      peers,
      ports: allowed,
      tier: 'weak',
      confidence: observedConfidence(observed, doubts.length > 0),
      evidence: observed.slice(0, MOST_EVIDENCE).flatMap((each) => [observedEvidence(each, hours), ...permittedObservation(each, permittedBy)]),
      why: `undeclared: ${direction === 'ingress' ? `${name} connects to it` : `it connects to ${name}`} on ${allowed.map(portText).join(', ')}, ${seenText(observed, hours)}`,
      widenings,
    },
    doubts,
  };
}

// what one reads before deciding
const MOST_EVIDENCE = 12;

/** How sure an observation alone can make: the more hours it showed in, but never as sure as metadata that agrees; half of that where it is doubted. */
function observedConfidence(observed: readonly ObservedRelationship[], isDoubted: boolean): number {
  const hours = Math.max(0, ...observed.map(({ buckets }) => buckets));
  const sure = 0.9 * (hours / (hours + 2));
  return Math.round((isDoubted ? sure / 2 : sure) * 100) / 100;
}

/** Alike but for the port, in the order they came. */
function byPair(all: readonly Doubted[], { direction }: Drafting): readonly (readonly Doubted[])[] {
  const pairs = new Map<string, Doubted[]>();
  for (const each of all) {
    const key = `${observedPeerKey(otherEnd(each.observed, direction))}\n${each.observed.protocol}`;
    const known = pairs.get(key);
    if (known === undefined) pairs.set(key, [each]);
    else known.push(each);
  }
  return [...pairs.values()];
}

function portsOf(members: readonly Doubted[]): readonly PortMatch[] {
  const protocol = protocolOf(members);
  const seen = portsSeen(members);
  if (seen.length === 0 || protocol === 'ICMP') return [{ kind: 'protocol', protocol }];
  return portRanges(seen).map(({ from, to }) => ({ kind: 'range', protocol, from, to }));
}

function portsSeen(members: readonly Doubted[]): readonly number[] {
  return members.flatMap(({ observed: { port } }) => (port !== null && isPortNumber(port) ? [port] : []));
}

function protocolOf(members: readonly Doubted[]): Protocol {
  const [first] = members;
  if (first === undefined) throw new Error('propose a rule for what was observed: nothing was');
  return first.observed.protocol;
}

function peerName(peer: ObservedPeer): string {
  switch (peer.kind) {
    case 'workload':
      return workloadKey(peer.workload);
    case 'entity':
      return peer.entity;
    case 'node':
      return `node ${peer.node}`;
    case 'service':
      return `service ${peer.service}`;
    case 'external':
      return peer.host;
  }
}
