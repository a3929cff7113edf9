import { changesBetween, type CompiledHost, type CompileInput, HostCompiler, NodeCompiler, type NodeBundle, type SettledBundle, withNodeSettings } from '#compilers/nftables';
import { Inventory } from '#inventory';
import { compareText, type Diagnostic, type Policy, type Revision, type Snapshot, type SourceUpdate } from '#model';
import { adoptPolicies, comparePolicies, inForceAt } from '#policy';

import { EnforcedObjects } from './enforced-objects.ts';
import { type EnforcementSettings, nodeSettings, OBSERVING, workloadModes } from './node-modes.ts';
import { type PolicyOutputs, PolicyWriter } from './policy-writer.ts';
import { SourceGate } from './source-gate.ts';

export interface EnforcementOptions {
  /** SHA-256 or the like, in hexadecimal. */
  readonly digest: (text: string) => string;
  /** Sources that have to be in sync before anything is compiled. */
  readonly required: readonly string[];
  /** Whether policies found in the cluster go into the bundles too: for clusters whose network enforces none. */
  readonly enforcesExisting?: boolean;
}

/** How much one turn hands over. */
export interface TurnBudget {
  readonly nodes: number;
}

/** What is different since the last turn. */
export interface EnforcementTurn {
  /** Nodes whose bundle, or its revision, is another one now; sorted. */
  readonly nodes: readonly NodeBundle[];
  /** Nodes that are no more. */
  readonly removed: readonly string[];
  /** Present where they were worked out anew. */
  readonly outputs?: PolicyOutputs;
  /** Present where they were worked out anew. */
  readonly diagnostics?: readonly Diagnostic[];
  /** Required sources that have never been in sync: as long as there are any, nothing else is in here. */
  readonly waitsFor: readonly string[];
  /** Whether the budget left something for the next turn. */
  readonly hasMore: boolean;
  /** Milliseconds since 1970 when the next turn is due though nothing comes in; absent: never. */
  readonly dueAt?: number;
}

/** Outputs and diagnostics look at the whole cluster, so they are worked out at most this often. */
const SLOW_EVERY_MS = 2_000;

/**
 * From what the sources say and what is approved to what each node enforces.
 *
 * ```
 *  SourceUpdate ─► EnforcedObjects ─► Inventory ─► Snapshot ─┐ changesBetween
 *                  (what matters)                            ▼
 *  revision ─────────────────────────────────────────► NodeCompiler ─► bundles that differ
 *  modes, targets, fates ────────────────────────────► withNodeSettings ─► nodes, by the budget
 *                                                      PolicyWriter ─► NetworkPolicies, folder   (seldom)
 * ```
 *
 * `accept` and the setters only remember; `turn` works. Nothing is handed over before every
 * required source has been in sync once, and from then on a node's bundle is always that of a
 * compile from scratch.
 */
export class EnforcementPipeline {
  readonly #options: EnforcementOptions;
  readonly #inventory = new Inventory();
  readonly #objects: EnforcedObjects;
  readonly #gate: SourceGate;
  readonly #writer: PolicyWriter;
  /** As handed over, by node. */
  readonly #bundles = new Map<string, SettledBundle>();
  /** As compiled, without settings. */
  readonly #compiled = new Map<string, NodeBundle>();
  readonly #pending = new Set<string>();
  readonly #removed = new Set<string>();
  readonly #hostCompiler: HostCompiler;
  /** What plain hosts enforce for themselves, by node. */
  #hosts: ReadonlyMap<string, CompiledHost> = new Map();
  #revision: Revision = adoptPolicies([]);
  #settings: EnforcementSettings = OBSERVING;
  #compiler: NodeCompiler | undefined;
  #input: CompileInput | undefined;
  /** What the compiled revision was made of, so that it is made again only when one of them changes. */
  #combined: { readonly revision: Revision; readonly policies: readonly Policy[]; readonly result: Revision } | undefined;
  #isDirty = true;
  #areSettingsDirty = true;
  /** Nodes whose bundle was handed over with the settings there are. */
  readonly #settled = new Set<string>();
  #slowDirtySince: number | undefined;
  #slowAt = Number.NEGATIVE_INFINITY;
  /** When the next rule of the revision ends. */
  #endsAt = Number.POSITIVE_INFINITY;

