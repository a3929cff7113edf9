import type { RulesetDelta } from '../driver.ts';

/** Changes nothing; with it a driver that can own its table takes one over whose owner is gone. */
export const NO_CHANGE: RulesetDelta = { addedSets: [], addedMaps: [], addedChains: [], rewrittenChains: [], sets: [], maps: [], removedChains: [], removedSets: [] };
