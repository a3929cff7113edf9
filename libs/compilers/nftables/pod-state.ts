import type { Address, Pod, PodKey } from '#model';

import type { AddressRange } from './address-ranges.ts';
import type { DispatchEntry } from './node-bundle.ts';
import type { Element, PeerGroup } from './peer-group.ts';
import type { ProfileState } from './profile-state.ts';

/** A pod as bundles have it. */
export interface DescribedPod {
  readonly entry: DispatchEntry;
  /** What the digest of a bundle is over. */
  readonly line: string;
  readonly own: readonly AddressRange[];
}

/** What one pod came down to when it was last looked at. */
export interface PodState {
  readonly key: PodKey;
  readonly pod: Pod;
  /** Its addresses without doubles and without those another pod claims too. */
  readonly addresses: readonly Address[];
  readonly contested: readonly Address[];
  readonly memberships: Map<PeerGroup, readonly Element[]>;
  readonly ingress: ProfileState | undefined;
  readonly egress: ProfileState | undefined;
  /** Worked out once, for nodes are described far more often than pods change. */
  described: DescribedPod | undefined;
}