  constructor(options: EnforcementOptions) {
    this.#options = options;
    this.#objects = new EnforcedObjects(options.digest);
    this.#gate = new SourceGate(options.required);
    this.#writer = new PolicyWriter(options.enforcesExisting);
    this.#hostCompiler = new HostCompiler({ digest: options.digest });
  }

  accept(update: SourceUpdate): void {
    const meant = this.#objects.sift(update);
    if (meant === undefined) return;
    this.#inventory.accept(meant);
    this.#isDirty = true;
  }

  setInSync(source: string, isInSync: boolean): void {
    this.#gate.set(source, isInSync);
    this.#isDirty = true;
  }

  setRevision(revision: Revision): void {
    this.#revision = revision;
    this.#endsAt = Number.NEGATIVE_INFINITY;
    this.#isDirty = true;
  }

  setSettings(settings: EnforcementSettings): void {
    this.#settings = settings;
    this.#areSettingsDirty = true;
    this.#isDirty = true;
  }

  /** What a node should enforce, as it was handed over last. */
  bundleOf(node: string): NodeBundle | undefined {
    return this.#bundles.get(node)?.settled;
  }

  /** The cluster as it was compiled last; undefined before everything required was in sync. */
  get snapshot(): Snapshot | undefined {
    return this.#input?.snapshot;
  }

