import { type Diagnostic, type Relationship, type Snapshot, type UnresolvedMention, type Workload, compareDiagnostics, compareText, evidenceWhere, graphPeerKey, workloadKey } from '#model';

import { AddressBooks } from './address-book.ts';
import { WideBooks } from './book-readers.ts';
import { ChannelReader } from './channels.ts';
import { composeDependencies } from './compose-facts.ts';
import { conventionDrafts } from './convention.ts';
import { type Draft, mergeDrafts } from './draft.ts';
import { Reporter } from './lead-report.ts';
import { settlePorts } from './port-agreement.ts';
import { replicaDrafts } from './replica-convention.ts';
import { Resolver } from './resolution.ts';
import { doubtStartOrder } from './start-order.ts';
import { type Lead, follow } from './target.ts';
import { unmountedConfigs } from './unmounted-config.ts';

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
  const wide = new WideBooks(snapshot);
  const leadsOf = new Map<Workload, readonly Lead[]>();
  for (const workload of snapshot.workloads.values()) {
    const leads = wide.withoutWide(workload, channels.read(workload)).map((sighting) => follow(sighting, workload, resolver));
    leadsOf.set(workload, leads);
    books.note(workload, leads);
  }
  const reporter = new Reporter();
  const drafts: Draft[] = [];
  for (const [workload, leads] of leadsOf) {
    const verdicts = books.judge(workload, leads);
    for (const lead of leads) drafts.push(...reporter.report(workload, lead, verdicts.get(lead)));
    drafts.push(...dependencyDrafts(workload, resolver));
  }
  for (const { reader, sightings } of unmountedConfigs(snapshot)) {
    for (const sighting of sightings) drafts.push(...reporter.report(reader, follow(sighting, reader, resolver), 'no container mounts the ConfigMap; it may be read through the API'));
  }
  const known = new Set(drafts.map(({ from, to }) => `${graphPeerKey(from)}\n${graphPeerKey(to)}`));
  const hinted = [...drafts, ...conventionDrafts(snapshot, resolver, known), ...replicaDrafts(snapshot, known)];
  const settled = settlePorts(doubtStartOrder(hinted, snapshot));
  return {
    relationships: mergeDrafts(settled),
    unresolved: [...reporter.unresolved].sort((a, b) => compareText(workloadKey(a.from), workloadKey(b.from)) || compareText(a.text, b.text) || compareText(a.evidence.where, b.evidence.where)),
    diagnostics: [...wide.diagnostics, ...reporter.diagnostics, ...guessDiagnostics(settled, snapshot)].sort(compareDiagnostics),
  };
}

function dependencyDrafts(workload: Workload, resolver: Resolver): readonly Draft[] {
  return composeDependencies(workload, resolver).flatMap(({ server, ports, portGuess, isPortGuess, field, doubt }) =>
    ports.map(
      ({ port, protocol, application }): Draft => ({
        from: workload.ref,
        to: server.ref,
        port,
        protocol,
        ...(application === undefined ? {} : { application }),
        tier: doubt === undefined ? 'strong' : 'weak',
        confidence: doubt !== undefined ? 0.4 : port === null ? 0.7 : 0.88,
        evidence: { kind: 'declared', source: `compose-${field}`, where: evidenceWhere(workload.origin, `service ${workload.ref.name} ${field}`), text: `${field} names ${server.ref.name}${port === null ? '' : ', which listens'}${doubt === undefined ? '' : ` (weak: ${doubt})`}` },
        portGuess,
        ...(isPortGuess ? { isPortGuessed: true } : {}),
      }),
    ),
  );
}

// after the ports have been settled: what is still open, and worth a person's look
function guessDiagnostics(drafts: readonly Draft[], snapshot: Snapshot): readonly Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  const counts = new Map<string, number>();
  for (const draft of drafts) if (draft.portGuess === 'any') counts.set(guessId(draft), (counts.get(guessId(draft)) ?? 0) + 1);
  for (const draft of drafts) {
    const { from, to, port, portGuess, tier, evidence } = draft;
    if (portGuess !== 'any' || (port !== null && counts.get(guessId(draft)) === 1) || tier !== 'strong' || typeof from === 'string' || typeof to === 'string') continue;
    const subject = `${from.kind} ${from.namespace}/${from.name}`;
    const server = `${to.kind} ${to.namespace}/${to.name}`;
    const origin = snapshot.workloads.get(workloadKey(from))?.origin;
    found.set(`${subject}\n${server}`, {
      code: port === null ? 'port-unknown' : 'port-unclear',
      severity: 'warning',
      subject,
      message: port === null ? `reaches ${server}, and nothing says on which port that listens (${evidence.source})` : `reaches ${server} without naming a port, and that has several (${evidence.source})`,
      hint: port === null ? 'declare the port' : 'name the port; all of them are proposed',
      ...(origin === undefined ? {} : { origin }),
    });
  }
  return [...found.values()];
}

function guessId({ from, to, evidence }: Draft): string {
  return [graphPeerKey(from), graphPeerKey(to), evidence.source, evidence.where].join('\n');
}
