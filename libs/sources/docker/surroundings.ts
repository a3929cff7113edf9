import type { Address } from '#model';

import type { ContainerFacts } from './container-facts.ts';
import type { HostFacts } from './host-value.ts';
import type { NetworkFacts } from './network-facts.ts';

/** What a container is described with beside its own facts. The same parts, the same description. */
export interface Surroundings {
  readonly host: HostFacts;
  readonly hostAddresses: readonly Address[];
  readonly networks: ReadonlyMap<string, NetworkFacts>;
  /** Whose network it has where that is another's. */
  readonly root: ContainerFacts | undefined;
  /** Addresses its endpoints name that somebody else is running with. */
  readonly lost: readonly string[];
}
