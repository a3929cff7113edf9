import { createHash } from 'node:crypto';

import { compileNetworkPolicies, renderYaml } from '#compilers/kubernetes';
import { compileNodes, type ConnectionTracer, createConnectionTracer, createTracer, renderRuleset, type Tracer } from '#compilers/nftables';
import { snapshotOf } from '#inventory';
import type { Connection, Diagnostic, Endpoint, Policy, Revision, Snapshot } from '#model';
import { podKey } from '#model';
import { adoptPolicies, createEvaluator, type Evaluator } from '#policy';
import { readManifests } from '#sources/kubernetes';

/** SHA-256, as programs hand it to the compiler. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The NetworkPolicies emitted for a revision, as text, and as a cluster reads them back. */
export interface EmittedPolicies {
  readonly yaml: string;
  readonly policies: readonly Policy[];
  readonly diagnostics: readonly Diagnostic[];
}

export function emitPolicies(revision: Revision, snapshot: Snapshot): EmittedPolicies {
  const { objects, diagnostics } = compileNetworkPolicies(revision, snapshot);
  const yaml = renderYaml(objects);
  return { yaml, policies: policiesOf(yaml), diagnostics };
}

/** Reads policies as the product reads anybody's; a mistake in what we wrote is an error here. */
export function policiesOf(yaml: string): readonly Policy[] {
  const { manifests, diagnostics } = readManifests(yaml, 'emitted.yaml');
  const { policies, diagnostics: problems } = snapshotOf(manifests.map((value, at) => ({ source: 'emitted', key: String(at), value })));
  const [problem] = [...diagnostics, ...problems];
  if (problem !== undefined) throw new Error(`read emitted policies: ${problem.subject}: ${problem.message}`);
  return policies;
}

/** The text every node would load. */
export function emitRulesets(revision: Revision, snapshot: Snapshot): ReadonlyMap<string, string> {
  const { bundles } = compileNodes(revision, snapshot, { digest });
  return new Map(bundles.map((bundle) => [bundle.node, renderRuleset(bundle)]));
}

export function tracerOf(snapshot: Snapshot, texts: ReadonlyMap<string, string>): ConnectionTracer {
  const tracers = new Map<string, Tracer>([...texts].map(([node, text]) => [node, createTracer(text)]));
  return createConnectionTracer(snapshot, (node) => tracers.get(node));
}

/** What each engine says of one connection. */
export interface Opinions {
  readonly approved: boolean;
  readonly policies: boolean;
  readonly ruleset: boolean;
  /** An answer of a connection nobody has stamped, which has to be judged as the connection would be. */
  readonly answer: boolean;
}

/** Everything that answers for one revision in one world. */
export interface Engines {
  readonly approved: Evaluator;
  readonly policies: Evaluator;
  readonly tracer: ConnectionTracer;
}

export function enginesFor(revision: Revision, snapshot: Snapshot): Engines {
  return {
    approved: createEvaluator(revision, snapshot),
    policies: createEvaluator(adoptPolicies(emitPolicies(revision, snapshot).policies), snapshot),
    tracer: tracerOf(snapshot, emitRulesets(revision, snapshot)),
  };
}

/** Asks every engine; what is not known is denied where it is enforced. */
export function ask({ approved, policies, tracer }: Engines, connection: Connection): Opinions {
  return {
    approved: approved.evaluate(connection).decision === 'allow',
    policies: policies.evaluate(connection).decision === 'allow',
    ruleset: tracer.trace(connection).verdict === 'accept',
    answer: tracer.trace(connection, 'unstamped answer').verdict === 'accept',
  };
}

export function describeConnection({ from, to, protocol, port }: Connection): string {
  return `${describeEnd(from)} -> ${describeEnd(to)} ${protocol === 'ICMP' ? protocol : `${String(port)}/${protocol}`}`;
}

function describeEnd(end: Endpoint): string {
  return end.kind === 'pod' ? `${podKey(end.pod)} (${end.address.text})` : end.address.text;
}
