import type { Diagnostic } from './diagnostic.ts';
import type { Node, Pod } from './pod.ts';
import type { Workload } from './workload.ts';

/** A network a container is on, and the names that lead to it there; none where the engine resolves none. */
export interface NetworkNames {
  readonly network: string;
  readonly names: readonly string[];
}

/**
 * One container as its engine (Docker) tells of it: the pod it is, and what describes its workload
 * should no Compose file do so.
 */
export interface EngineContainer {
  readonly kind: 'container';
  readonly pod: Pod;
  readonly workload: Workload;
  readonly networks: readonly NetworkNames[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The machine an engine runs on: a node whose blocks are the subnets of the bridges there. */
export interface EngineHost {
  readonly kind: 'container-host';
  readonly node: Node;
  readonly diagnostics: readonly Diagnostic[];
}
