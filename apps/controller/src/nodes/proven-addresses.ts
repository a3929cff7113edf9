import { type Address, parseAddress } from '#model';

import { addressClaim } from './orchestrator-claims.ts';

/**
 * Which node was seen to speak from which address: the one thing about an address a node cannot make
 * up. Behind an address that several nodes speak from there is a gateway, and it proves nothing.
 */
export class ProvenAddresses {
  readonly #claimOf = new Map<string, string>();
  readonly #nodesOf = new Map<string, Set<string>>();

  /** `peer` as the channel names it, with a port; gives the claims that stand differently now. */
  connected(node: string, peer: string): readonly string[] {
    const address = addressOfPeer(peer);
    const before = this.#claimOf.get(node);
    const after = address === undefined || isLoopback(address) ? undefined : addressClaim(address.text);
    if (before === after) return [];
    if (before !== undefined) this.#nodesOf.get(before)?.delete(node);
    if (after === undefined) this.#claimOf.delete(node);
    else {
      this.#claimOf.set(node, after);
      this.#nodesOf.set(after, (this.#nodesOf.get(after) ?? new Set()).add(node));
    }
    if (before !== undefined && this.#nodesOf.get(before)?.size === 0) this.#nodesOf.delete(before);
    return [before, after].filter((claim) => claim !== undefined);
  }

  by(claim: string): string | undefined {
    const nodes = this.#nodesOf.get(claim);
    return nodes?.size === 1 ? [...nodes][0] : undefined;
  }
}

function addressOfPeer(peer: string): Address | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)|(.+)):\d+$/.exec(peer);
  const text = match?.[1] ?? match?.[2] ?? match?.[3] ?? '';
  return parseAddress(text.replace(/^::ffff:(?=\d+\.)/i, ''));
}

function isLoopback({ family, text }: Address): boolean {
  return family === 4 ? text.startsWith('127.') : text === '::1';
}
