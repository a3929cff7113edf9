import { digestOfPeerSet, type NodeBundle, type PeerSet, type Profile, type RuleMatch } from '#compilers/nftables';

import { sha256 } from './sha256.ts';

/** A made-up bundle with the digests of sets that the compiler would give them: what is compared by digest can be sent as a change. */
export function withTrueDigests(bundle: NodeBundle): NodeBundle {
  const known = new Map<PeerSet, PeerSet>();
  return { ...bundle, profiles: bundle.profiles.map((profile) => ofProfile(profile, known)) };
}

function ofProfile(profile: Profile, known: Map<PeerSet, PeerSet>): Profile {
  const told: string[] = [];
  const tier = (rules: Profile['admin']): Profile['admin'] =>
    rules.map((rule) => ({
      ...rule,
      matches: rule.matches.map((match): RuleMatch => {
        if (match.kind === 'socket') return { ...match, sockets: ofSet(match.sockets, known, told) };
        return match.peer === 'any' ? match : { ...match, peer: ofSet(match.peer, known, told) };
      }),
    }));
  const rules = { admin: tier(profile.admin), namespaced: tier(profile.namespaced), baseline: tier(profile.baseline) };
  return { ...profile, ...rules, digest: sha256([profile.name, ...told].join('\n')) };
}

function ofSet(set: PeerSet, known: Map<PeerSet, PeerSet>, told: string[]): PeerSet {
  const done = known.get(set) ?? { ...set, digest: digestOfPeerSet(set, sha256) };
  known.set(set, done);
  told.push(done.digest);
  return done;
}
