import { createHash } from 'node:crypto';

import { type DispatchEntry, type NodeBundle, withNodeSettings } from '#compilers/nftables';
import type { Connection, Endpoint, PodKey, Snapshot } from '#model';

import { Lab, type LabOptions } from './lab.ts';
import type { LabHost } from './lab-host.ts';
import { labWorldOf, type LabPlace, type LabWorld, placesIn } from './lab-world.ts';
import { type EnforcementOptions, NodeEnforcement } from './node-enforcement.ts';
import { LabRules } from './node-rules.ts';
import { type ProbedConnection, type ProbeOutcome, Prober } from './prober.ts';
import { renderServiceTable, type ServiceRoute } from './service-table.ts';

/** A lab whose nodes enforce rules: what connections come through is asked of the kernel. */
export class EnforcedLab {
  readonly lab: Lab;
  readonly #enforcement: NodeEnforcement;
  readonly #translation = new LabRules('inet rf_lab');
  readonly #prober: Prober;
  #world: LabWorld = { nodes: [], pods: [] };

  constructor(options: LabOptions & EnforcementOptions = {}) {
    this.#enforcement = new NodeEnforcement(options);
    this.lab = new Lab(options);
    this.#prober = new Prober(this.lab);
  }

  /**
   * Goes on to a cluster and to these bundles, by node, under whatever runs; see
   * {@link NodeEnforcement.enforce} for `how`. A node without a bundle lets everything through.
   */
  show(snapshot: Snapshot, bundles: ReadonlyMap<string, NodeBundle>, how: 'from scratch' | 'by change' = 'from scratch'): void {
    this.#world = labWorldOf(snapshot);
    this.lab.show(this.#world);
    const guarded = [...bundles].map(([node, bundle]) => [node, this.#guard(bundle)] as const);
    this.#enforcement.enforce(this.lab.nodeNamespaces(), new Map(guarded), how);
    if (how === 'from scratch') this.lab.forgetConnections();
  }

  /** Makes every node translate the addresses of these Services, and no others. */
  translate(routes: readonly ServiceRoute[]): void {
    const nodes = this.lab.nodeNamespaces();
    const text = renderServiceTable(routes);
    this.#translation.load(nodes, new Map(routes.length === 0 ? [] : [...nodes.keys()].map((node) => [node, text])));
  }

  /** Sends the first packet of each connection, and says which arrived; in the order given. */
  probe(connections: readonly Connection[]): readonly ProbeOutcome[] {
    const placeOf = placesIn(this.#world);
    return this.send(connections.map((connection) => ({ connection, from: placeOf(connection.from), to: placeOf(connection.to) })));
  }

  /** As {@link EnforcedLab.probe}, for packets that do not go straight to where they arrive. */
  send(probes: readonly ProbedConnection[]): readonly ProbeOutcome[] {
    return this.#prober.probe(probes);
  }

  placeOf(end: Endpoint): LabPlace {
    return placesIn(this.#world)(end);
  }

  /** The interface a pod's packets enter its node by: what anti-spoofing guards. */
  interfaceOf(pod: PodKey): string {
    return this.lab.interfaceOf(pod);
  }

  /** The host an end of a connection lives on. */
  hostOf(end: Endpoint): LabHost {
    return this.lab.at(this.placeOf(end));
  }

  /** Every pod may speak from its own addresses only, as far as the wiring can tell pods apart. */
  #guard(bundle: NodeBundle): NodeBundle {
    const failMode = bundle.failMode === undefined ? {} : { failMode: bundle.failMode };
    const { bridge } = this.lab;
    const links = bridge === undefined
      ? { interfaceOf: ({ pod }: DispatchEntry) => this.lab.interfaceOf(pod) }
      : { linksOf: ({ addresses }: DispatchEntry) => [{ interface: bridge, addresses }], bridgesOf: () => [bridge] };
    return withNodeSettings(bundle, { ...links, ...failMode }, digestOf);
  }

  close(): void {
    this.#enforcement.close();
    this.lab.close();
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
