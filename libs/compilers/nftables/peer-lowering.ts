import { assertNever, formatSelector, hostPrefix, isHostProgram, type LabelSelector, type NamespaceSelection, parseAddress, type Peer, workloadKey } from '#model';
import { type AddressBlock, EVERY_ADDRESS } from '#policy';

import { hangsOnLabels, type Selection } from './selection-index.ts';

/** What a peer means outside of pods: fixed blocks, the addresses of nodes or of one, or the public internet. */
export type Outside =
  | { readonly kind: 'blocks'; readonly blocks: readonly AddressBlock[] }
  | { readonly kind: 'nodes'; readonly nodes: LabelSelector }
  | { readonly kind: 'host'; readonly node: string }
  | { readonly kind: 'internet' };

/** What a peer comes down to: pods, or something outside of them. */
export type LoweredPeer = { readonly selection: Selection } | { readonly outside: Outside };

/**
 * Lowers a peer as `#policy` grounds it, without looking at any pod. A reference that leads nowhere
 * is no block at all; `isDeny` takes pods that may be meant too, since what is not known stays closed.
 */
export function lowerPeer(peer: Peer, isDeny: boolean): LoweredPeer {
  switch (peer.kind) {
    case 'pods':
      return { selection: isDeny && hangsOnLabels(peer) ? { ...peer, certainty: 'possible' } : peer };
    case 'workload':
      if (isHostProgram(peer.workload)) return { outside: { kind: 'host', node: peer.workload.namespace } };
      return { selection: { kind: 'workload', key: workloadKey(peer.workload) } };
    case 'cidr':
      return { outside: { kind: 'blocks', blocks: [{ cidr: peer.cidr, except: peer.except }] } };
    case 'nodes':
      return { outside: { kind: 'nodes', nodes: peer.nodes } };
    case 'host': {
      const address = parseAddress(peer.host);
      // an exact name means its own addresses, which only a resolver knows
      if (address === undefined) return { outside: peer.isExact === true ? { kind: 'blocks', blocks: [] } : { kind: 'internet' } };
      return { outside: { kind: 'blocks', blocks: [{ cidr: hostPrefix(address), except: [] }] } };
    }
    case 'entity':
      if (peer.entity === 'internet') return { outside: { kind: 'internet' } };
      return { outside: { kind: 'blocks', blocks: peer.entity === 'any' ? EVERY_ADDRESS : [] } };
    default:
      return assertNever(peer);
  }
}

/** Equal meanings have equal keys; `why` is for people. */
export function describeOutside(outside: Outside, texts: readonly string[]): readonly [key: string, why: string] {
  switch (outside.kind) {
    case 'blocks':
      return [`blocks ${texts.join()}`, `addresses ${texts.slice(0, 3).join(', ')}${texts.length > 3 ? ' and more' : ''}`];
    case 'nodes':
      return [`nodes ${JSON.stringify(outside.nodes.requirements)}`, `nodes ${formatSelector(outside.nodes)}`];
    case 'host':
      return [`host ${outside.node}`, `host ${outside.node}`];
    case 'internet':
      return ['internet', 'the public internet'];
    default:
      return assertNever(outside);
  }
}

export function describeSelection(selection: Selection): string {
  switch (selection.kind) {
    case 'all':
      return 'all pods';
    case 'workload':
      return `pods of ${selection.key}`;
    case 'pods':
      return `${selection.certainty === 'possible' ? 'possible ' : ''}pods ${formatSelector(selection.pods)} in namespace ${describeNamespaces(selection.namespaces)}`;
    default:
      return assertNever(selection);
  }
}

function describeNamespaces(namespaces: NamespaceSelection): string {
  return namespaces.kind === 'name' ? namespaces.name : formatSelector(namespaces.selector);
}

/** Equal selections have equal keys. */
export function selectionKey(selection: Selection): string {
  switch (selection.kind) {
    case 'all':
      return 'all';
    case 'workload':
      return `workload ${selection.key}`;
    case 'pods': {
      const { namespaces, pods, certainty = 'sure' } = selection;
      return `pods ${certainty === 'sure' ? '' : `${certainty} `}${JSON.stringify([namespaces.kind === 'name' ? namespaces.name : namespaces.selector.requirements, pods.requirements])}`;
    }
    default:
      return assertNever(selection);
  }
}
