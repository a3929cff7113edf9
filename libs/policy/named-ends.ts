import { type AddressClaims, addressClaims } from '#inventory';
import { type Address, type Connection, type Endpoint, isPortNumber, isProtocol, parseAddress, type Pod, type Protocol, type Snapshot, workloadKey } from '#model';

/** The ends a text may mean, or a sentence saying why it means none. */
export type EndReading = { readonly kind: 'ends'; readonly ends: readonly Endpoint[] } | { readonly kind: 'problem'; readonly text: string };

/** Addresses that stand for any public one, of the blocks kept for documentation. */
const ANY_PUBLIC = ['203.0.113.1', '2001:db8::1'];

/**
 * Reads `namespace/kind/name` (every pod of the workload), `namespace/name` (a pod, or the only
 * workload of that name), an address, or `internet`.
 */
export function readEnd(text: string, snapshot: Snapshot): EndReading {
  const address = parseAddress(text);
  if (address !== undefined) return byAddress(address, addressClaims(snapshot));
  if (text === 'internet') return { kind: 'ends', ends: ANY_PUBLIC.flatMap((one) => parseAddress(one) ?? []).map(outside) };
  const pods = podsCalled(text, snapshot);
  if (pods.length === 0) return { kind: 'problem', text: notFound(text, snapshot) };
  const ends = pods.flatMap((pod) => pod.addresses.map((own): Endpoint => ({ kind: 'pod', pod, address: own })));
  if (ends.length === 0) return { kind: 'problem', text: `${text} has no running pod with an address` };
  return { kind: 'ends', ends };
}

function byAddress(address: Address, claims: AddressClaims): EndReading {
  const owner = claims.ownerOf(address);
  if (owner?.kind === 'pod') return { kind: 'ends', ends: [{ kind: 'pod', pod: owner.pod, address }] };
  if (owner?.kind !== 'service') return { kind: 'ends', ends: [outside(address)] };
  const name = `${owner.service.namespace}/${owner.service.name}`;
  return { kind: 'problem', text: `${address.text} is the address of Service ${name}; policies see the pods behind it, so name a workload and its pod port` };
}

function outside(address: Address): Endpoint {
  return { kind: 'address', address };
}

function podsCalled(text: string, snapshot: Snapshot): readonly Pod[] {
  const running = [...snapshot.pods.values()].filter(({ phase }) => phase !== 'finished');
  const parts = text.split('/');
  if (parts.length === 3) return running.filter(({ workload }) => workloadKey(workload) === text);
  if (parts.length !== 2) return [];
  const pod = snapshot.pods.get(text);
  if (pod !== undefined) return [pod];
  const named = [...snapshot.workloads.values()].filter(({ ref }) => `${ref.namespace}/${ref.name}` === text);
  const [only] = named;
  return only === undefined || named.length > 1 ? [] : running.filter(({ workload }) => workloadKey(workload) === workloadKey(only.ref));
}

const SUGGESTED = 5;

function notFound(text: string, snapshot: Snapshot): string {
  const name = text.split('/').at(-1) ?? text;
  const alike = [...snapshot.workloads.keys()].filter((key) => key.includes(name)).slice(0, SUGGESTED);
  const hint = alike.length > 0 ? `; did you mean ${alike.join(', ')}?` : '; give namespace/kind/name, namespace/pod, an address or internet';
  return `${text} is no workload, pod or address of the input${hint}`;
}

/** A destination port as people write it: `5432/TCP`, `53/UDP`, `443`, `ICMP`. */
export function readPort(text: string): { readonly port: number; readonly protocol: Protocol } | undefined {
  const [number = '', name = 'TCP', ...rest] = text.toUpperCase() === 'ICMP' ? ['0', 'ICMP'] : text.toUpperCase().split('/');
  if (rest.length > 0 || !isProtocol(name) || !/^\d{1,5}$/.test(number)) return undefined;
  const port = Number(number);
  if (name === 'ICMP' ? port !== 0 : !isPortNumber(port)) return undefined;
  return { port, protocol: name };
}

/** Every connection between two sets of ends: pairs of one family, a pod never with itself unless it is the only choice. */
export function connectionsBetween(from: readonly Endpoint[], to: readonly Endpoint[], rest: Pick<Connection, 'port' | 'protocol' | 'application'>): readonly Connection[] {
  const pairs = from.flatMap((one) => to.filter(({ address }) => address.family === one.address.family).map((other): Connection => ({ from: one, to: other, ...rest })));
  const others = pairs.filter((pair) => !isSelf(pair));
  return others.length > 0 ? others : pairs;
}

function isSelf({ from, to }: Connection): boolean {
  return from.kind === 'pod' && to.kind === 'pod' && from.pod === to.pod;
}
