export { compileNetworkPolicies, type NetworkPolicyCompilation } from './compile.ts';
export type { NetworkPolicyObject, NetworkPolicySpec, WirePeer, WirePort, WireSelector } from './network-policy.ts';
export { renderYaml } from './render-yaml.ts';
export { chooseSelectors, type SelectorChoice } from './selector-choice.ts';
