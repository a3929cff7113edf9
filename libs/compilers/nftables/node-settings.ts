import { compareText, type ConnectionFate, type Direction } from '#model';

import { isEnforcing } from './dispatch.ts';
import { type Digest, digestOf } from './digest.ts';
import type { DispatchEntry, EnforcementMode, FailMode, HostEntry, NodeBundle, Profile } from './node-bundle.ts';

/** What is decided about a node beside its policies. */
export interface NodeSettings {
  /** Absent, or undefined for an entry: what is denied is dropped. */
  readonly modeOf?: (entry: DispatchEntry, direction: Direction) => EnforcementMode | undefined;
  /** The interface a pod's packets enter the node by; undefined: nobody knows, and it is not guarded. */
  readonly interfaceOf?: (entry: DispatchEntry) => string | undefined;
  /** What becomes of a pod's established connections when its rules get stricter; undefined: they are cut. */
  readonly fateOf?: (entry: DispatchEntry) => ConnectionFate | undefined;
  /** For addresses that stay unknown where anything is enforced; absent: `closed`. */
  readonly failMode?: FailMode;
  /** The node itself as what policies are about, and the profiles it follows. */
  readonly host?: { readonly entry: HostEntry; readonly profiles: readonly Profile[] };
}

/** The bundle with these settings; its hash is over them too, and that of the bundle where they change nothing. */
export function withNodeSettings(bundle: NodeBundle, settings: NodeSettings, digest: Digest): NodeBundle {
  const pods = bundle.pods.map((entry) => settled(entry, settings));
  const { host } = settings;
  const failMode = isEnforcing(pods) ? settings.failMode : 'open';
  const profiles = host === undefined ? bundle.profiles : sortedByName([...bundle.profiles, ...host.profiles]);
  const differing = pods.filter((entry, at) => entry !== bundle.pods[at]);
  if (differing.length === 0 && host === undefined && failMode === bundle.failMode) return bundle;
  const said = differing.map(({ pod, ingressMode, egressMode, interface: name, fate }) => [pod, ingressMode, egressMode, name, fate]);
  const asHost = host && { ...host.entry, addresses: host.entry.addresses.map(({ text }) => text) };
  const parts = [bundle.hash, JSON.stringify(said), JSON.stringify(asHost ?? null), failMode ?? '', profiles.map((profile) => profile.digest).join()];
  const set = { ...(host === undefined ? {} : { host: host.entry }), ...(failMode === undefined ? {} : { failMode }) };
  return { ...bundle, pods, profiles, contested: isEnforcing(pods) ? bundle.contested : [], ...set, hash: digestOf(digest, parts) };
}

function settled(entry: DispatchEntry, { modeOf, interfaceOf, fateOf }: NodeSettings): DispatchEntry {
  const fate = fateOf?.(entry);
  const settings = { ingressMode: modeOf?.(entry, 'ingress'), egressMode: modeOf?.(entry, 'egress'), interface: interfaceOf?.(entry), fate: fate?.kind === 'cut' ? undefined : fate };
  const said = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  return Object.keys(said).length === 0 ? entry : { ...entry, ...said };
}

function sortedByName(profiles: readonly Profile[]): readonly Profile[] {
  return [...new Map(profiles.map((profile) => [profile.name, profile])).values()].sort((a, b) => compareText(a.name, b.name));
}
