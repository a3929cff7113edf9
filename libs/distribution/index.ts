export { applyDelta, applyDeltas } from './apply-delta.ts';
export { BundleEncoder } from './bundle-encoder.ts';
export { isFate } from './bundle-fault.ts';
export { type BundleReading, readBundleText, writeBundleText } from './bundle-text.ts';
export { type BundleSnapshot, type DesiredBundle, DesiredBundles } from './desired-bundles.ts';
export { type NodeNews, readNodeNews } from './node-news.ts';
export { readPlain, writePlain } from './plain-text.ts';
export { type DesiredPolicies, PolicyRollout } from './policy-rollout.ts';
export { Rollout, type RolloutOptions } from './rollout.ts';
export {
  type BundleMark,
  type ControllerMessage,
  LARGEST_TEXT_BYTES,
  type NodeAck,
  type NodeHello,
  type NodeMessage,
  type NodeNack,
  PART_BYTES,
  PROTOCOL,
  type TextPart,
} from './wire-message.ts';
