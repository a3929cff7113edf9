import type { NodeBundle } from '#compilers/nftables';
import { chooseDriver, type Driver, type DriverName, NodeTable } from '#dataplane';

import type { NetworkNamespace } from './network-namespace.ts';

export interface EnforcementOptions {
  /** The driver to use; the best one that works unless said. */
  readonly driver?: Exclude<DriverName, 'fake'>;
}

interface Enforced {
  readonly driver: Driver;
  /** Absent where the node enforces nothing. */
  table: NodeTable | undefined;
}

/** What the nodes of a lab enforce, written into their kernels as an enforcer would. */
export class NodeEnforcement {
  readonly #options: EnforcementOptions;
  readonly #nodes = new Map<NetworkNamespace, Enforced>();

  constructor(options: EnforcementOptions = {}) {
    this.#options = options;
  }

  /**
   * Makes the nodes hold these bundles, and nodes without one nothing.
   *
   * `how` tells whether a node goes on from what it holds, by the change alone and judging again
   * what was tightened, or begins with a whole new table.
   */
  enforce(namespaces: ReadonlyMap<string, NetworkNamespace>, bundles: ReadonlyMap<string, NodeBundle>, how: 'from scratch' | 'by change'): void {
    for (const [node, namespace] of namespaces) {
      const bundle = bundles.get(node);
      const enforced = this.#nodes.get(namespace);
      if (bundle === undefined) {
        if (enforced?.table !== undefined) enforced.driver.remove();
        if (enforced !== undefined) enforced.table = undefined;
      } else {
        this.#apply(node, bundle, enforced ?? this.#open(namespace), how);
      }
    }
  }

  close(): void {
    for (const { driver } of this.#nodes.values()) driver.close();
  }

  #open(namespace: NetworkNamespace): Enforced {
    const { driver: only } = this.#options;
    const { driver } = chooseDriver({ namespacePath: namespace.path, ...(only === undefined ? {} : { only }) });
    const enforced = { driver, table: undefined };
    this.#nodes.set(namespace, enforced);
    return enforced;
  }

  #apply(node: string, bundle: NodeBundle, enforced: Enforced, how: 'from scratch' | 'by change'): void {
    if (how === 'from scratch') enforced.table = undefined;
    enforced.table ??= new NodeTable({ driver: enforced.driver });
    const report = enforced.table.apply(bundle);
    if (report.kind === 'failed') throw new Error(`lab: node ${node} refused its rules: ${report.why}`);
  }
}
