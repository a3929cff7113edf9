import { type Diagnostic, type Relationship, type Snapshot, type UnresolvedMention, type Workload, compareDiagnostics, compareText, workloadKey } from '#model';

import { AddressBooks } from './address-book.ts';
import { ChannelReader } from './channels.ts';
import { composeDependencies, sharesNetwork } from './compose-facts.ts';
import { type Draft, mergeDrafts } from './draft.ts';
import { Reporter } from './lead-report.ts';
import { Resolver } from './resolution.ts';
import { type Lead, follow } from './target.ts';

/** What metadata declares: who is told to talk to whom, what leads nowhere, and what a person should look at. */
export interface Declared {
  readonly relationships: readonly Relationship[];
  readonly unresolved: readonly UnresolvedMention[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads relationships out of the addresses workloads are configured with.
 *
 *   containers ── channels ──> sightings ── follow ──> leads ── tiers ──> drafts ── merge ──> relationships
 *                 (env, args,               (Service,          (forms, keys,
 *                  files)                    pods, port)        address books)
 *
 * Nothing is taken for a server that is not in the input or a plain name outside of it; what
 * cannot be followed is reported and opens nothing. Same snapshot, same answer.
 */
export function readDeclared(snapshot: Snapshot): Declared {
  const resolver = new Resolver(snapshot);
  const channels = new ChannelReader(snapshot);
  const books = new AddressBooks();
  const leadsOf = new Map<Workload, readonly Lead[]>();
  for (const workload of snapshot.workloads.values()) {
    const leads = channels.read(workload).map((sighting) => follow(sighting, workload, resolver));
    leadsOf.set(workload, leads);
    books.note(workloadKey(workload.ref), leads);
  }
  const reporter = new Reporter();
  const drafts: Draft[] = [];
  for (const [workload, leads] of leadsOf) {
    const verdicts = books.judge(leads);
    for (const lead of leads) drafts.push(...reporter.report(workload, lead, verdicts.get(lead)));
    drafts.push(...dependencyDrafts(workload, resolver, drafts));
  }
  return {
    relationships: mergeDrafts(drafts),
    unresolved: [...reporter.unresolved].sort((a, b) => compareText(workloadKey(a.from), workloadKey(b.from)) || compareText(a.text, b.text) || compareText(a.evidence.where, b.evidence.where)),
    diagnostics: [...reporter.diagnostics].sort(compareDiagnostics),
  };
}

function dependencyDrafts(workload: Workload, resolver: Resolver, known: readonly Draft[]): readonly Draft[] {
  return composeDependencies(workload, resolver).flatMap(({ server, ports, field }) => {
    if (!sharesNetwork(workload, server)) return [];
    // an address elsewhere knows the port; this only says that there is a connection
    const named = known.filter((draft) => draft.from === workload.ref && draft.to === server.ref && draft.port !== null);
    const strong = named.filter(({ tier }) => tier === 'strong');
    const said = strong.length > 0 ? strong : named;
    const ends = said.length > 0 ? said.map(({ port, protocol, application }) => ({ port, protocol, application })) : ports;
    return ends.map(
      ({ port, protocol, application }): Draft => ({
        from: workload.ref,
        to: server.ref,
        port,
        protocol,
        ...(application === undefined ? {} : { application }),
        tier: 'strong',
        confidence: 0.88,
        evidence: { kind: 'declared', source: `compose-${field}`, where: `${workload.origin.file}:${String(workload.origin.line)} ${workload.ref.name} ${field}`, text: `${field} names ${server.ref.name}, which listens` },
      }),
    );
  });
}
