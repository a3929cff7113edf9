import type { LabelSelector, Origin, Prefix, Protocol, WorkloadRef } from '#model';

/** One end of an invariant: pods by workload or labels, or addresses outside. */
export type PeerPattern =
  | { readonly kind: 'workload'; readonly workload: WorkloadRef }
  | { readonly kind: 'pods'; readonly namespaces: { readonly kind: 'name'; readonly name: string } | { readonly kind: 'selector'; readonly selector: LabelSelector }; readonly pods: LabelSelector }
  | { readonly kind: 'cidr'; readonly cidr: Prefix }
  | { readonly kind: 'internet' };

/** Something that has to stay true of connectivity, whatever is learned or edited later. */
export interface Invariant {
  readonly name: string;
  /** `never`: nothing gets through from any pod of `from` to any of `to`. `must`: every such pair gets through. */
  readonly claim: 'never' | 'must';
  readonly from: PeerPattern;
  readonly to: PeerPattern;
  /** Absent: any port at all; for `must`, every port the destination declares. */
  readonly port?: { readonly port: number; readonly protocol: Protocol };
  readonly origin: Origin;
}
