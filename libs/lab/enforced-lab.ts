import type { Connection, Endpoint, Snapshot } from '#model';

import { Lab, type LabOptions } from './lab.ts';
import type { LabHost } from './lab-host.ts';
import { labWorldOf, type LabPlace, type LabWorld, placesIn } from './lab-world.ts';
import { LabRules } from './node-rules.ts';
import { type ProbedConnection, type ProbeOutcome, Prober } from './prober.ts';
import { renderServiceTable, type ServiceRoute } from './service-table.ts';

/** A lab whose nodes enforce rules: what connections come through is asked of the kernel. */
export class EnforcedLab {
  readonly lab: Lab;
  readonly #rules = new LabRules('inet ringfence');
  readonly #translation = new LabRules('inet rf_lab');
  readonly #prober: Prober;
  #world: LabWorld = { nodes: [], pods: [] };

  constructor(options: LabOptions = {}) {
    this.lab = new Lab(options);
    this.#prober = new Prober(this.lab);
  }

  /**
   * Goes on to a cluster and to these rules (text for `nft -f` by node), under whatever runs.
   * A node without rules lets everything through.
   */
  show(snapshot: Snapshot, texts: ReadonlyMap<string, string>): void {
    this.#world = labWorldOf(snapshot);
    this.lab.show(this.#world);
    this.#rules.load(this.lab.nodeNamespaces(), texts);
  }

  /** Makes every node translate the addresses of these Services, and no others. */
  translate(routes: readonly ServiceRoute[]): void {
    const nodes = this.lab.nodeNamespaces();
    const text = renderServiceTable(routes);
    this.#translation.load(nodes, new Map(routes.length === 0 ? [] : [...nodes.keys()].map((node) => [node, text])));
  }

  /** Makes the nodes forget every connection, as if none had ever been. */
  forgetConnections(): void {
    this.lab.forgetConnections();
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

  /** The host an end of a connection lives on. */
  hostOf(end: Endpoint): LabHost {
    return this.lab.at(this.placeOf(end));
  }

  close(): void {
    this.lab.close();
  }
}
