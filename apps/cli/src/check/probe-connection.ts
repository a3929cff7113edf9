import { type Address, type Connection, type Endpoint, parseAddress, type Snapshot } from '#model';

import { CaseError, type CasePod, type Probe } from './case.ts';

/**
 * The packet a probe stands for.
 *
 * Both ends use the first of the destination's addresses whose family the source has too, or the
 * first of `ipFamily` where the probe says one. A port name is looked up on the destination pod by
 * protocol, among the ports it listens on, declared or not.
 */
export function connectionOf(probe: Probe, snapshot: Snapshot, pods: ReadonlyMap<string, CasePod>): Connection {
  const from = endpointsOf(probe.from, snapshot);
  const to = endpointsOf(probe.to, snapshot);
  for (const destination of to) {
    if (probe.ipFamily !== undefined && destination.address.family !== probe.ipFamily) continue;
    const source = from.find((endpoint) => endpoint.address.family === destination.address.family);
    if (source === undefined) continue;
    return { from: source, to: destination, protocol: probe.protocol, port: portOf(probe, pods.get(probe.to)) };
  }
  throw new CaseError(`${probe.from} and ${probe.to} have no addresses of one family${probe.ipFamily === undefined ? '' : ` (IPv${String(probe.ipFamily)})`}`);
}

function endpointsOf(text: string, snapshot: Snapshot): readonly Endpoint[] {
  const pod = snapshot.pods.get(text);
  if (pod !== undefined) return pod.addresses.map((address): Endpoint => ({ kind: 'pod', pod, address }));
  const address: Address | undefined = parseAddress(text);
  if (address === undefined) throw new CaseError(`${JSON.stringify(text)} is neither a pod of the case nor an address`);
  return [{ kind: 'address', address }];
}

function portOf({ port, protocol }: Probe, destination: CasePod | undefined): number {
  if (protocol === 'ICMP') return 0;
  if (typeof port === 'number') return port;
  const named = destination?.ports.find((each) => each.name === port && each.protocol === protocol);
  if (named === undefined) throw new CaseError(`the destination has no ${protocol} port called ${JSON.stringify(port)}`);
  return named.port;
}
