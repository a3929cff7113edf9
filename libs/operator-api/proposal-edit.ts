import { z } from 'zod';

import { assertNever, type Peer, type PortMatch } from '#model';
import type { AddedRule, ProposalEdit } from '#review';

import { directionSchema, type Shape, timeSchema } from './parts.ts';
import { backwardsRange, givenPeersSchema, givenPortsSchema, peerShape, type PeerShape, readPeer } from './rule.ts';

const rule = z.string().min(1).max(200).describe('id of the proposed rule');
const direction = directionSchema;
const why = z.string().min(1).max(1_000);

/** A change to what is proposed; kept and made again on every later proposal until it is approved or discarded. */
export const proposalEditSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('drop-rule'), direction, rule }),
  z.strictObject({
    kind: z.literal('add-rule'),
    direction,
    rule: z.strictObject({
      peers: z.union([z.literal('any'), givenPeersSchema]),
      ports: z.union([z.literal('any'), givenPortsSchema]),
      application: z.string().min(1).max(100).optional(),
      enforceApplication: z.boolean().optional(),
      expiresAt: timeSchema.optional(),
      why,
    }),
  }),
  z.strictObject({ kind: z.literal('narrow-rule'), direction, rule, peers: givenPeersSchema.optional(), ports: givenPortsSchema.optional() }),
  z.strictObject({ kind: z.literal('set-expiry'), direction, rule, expiresAt: z.union([timeSchema, z.literal('never')]) }),
  z.strictObject({ kind: z.literal('enforce-application'), direction, rule, isEnforced: z.boolean() }),
  z.strictObject({ kind: z.literal('leave-open'), direction }).describe('leaves a direction as open as it is, although it could be closed'),
]);

export type ProposalEditShape = Shape<typeof proposalEditSchema>;

export function proposalEditShape(edit: ProposalEdit): ProposalEditShape {
  if (edit.kind === 'add-rule') {
    const { peers, ...rest } = edit.rule;
    return { ...edit, rule: { ...rest, peers: peers === 'any' ? peers : peers.map(peerShape) } };
  }
  if (edit.kind !== 'narrow-rule') return edit;
  const { peers, ...rest } = edit;
  return { ...rest, ...(peers === undefined ? {} : { peers: peers.map(peerShape) }) };
}

/** The edit somebody wrote, or a sentence saying what of it cannot be. */
export function readProposalEdit(shape: ProposalEditShape): { readonly kind: 'edit'; readonly edit: ProposalEdit } | { readonly kind: 'problem'; readonly text: string } {
  switch (shape.kind) {
    case 'drop-rule':
    case 'leave-open':
    case 'set-expiry':
    case 'enforce-application':
      return { kind: 'edit', edit: shape };
    case 'add-rule': {
      const { peers: given, ports, why, application, enforceApplication, expiresAt } = shape.rule;
      const read = readPeers(given === 'any' ? [] : given);
      const problem = read.problem ?? portsProblem(ports);
      if (problem !== undefined) return { kind: 'problem', text: problem };
      const rule: AddedRule = {
        peers: given === 'any' ? given : read.peers,
        ports,
        why,
        ...(application === undefined ? {} : { application }),
        ...(enforceApplication === undefined ? {} : { enforceApplication }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      };
      return { kind: 'edit', edit: { kind: 'add-rule', direction: shape.direction, rule } };
    }
    case 'narrow-rule': {
      const { direction, rule, ports } = shape;
      const read = readPeers(shape.peers ?? []);
      const problem = read.problem ?? portsProblem(ports ?? []);
      if (problem !== undefined) return { kind: 'problem', text: problem };
      return { kind: 'edit', edit: { kind: 'narrow-rule', direction, rule, ...(shape.peers === undefined ? {} : { peers: read.peers }), ...(ports === undefined ? {} : { ports }) } };
    }
    default:
      return assertNever(shape);
  }
}

function readPeers(shapes: readonly PeerShape[]): { readonly peers: readonly Peer[]; readonly problem?: string } {
  const peers: Peer[] = [];
  for (const shape of shapes) {
    const read = readPeer(shape);
    if (read.kind === 'no prefix') return { peers, problem: `${read.text} is no CIDR block` };
    peers.push(read.peer);
  }
  return { peers };
}

function portsProblem(ports: readonly PortMatch[] | 'any'): string | undefined {
  const wrong = ports === 'any' ? undefined : backwardsRange(ports);
  return wrong === undefined ? undefined : `ports ${wrong} end before they begin`;
}
