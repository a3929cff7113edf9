import { compareText, type ConnectionFate, type Direction } from '#model';

import { isEnforcing } from './dispatch.ts';
import { isGuardable } from './guardable-name.ts';
import { type Digest, digestOf } from './digest.ts';
import type { DispatchEntry, EnforcementMode, FailMode, GuardedLink, HostEntry, NodeBundle, Profile } from './node-bundle.ts';

/** What is decided about a node beside its policies. */
export interface NodeSettings {
  /** Absent, or undefined for an entry: what is denied is dropped. */
  readonly modeOf?: (entry: DispatchEntry, direction: Direction) => EnforcementMode | undefined;
  /** The interface a pod's packets enter the node by; undefined: nobody knows, and it is not guarded. */
  readonly interfaceOf?: (entry: DispatchEntry) => string | undefined;
  /** The bridges a pod speaks on, and as whom. */
  readonly linksOf?: (entry: DispatchEntry) => readonly GuardedLink[] | undefined;
  /** The bridges of a node whose pods all say what they speak on. */
  readonly bridgesOf?: (node: string) => readonly string[];
  /** What becomes of a pod's established connections when its rules get stricter; undefined: they are cut. */
  readonly fateOf?: (entry: DispatchEntry) => ConnectionFate | undefined;
  /** For addresses that stay unknown where anything is enforced; absent: `closed`. */
  readonly failMode?: FailMode;
  /** The node itself as what policies are about, and the profiles it follows. */
  readonly host?: { readonly entry: HostEntry; readonly profiles: readonly Profile[] };
}

/** A bundle of a node as it was compiled, and with settings. */
export interface SettledBundle {
  readonly compiled: NodeBundle;
  readonly settled: NodeBundle;
}

/**
 * The bundle with these settings; its hash is over them too, and that of the bundle where they change nothing.
 *
 * `before` is what settings that say the same made of an earlier bundle of the node: pods that were
 * in there are not settled again.
 */
export function withNodeSettings(bundle: NodeBundle, settings: NodeSettings, digest: Digest, before?: SettledBundle): NodeBundle {
  const pods = settledPods(bundle.pods, settings, before);
  const { host } = settings;
  const failMode = isEnforcing(pods) ? settings.failMode : 'open';
  const profiles = host === undefined ? bundle.profiles : sortedByName([...bundle.profiles, ...host.profiles]);
  const bridges = failMode === 'open' ? [] : guardedBridges(settings.bridgesOf?.(bundle.node) ?? []);
  const differing = pods.filter((entry, at) => entry !== bundle.pods[at]);
  if (differing.length === 0 && host === undefined && failMode === bundle.failMode && bridges.length === 0) return bundle;
  const said = differing.map(({ pod, ingressMode, egressMode, interface: name, links, fate }) => [pod, ingressMode, egressMode, name, fate, links?.map((link) => [link.interface, ...link.addresses.map(({ text }) => text)])]);
  const asHost = host && { ...host.entry, addresses: host.entry.addresses.map(({ text }) => text) };
  const parts = [bundle.hash, JSON.stringify(said), JSON.stringify(asHost ?? null), failMode ?? '', bridges.join(), profiles.map((profile) => profile.digest).join()];
  const set = { ...(host === undefined ? {} : { host: host.entry }), ...(failMode === undefined ? {} : { failMode }), ...(bridges.length === 0 ? {} : { bridges }) };
  return { ...bundle, pods, profiles, contested: isEnforcing(pods) ? bundle.contested : [], ...set, hash: digestOf(digest, parts) };
}

function settledPods(entries: readonly DispatchEntry[], settings: NodeSettings, before: SettledBundle | undefined): readonly DispatchEntry[] {
  if (before === undefined) return entries.map((entry) => settle(entry, settings));
  const { compiled, settled } = before;
  if (compiled.pods === entries) return settled.pods;
  let at = 0;
  return entries.map((entry) => {
    while ((compiled.pods[at]?.pod ?? entry.pod) < entry.pod) at += 1;
    return (compiled.pods[at] === entry ? settled.pods[at] : undefined) ?? settle(entry, settings);
  });
}

function settle(entry: DispatchEntry, { modeOf, interfaceOf, linksOf, fateOf }: NodeSettings): DispatchEntry {
  const fate = fateOf?.(entry);
  const links = ownLinks(entry, linksOf?.(entry) ?? []);
  const settings = { ingressMode: modeOf?.(entry, 'ingress'), egressMode: modeOf?.(entry, 'egress'), interface: interfaceOf?.(entry), links: links.length === 0 ? undefined : links, fate: fate?.kind === 'cut' ? undefined : fate };
  const said = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  return Object.keys(said).length === 0 ? entry : { ...entry, ...said };
}

// an address somebody else claims as well is closed, and nobody's to speak from
function ownLinks({ addresses }: DispatchEntry, links: readonly GuardedLink[]): readonly GuardedLink[] {
  if (links.length === 0) return links;
  const own = new Set(addresses.map(({ text }) => text));
  return links.map((link) => ({ interface: link.interface, addresses: link.addresses.filter(({ text }) => own.has(text)) })).filter((link) => isGuardable(link.interface) && link.addresses.length > 0);
}

function guardedBridges(names: readonly string[]): readonly string[] {
  return [...new Set(names)].filter(isGuardable).sort(compareText);
}

function sortedByName(profiles: readonly Profile[]): readonly Profile[] {
  return [...new Map(profiles.map((profile) => [profile.name, profile])).values()].sort((a, b) => compareText(a.name, b.name));
}
