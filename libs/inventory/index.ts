export { AddressHistory, type AddressHistoryOptions } from './address-history.ts';
export type { AddressHolder } from './address-holder.ts';
export { type Attribution, attribute } from './attribute.ts';
export { type AddressClaims, type AddressOwner, addressClaims } from './claims.ts';
export { Inventory, snapshotOf } from './inventory.ts';
export { EXAMPLE_LIMITS, type ExampleOptions, placeExamplePods } from './example-pods.ts';
export { changedPods } from './pod-map.ts';
export { policyReaderOf } from './read-policy.ts';
