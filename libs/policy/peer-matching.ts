import { assertNever, isHostProgram, parseAddress, type Peer, prefixContains, type Rule, selects, type Snapshot, workloadKey } from '#model';

import { type AddressBlock, blockContains } from './address-block.ts';
import { type Certainty, isSelected } from './membership.ts';
import { isOfWorkload, type Party } from './party.ts';
import { publicInternet } from './public-internet.ts';

/**
 * Says whether a peer means a party, by the same reading as `groundPeer`, without lowering the
 * whole snapshot for one question.
 */
export class PeerMatcher {
  readonly #snapshot: Snapshot;
  #internet: readonly AddressBlock[] | undefined;

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  matchAny(peers: Rule['peers'], party: Party): Certainty {
    if (peers === 'any') return 'yes';
    let certainty: Certainty = 'no';
    for (const peer of peers) {
      const one = this.match(peer, party);
      if (one === 'yes') return 'yes';
      if (one === 'maybe') certainty = 'maybe';
    }
    return certainty;
  }

  match(peer: Peer, party: Party): Certainty {
    switch (peer.kind) {
      case 'pods':
        return party.pod === undefined ? 'no' : isSelected(peer, party.pod, this.#snapshot);
      case 'workload':
        return yesNo(isHostProgram(peer.workload) ? this.#isAtHost(party, peer.workload.namespace) : party.pod !== undefined && isOfWorkload(party.pod, workloadKey(peer.workload)));
      case 'cidr':
        return yesNo(prefixContains(peer.cidr, party.address) && !peer.except.some((hole) => prefixContains(hole, party.address)));
      case 'nodes':
        return yesNo(this.#isNode(party, peer));
      case 'host':
        return this.#matchHost(peer, party);
      case 'entity':
        return yesNo(peer.entity === 'any' || (peer.entity === 'internet' && this.#isInternet(party)));
      default:
        return assertNever(peer);
    }
  }

  // its programs are told apart by nothing a packet shows
  #isAtHost(party: Party, name: string): boolean {
    return this.#snapshot.nodes.get(name)?.addresses.some(({ text }) => text === party.address.text) ?? false;
  }

  #isNode(party: Party, peer: Peer & { readonly kind: 'nodes' }): boolean {
    for (const node of this.#snapshot.nodes.values()) {
      if (!node.addresses.some((address) => address.text === party.address.text)) continue;
      if (selects(peer.nodes, node.labels)) return true;
    }
    return false;
  }

  #matchHost({ host, isExact }: Peer & { readonly kind: 'host' }, party: Party): Certainty {
    const address = parseAddress(host);
    if (address !== undefined) return yesNo(address.text === party.address.text);
    if (isExact !== true) return yesNo(this.#isInternet(party));
    return party.pod === undefined ? 'maybe' : 'no'; // only a resolver knows
  }

  #isInternet(party: Party): boolean {
    this.#internet ??= publicInternet(this.#snapshot);
    return this.#internet.some((block) => blockContains(block, party.address));
  }
}

function yesNo(value: boolean): Certainty {
  return value ? 'yes' : 'no';
}
