import type { DispatchEntry, NodeBundle, PeerSet, PortSet, Profile } from '#compilers/nftables';
import { type Address, addressFromBits } from '#model';

export interface BundleSize {
  readonly pods: number;
  /** Addresses in peer sets, over all profiles. */
  readonly peers: number;
  readonly profiles: number;
}

const webPorts: PortSet = { name: 'p_tcp_8080', ranges: [{ protocol: 'TCP', from: 8080, to: 8080 }] };
const rangePorts: PortSet = { name: 'p_tcp_9000', ranges: [{ protocol: 'TCP', from: 9000, to: 9100 }, { protocol: 'UDP', from: 53, to: 53 }] };

/** The n-th address of the node's own block, 10.64.0.0/14 or fd00:64::/64. */
export function podAddress(family: 4 | 6, at: number): Address {
  return family === 4 ? addressFromBits(4, 0x0a40_0100n + BigInt(at)) : addressFromBits(6, (0xfd00_0064n << 96n) + 0x100n + BigInt(at));
}

/** The n-th address of peers elsewhere, from 10.128.0.0 on. */
export function peerAddress(at: number): Address {
  return addressFromBits(4, 0x0a80_0000n + BigInt(at));
}

/** A made-up bundle of a size, dual stack, the same each time: every pod follows one of the ingress profiles, and each profile allows its own peers. */
export function makeBundle({ pods, peers, profiles }: BundleSize): NodeBundle {
  const share = Math.floor(peers / profiles);
  return bundleWith(
    Array.from({ length: pods }, (_, at) => makePod(at, profiles)),
    Array.from({ length: profiles }, (_, at) => makeProfile(at, Array.from({ length: share }, (__, place) => peerAddress(at * share + place).text))),
  );
}

export function bundleWith(pods: readonly DispatchEntry[], profiles: readonly Profile[], hash = 'a1'): NodeBundle {
  return { node: 'node-a', revision: 1, hash, local4: ['10.64.0.0/14'], local6: ['fd00:64::/64'], contested: [], pods, profiles };
}

export function makePod(at: number, profiles: number): DispatchEntry {
  return { pod: `team/pod-${String(at)}`, addresses: [podAddress(4, at), podAddress(6, at)], ingress: profileName(at % profiles) };
}

export function profileName(at: number): string {
  return `i_app_${String(at).padStart(4, '0')}`;
}

/** A profile that lets these IPv4 addresses in, and nobody else. */
export function makeProfile(at: number, elements4: readonly string[], digest = `${String(at)} ${String(elements4.length)} ${elements4.slice(-50).join()}`): Profile {
  const peer: PeerSet = { key: `peers of ${String(at)}`, kind: 'addresses', name: `g_app_${String(at).padStart(4, '0')}`, why: 'pods app=x', families: [4, 6], elements4, elements6: [], digest };
  const name = profileName(at);
  return {
    direction: 'ingress',
    name,
    why: 'NetworkPolicy team/app',
    admin: [],
    isolatedBy: ['NetworkPolicy team/app'],
    namespaced: [
      { policy: 'NetworkPolicy team/app', rule: `ingress-${String(at)}`, home: (at % 4_000) + 1, action: 'allow', why: [], matches: [{ kind: 'peer', peer, ports: webPorts }, { kind: 'peer', peer: 'any', ports: rangePorts }] },
    ],
    baseline: [],
    digest,
  };
}

/** The bundles a busy node goes through, one after another: pods and peers come and go, pod 0 always lets the same one in. */
export function churnBundle(at: number): NodeBundle {
  const peers = Array.from({ length: at % 11 }, (_, place) => peerAddress(place).text);
  const pods = Array.from({ length: 2 + (at % 5) }, (_, place) => makePod(place, 2));
  return { ...bundleWith(pods, [makeProfile(0, ['192.0.2.10', ...peers]), makeProfile(1, ['198.51.100.1', ...peers])], `h${String(at)}`), revision: at };
}
