import type { Address } from './address.ts';
import type { Protocol } from './protocol.ts';
import type { Entity } from './workload-ref.ts';

/** One end of a flow as a reporter names it: whatever is known of address, pod, workload (`namespace/kind/name`) and DNS names. */
export interface FlowEnd {
  readonly address?: Address;
  /** `namespace/name`. */
  readonly pod?: string;
  readonly workload?: string;
  readonly names: readonly string[];
  /** What the reporter calls an end that is no pod; `node` is a machine of the cluster itself (kubelet, host network). */
  readonly entity?: Entity | 'node';
}

/** Traffic that was seen, aggregated by the reporter: `count` connections, `bytes` where counted. */
export interface Flow {
  readonly time: string;
  readonly from: FlowEnd;
  readonly to: FlowEnd;
  readonly protocol: Protocol;
  /** The destination pod's port; null for ICMP. */
  readonly port: number | null;
  readonly application?: string;
  readonly count: number;
  readonly bytes?: number;
  /** Whether it got through when it was seen. */
  readonly forwarded: boolean;
  readonly line: number;
}
