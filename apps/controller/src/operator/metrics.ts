import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { ControllerStatus } from './controller-status.ts';

const LATENCIES = [0.001, 0.005, 0.025, 0.1, 0.25, 1, 5];

/**
 * What Prometheus reads. Counts only: no workload, namespace or address is a label, so reading
 * them needs no role and their number does not grow with the cluster.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #status: () => Promise<ControllerStatus>;
  readonly #requests: Counter<'route' | 'status'>;
  readonly #seconds: Histogram<'route'>;
  readonly #readings: readonly ((status: ControllerStatus) => void)[];

  constructor(status: () => Promise<ControllerStatus>, streams: () => number) {
    this.#status = status;
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#requests = new Counter({ name: 'ringfence_http_requests_total', help: 'Requests to the operator interface', labelNames: ['route', 'status'], registers });
    this.#seconds = new Histogram({ name: 'ringfence_http_request_seconds', help: 'How long requests to the operator interface took', labelNames: ['route'], buckets: LATENCIES, registers });
    new Gauge({ name: 'ringfence_event_streams', help: 'Open streams of events', registers, collect() { this.set(streams()); } });
    const one = (name: string, help: string, read: (status: ControllerStatus) => number): ((status: ControllerStatus) => void) => {
      const gauge = new Gauge({ name: `ringfence_${name}`, help, registers });
      return (status) => {
        gauge.set(read(status));
      };
    };
    const each = (name: string, help: string, label: string, read: (status: ControllerStatus) => Readonly<Record<string, number>>): ((status: ControllerStatus) => void) => {
      const gauge = new Gauge({ name: `ringfence_${name}`, help, labelNames: [label], registers });
      return (status) => {
        for (const [value, count] of Object.entries(read(status))) gauge.set({ [label]: value }, count);
      };
    };
    const policies = new Gauge({ name: 'ringfence_policies', help: 'Policies beside the nodes by how they stand', labelNames: ['output', 'state'], registers });
    const healings = new Gauge({ name: 'ringfence_policies_healed', help: 'Changes others made to our policies that were undone since the start', labelNames: ['output'], registers });
    this.#readings = [
      one('revision', 'Number of the revision in force', ({ revision }) => revision),
      one('leader', 'Whether this replica decides', ({ leadership }) => (leadership.kind === 'leader' ? 1 : 0)),
      one('journal_entries', 'Entries of the journal', ({ store }) => store.lastSeq),
      journalEnd(registers),
      one('store_usable', 'Whether the store can be written', ({ store }) => (store.problem === undefined ? 1 : 0)),
      each('sources', 'Sources by how far they have got', 'state', ({ sources }) => tally(sources.map(({ state }) => state), ['in sync', 'syncing', 'degraded', 'failed'])),
      each('workloads', 'Workloads by the mode they are in', 'mode', ({ modes }) => modes),
      each('workload_enforcement', 'Workloads by what becomes of what their rules deny', 'standing', ({ enforcement }) => ({ ...enforcement })),
      one('would_drop_kinds', 'Clients, servers and ports audit has counted and that still lack a rule', ({ wouldDrops }) => wouldDrops.kinds),
      one('would_drop_connections', 'Their connections', ({ wouldDrops }) => wouldDrops.connections),
      one('workloads_ready', 'Workloads a person could approve now', ({ ready }) => ready),
      each('reviews', 'Workloads by where their review stands', 'standing', ({ reviews }) => ({ ...reviews })),
      each('nodes', 'Nodes by what they are known to enforce', 'state', ({ nodes }) => ({ ...nodes })),
      ({ outputs }) => {
        for (const { output, healed, ...standings } of outputs) {
          healings.set({ output }, healed);
          for (const [state, count] of Object.entries(standings)) policies.set({ output, state }, count);
        }
      },
      one('flow_records', 'Flow records taken in since the start', ({ flows }) => flows.records),
      one('flow_connections', 'Connections taken in since the start', ({ flows }) => flows.connections),
      each('flow_connections_unattributed', 'Connections with an end nobody could be found for', 'why', ({ flows }) => ({ ...flows.unattributed })),
      one('flow_connections_on_nodes', 'Connections with an end that shares the address of its node', ({ flows }) => flows.onNodes),
      each('flow_losses', 'What reporters admit to have missed since the start', 'of', ({ flows }) => ({ ...flows.lost, overflowedConnections: flows.overflowedConnections })),
    ];
  }

  /** `route` is the name of a route, or `none`. */
  observe(route: string, status: number, seconds: number): void {
    this.#requests.inc({ route, status: String(status) });
    this.#seconds.observe({ route }, seconds);
  }

  async read(): Promise<{ readonly contentType: string; readonly text: string }> {
    const status = await this.#status();
    for (const take of this.#readings) take(status);
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }

  close(): void {
    this.registry.clear();
  }
}

// one series at a time: whoever keeps it keeps what the journal ended with
function journalEnd(registers: readonly Registry[]): (status: ControllerStatus) => void {
  const gauge = new Gauge({ name: 'ringfence_journal_end_info', help: 'The last entry of the journal and its digest', labelNames: ['entry', 'digest'], registers: [...registers] });
  return ({ store }) => {
    gauge.reset();
    gauge.set({ entry: String(store.lastSeq), digest: store.lastDigest }, 1);
  };
}

function tally(found: readonly string[], known: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(known.map((one) => [one, found.filter((each) => each === one).length]));
}
