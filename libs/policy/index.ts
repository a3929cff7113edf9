export { type AddressBlock, blockContains } from './address-block.ts';
export { createEvaluator, evaluate, type Evaluator } from './evaluate.ts';
export { createGrounder, type GroundedPeer, type Grounder, groundPeer } from './grounding.ts';
export { type Certainty, isSelectable, isSelected, isSubject } from './membership.ts';
export { EVERY_ADDRESS, NOT_INTERNET_4, NOT_INTERNET_6, publicInternet } from './public-internet.ts';
export { adoptPolicies, type Approval, approve, comparePolicies } from './revision.ts';
export { matchesPorts } from './port-matching.ts';
