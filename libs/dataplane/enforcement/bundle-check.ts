import { layOutElements, layOutRuleset, type NodeBundle, type Profile } from '#compilers/nftables';

import { changedEntries, hasSameRules } from '../bundle-delta.ts';
import { elementsFault, rulesetFault } from './ruleset-fault.ts';

/**
 * Looks at every word of bundles somebody else wrote, before any of it reaches a kernel.
 *
 * What the last bundle that passed shares with the next, the same objects, is not looked at again:
 * a pod more costs microseconds, not the milliseconds of a hundred thousand elements.
 */
export class BundleCheck {
  /** What passed last, whole. */
  #passed: NodeBundle | undefined;

  /** Says what keeps a bundle from being laid out; undefined where nothing does, and then it counts as passed. */
  fault(bundle: NodeBundle): string | undefined {
    const fault = this.#find(bundle);
    if (fault === undefined) this.#passed = bundle;
    return fault;
  }

  #find(bundle: NodeBundle): string | undefined {
    const passed = this.#passed;
    try {
      if (passed === undefined || !hasSameRules(passed, bundle)) return rulesetFault(layOutRuleset(bundle));
      const pods = changedEntries(passed.pods, bundle.pods).after;
      const known = new Set<Profile>(passed.profiles);
      const profiles = bundle.profiles.filter((profile) => !known.has(profile));
      const reduced = { ...bundle, pods, profiles };
      return profiles.length === 0 ? elementsFault(layOutElements(reduced, 1, {})) : rulesetFault(layOutRuleset(reduced));
    } catch (error) {
      return `it cannot be laid out: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
}