  turn(now: number, budget: TurnBudget): EnforcementTurn {
    const waitsFor = this.#gate.waitsFor();
    if (waitsFor.length > 0) return { nodes: [], removed: [], waitsFor, hasMore: false };
    if (this.#isDirty) this.#compile(now);
    const nodes = this.#handOver(budget.nodes);
    const removed = [...this.#removed].sort(compareText);
    this.#removed.clear();
    // a kernel ends rules by itself; objects have to be written without them
    if (now >= this.#endsAt) this.#slowDirtySince ??= now;
    const slow = this.#slow(now);
    if (now >= this.#endsAt) this.#endsAt = nextEnd(this.#revision, now);
    const due = Math.min(this.#endsAt, this.#slowDirtySince === undefined ? Number.POSITIVE_INFINITY : this.#slowAt + SLOW_EVERY_MS);
    const dueAt = due === Number.POSITIVE_INFINITY ? undefined : due;
    return { nodes, removed, ...slow, waitsFor, hasMore: this.#pending.size > 0, ...(dueAt === undefined ? {} : { dueAt }) };
  }

  #compile(now: number): void {
    this.#isDirty = false;
    const snapshot = this.#inventory.snapshot();
    const before = this.#input;
    const input = { revision: this.#revisionFor(snapshot), snapshot };
    this.#input = input;
    if (this.#compiler === undefined || before === undefined) {
      this.#compiler = new NodeCompiler(input.revision, snapshot, this.#options.digest);
      for (const [node, bundle] of this.#compiler.bundles()) this.#setCompiled(node, bundle);
    } else {
      const { changed, removed } = this.#compiler.apply(changesBetween(before, input));
      for (const bundle of changed) this.#setCompiled(bundle.node, bundle);
      for (const node of removed) this.#remove(node);
      // bundles that stay the same still say which revision they realise
      if (before.revision.number !== input.revision.number) for (const [node, bundle] of this.#compiler.bundles()) this.#setCompiled(node, bundle);
    }
    this.#compileHosts(input);
    // labels of namespaces say modes, so all of them are looked at again
    if (this.#areSettingsDirty || before?.snapshot.namespaces !== snapshot.namespaces || before.snapshot.nodes !== snapshot.nodes) {
      this.#settled.clear();
      for (const node of this.#compiled.keys()) this.#pending.add(node);
    }
    this.#areSettingsDirty = false;
    this.#slowDirtySince ??= now;
  }

  #compileHosts({ revision, snapshot }: CompileInput): void {
    const before = this.#hosts;
    this.#hosts = this.#hostCompiler.compile(revision, snapshot, workloadModes(snapshot, this.#settings));
    for (const node of new Set([...before.keys(), ...this.#hosts.keys()])) if (before.get(node) !== this.#hosts.get(node)) this.#pending.add(node);
  }

  #setCompiled(node: string, bundle: NodeBundle): void {
    this.#compiled.set(node, bundle);
    this.#removed.delete(node);
    this.#pending.add(node);
  }

  #remove(node: string): void {
    this.#compiled.delete(node);
    this.#pending.delete(node);
    this.#settled.delete(node);
    if (this.#bundles.delete(node)) this.#removed.add(node);
  }

  #handOver(most: number): readonly NodeBundle[] {
    if (this.#pending.size === 0 || this.#input === undefined) return [];
    const settings = nodeSettings(this.#input.snapshot, this.#settings);
    const nodes: NodeBundle[] = [];
    // who has waited longest comes first: under a storm of changes nobody is left waiting
    for (const node of this.#pending) {
      if (nodes.length >= most) break;
      this.#pending.delete(node);
      const compiled = this.#compiled.get(node);
      if (compiled === undefined) continue;
      const host = this.#hosts.get(node);
      const before = this.#bundles.get(node);
      const settled = withNodeSettings(compiled, host === undefined ? settings : { ...settings, host }, this.#options.digest, this.#settled.has(node) ? before : undefined);
      this.#settled.add(node);
      const isSame = before?.settled.hash === settled.hash && before.settled.revision === settled.revision;
      this.#bundles.set(node, { compiled, settled: isSame ? before.settled : settled });
      if (!isSame) nodes.push(settled);
    }
    return nodes.sort((a, b) => compareText(a.node, b.node));
  }

  #slow(now: number): Pick<EnforcementTurn, 'outputs' | 'diagnostics'> {
    if (this.#slowDirtySince === undefined || this.#input === undefined || this.#compiler === undefined) return {};
    if (now - this.#slowAt < SLOW_EVERY_MS || this.#pending.size > 0) return {};
    this.#slowAt = now;
    this.#slowDirtySince = undefined;
    const { snapshot } = this.#input;
    const outputs = this.#writer.write(inForceAt(this.#revision, now), snapshot, this.#settings);
    const behind = this.#gate.behind().map(behindFinding);
    return { outputs, diagnostics: [...this.#compiler.diagnostics(), ...this.#hostCompiler.diagnostics(), ...outputs.diagnostics, ...behind] };
  }

  // What is in the cluster already is enforced by whoever enforces it there: a second time, by us, only on request.
  #revisionFor({ policies }: Snapshot): Revision {
    if (this.#options.enforcesExisting !== true || policies.length === 0) return this.#revision;
    if (this.#combined?.revision !== this.#revision || this.#combined.policies !== policies) {
      this.#combined = { revision: this.#revision, policies, result: { ...this.#revision, policies: [...this.#revision.policies, ...policies].sort(comparePolicies) } };
    }
    return this.#combined.result;
  }
}

function nextEnd({ policies }: Revision, now: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const { ingress = [], egress = [] } of policies) for (const { expiresAt } of [...ingress, ...egress]) if (expiresAt !== undefined && expiresAt > now) next = Math.min(next, expiresAt);
  return next;
}

function behindFinding(source: string): Diagnostic {
  return {
    code: 'source-behind',
    severity: 'warning',
    subject: source,
    message: 'has lost its connection; what it said last counts until it is back',
    hint: 'the log says why; nothing is taken away meanwhile',
  };
}
