import { assertNever, formatSelector, type LabelSelector, type Origin, type Prefix, type Protocol, workloadKey, type WorkloadRef } from '#model';

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

/** `shop/Deployment/web`, `namespace shop, app=web`, `203.0.113.0/24`, `the internet`. */
export function formatPattern(pattern: PeerPattern): string {
  switch (pattern.kind) {
    case 'workload':
      return workloadKey(pattern.workload);
    case 'pods': {
      const where = pattern.namespaces.kind === 'name' ? pattern.namespaces.name : formatSelector(pattern.namespaces.selector);
      return `namespace ${where}, pods ${formatSelector(pattern.pods)}`;
    }
    case 'cidr':
      return pattern.cidr.text;
    case 'internet':
      return 'the internet';
    default:
      return assertNever(pattern);
  }
}
