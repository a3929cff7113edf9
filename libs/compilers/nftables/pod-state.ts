import type { Address, Pod, PodKey } from '#model';

import type { Element, PeerGroup } from './peer-group.ts';
import type { ProfileState } from './profile-state.ts';

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
}
