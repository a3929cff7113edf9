import type { Direction, EnforcedBy, Pod, Snapshot } from '#model';

import type { Coverage } from './applied-policies.ts';
import { CoverageIndex, type PodCoverage, ReplacedCoverage } from './coverage.ts';
import { enforcerName, type PolicyLayer, type PolicyReplacement } from './layers.ts';
import type { Party } from './party.ts';
import type { PeerMatcher } from './peer-matching.ts';
import { isHostItself } from './plain-hosts.ts';
import { decideSide, type Side, type SideVerdict } from './side.ts';

/** What of one layer applies to a pod. */
export interface LayerCoverage {
  readonly enforcedBy?: EnforcedBy;
  readonly coverage: Coverage;
}

const NOTHING: Coverage = { admin: [], namespaced: [], baseline: [] };

/** Finds what applies to a pod, layer by layer, and lets each of them decide. */
export class LayeredCoverage {
  readonly #snapshot: Snapshot;
  #layers: readonly (Omit<PolicyLayer, 'revision'> & { readonly index: PodCoverage })[];

  constructor(layers: readonly PolicyLayer[], snapshot: Snapshot) {
    this.#snapshot = snapshot;
    this.#layers = layers.map(({ revision, ...layer }) => ({ ...layer, index: new CoverageIndex(revision, snapshot, { closesHosts: layer.enforcedBy !== 'network' }) }));
  }

  /** The same with another policy of one workload: it shares everything that is the same. */
  replacing({ workload, policy, enforcedBy }: PolicyReplacement): LayeredCoverage {
    const made = new LayeredCoverage([], this.#snapshot);
    made.#layers = this.#layers.map((layer) => (layer.enforcedBy === enforcedBy ? { ...layer, index: new ReplacedCoverage(layer.index, workload, policy === undefined ? [] : [policy], this.#snapshot) } : layer));
    return made;
  }

  /** Whose policies are asked at this end of a connection: the pod's, or those of the plain host that receives. */
  subjectAt(direction: Direction, party: Party): Pod | undefined {
    if (party.pod !== undefined || direction === 'egress') return party.pod;
    return this.#layers.map(({ index }) => index.hostAt(party)).find((host) => host !== undefined);
  }

  /** Whether a plain host that is closed speaks to itself. */
  isWithinHost(from: Party, to: Party): boolean {
    return this.#layers.some(({ index }) => index.isWithinHost(from, to));
  }

  /** In the order of the layers, those included that say nothing about this pod. */
  covering(pod: Pod): readonly LayerCoverage[] {
    return this.#layers.map(({ enforcedBy, index, isEnforcedFor }) => ({ ...(enforcedBy === undefined ? {} : { enforcedBy }), coverage: isEnforcedFor?.(pod) === false && !isHostItself(pod) ? NOTHING : index.covering(pod) }));
  }

  /**
   * What one end says: what every layer lets through. Isolation is a matter of each layer alone, so
   * one that says nothing of the pod lets everything through, and is only mentioned where none does.
   */
  decide(side: Side, matcher: PeerMatcher): SideVerdict {
    const said = this.covering(side.pod).map(({ enforcedBy, coverage }) => ({ enforcedBy, isSilent: isEmpty(coverage), verdict: decideSide(side, coverage, matcher) }));
    const deciding = said.filter(({ verdict }) => verdict.reasons.some(({ policy }) => policy !== undefined));
    const told = deciding.length > 0 ? deciding : [said.find(({ isSilent }) => !isSilent) ?? said[0]].filter((one) => one !== undefined);
    return {
      mayAllow: said.every(({ verdict }) => verdict.mayAllow),
      mayDeny: said.some(({ verdict }) => verdict.mayDeny),
      reasons: told.flatMap(({ enforcedBy, verdict }) =>
        verdict.reasons.map((reason) => (enforcedBy === undefined ? reason : { ...reason, enforcedBy, text: told.length > 1 ? `${enforcerName(enforcedBy)}: ${reason.text}` : reason.text })),
      ),
    };
  }
}

function isEmpty({ admin, namespaced, baseline }: Coverage): boolean {
  return admin.length + namespaced.length + baseline.length === 0;
}
