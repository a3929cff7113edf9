import type { FlowReport, ObservedEnd } from '#model';

/** What node n1 saw from one time to another: three connections to a database between each of these ends. */
export function databaseReport(from: number, to: number, ends: readonly (readonly [client: ObservedEnd, server: ObservedEnd])[]): FlowReport {
  const flows = ends.map(([client, server]): FlowReport['flows'][number] => ({
    client,
    server,
    protocol: 'TCP',
    port: 5432,
    verdict: 'allowed',
    egressRule: 0,
    ingressRule: 0,
    connections: 3,
    alive: 0,
    ended: 3,
    replied: 3,
    sentBytes: 100,
    receivedBytes: 100,
    sentPackets: 9,
    receivedPackets: 9,
    longestMs: 5,
    applications: [],
  }));
  return { reporter: 'n1', from, to, flows, loss: { connectionEvents: 0, logRecords: 0, resyncs: 0, unreadable: 0 }, overflowed: [], foreign: 0 };
}

/** The same between web and its database on one node, over both families. */
export function webToDatabase(from: number, to: number): FlowReport {
  const families = [['10.1.1.2', '10.1.1.3'], ['2001:db8:1:1::2', '2001:db8:1:1::3']] as const;
  return databaseReport(from, to, families.map(([client, server]) => [{ address: client, pod: 'shop/web-a' }, { address: server, pod: 'shop/db-a' }]));
}
