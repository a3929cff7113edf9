import type { Connection } from '#model';

import { CaseError, type ConformanceCase, type Probe } from './case.ts';
import { ClusterState } from './cluster-state.ts';
import type { Engine, Prepared } from './engine.ts';
import { type Placement, placementsOf, type World, worldOf } from './placement.ts';
import { connectionOf } from './probe-connection.ts';

/** A probe whose verdict was not the expected one, in the first of its runs that went wrong. */
export interface Mismatch {
  readonly case: string;
  readonly probe: Probe;
  readonly run: string;
  readonly expected: 'allow' | 'deny';
  readonly got: 'allow' | 'deny' | 'unsupported';
  readonly decidedBy: string;
}

/** What came of one case; a probe counts once, however many runs it took part in. */
export interface CaseResult {
  readonly passed: number;
  readonly skipped: number;
  readonly mismatches: readonly Mismatch[];
}

const EVERY_PLACEMENT: readonly Placement[] = ['together', 'apart'];

/** Runs one case that is no step of a sequence. */
export function runCase(given: ConformanceCase, engine: Engine, isCoreOnly: boolean): CaseResult {
  const run = new CaseRun(given, isCoreOnly);
  run.fromScratch(engine);
  return run.result();
}

/**
 * Runs the steps of one sequence, each from scratch, and then all of them in one go: from the first
 * step's cluster through every action, by the engine's incremental way, which has to end each step
 * with the same verdicts and in the same place.
 */
export function runSequence(steps: readonly ConformanceCase[], engine: Engine, isCoreOnly: boolean): readonly CaseResult[] {
  const runs = [...steps].sort((a, b) => (a.sequence?.step ?? 0) - (b.sequence?.step ?? 0)).map((given) => new CaseRun(given, isCoreOnly));
  for (const run of runs) run.fromScratch(engine);
  const [first] = runs;
  if (first === undefined || runs.length === 1) return runs.map((run) => run.result());
  for (const placement of EVERY_PLACEMENT) {
    let broken: string | undefined;
    const state = new ClusterState(first.given);
    let prepared: Prepared | undefined;
    for (const run of runs) {
      const label = `${placement}, incremental`;
      broken ??= run.guard(label, () => {
        if (run !== first) for (const action of run.given.sequence?.actions ?? []) state.apply(action);
        const world = worldAt(state, placement, run.given);
        prepared = prepared === undefined ? engine.prepare(world) : prepared.update(world);
        const scratch = engine.prepare(worldAt(new ClusterState(run.given), placement, run.given));
        if (prepared.state !== scratch.state) throw new CaseError('the incremental way ended in another place than starting from scratch');
        run.probe(prepared, world, state, label);
      });
      if (broken !== undefined) run.failAll(label, broken);
    }
  }
  return runs.map((run) => run.result());
}

function worldAt(state: ClusterState, placement: Placement, given: ConformanceCase): World {
  return worldOf(state, state.readPolicies().policies, placement, { file: given.file, line: given.line });
}

class CaseRun {
  readonly given: ConformanceCase;
  readonly #probes: readonly Probe[];
  readonly #failed = new Map<Probe, Mismatch>();

  constructor(given: ConformanceCase, isCoreOnly: boolean) {
    this.given = given;
    this.#probes = isCoreOnly ? given.probes.filter((probe) => probe.isCore) : given.probes;
  }

  fromScratch(engine: Engine): void {
    if (this.given.isDisputed || this.#probes.length === 0) return;
    const broken = this.guard('from scratch', () => {
      const state = new ClusterState(this.given);
      for (const placement of placementsOf(state)) {
        const world = worldAt(state, placement, this.given);
        this.probe(engine.prepare(world), world, state, placement);
      }
    });
    if (broken !== undefined) this.failAll('from scratch', broken);
  }

  /** Says what is not supported, where the work runs into it. */
  guard(label: string, work: () => void): string | undefined {
    try {
      work();
      return undefined;
    } catch (error) {
      // what an engine refuses is a finding about the case, not the end of the run
      return error instanceof Error ? error.message : `${label}: failed`;
    }
  }

  probe(prepared: Prepared, { snapshot }: World, state: ClusterState, label: string): void {
    if (this.given.isDisputed) return;
    const connections = new Map<Probe, Connection>();
    for (const probe of this.#probes) {
      if (this.#failed.has(probe)) continue;
      this.#attempt(probe, label, () => connections.set(probe, connectionOf(probe, snapshot, state.pods)));
    }
    const broken = this.guard(label, () => prepared.expect?.([...connections.values()]));
    for (const [probe, connection] of connections) {
      this.#attempt(probe, label, () => {
        if (broken !== undefined) throw new CaseError(broken);
        const { allow, decidedBy } = prepared.verdict(connection);
        const got = allow ? 'allow' : 'deny';
        if (got !== probe.expected) this.#fail(probe, label, got, decidedBy);
      });
    }
  }

  failAll(label: string, why: string): void {
    for (const probe of this.#probes) this.#fail(probe, label, 'unsupported', why);
  }

  result(): CaseResult {
    if (this.given.isDisputed) return { passed: 0, skipped: this.#probes.length, mismatches: [] };
    return { passed: this.#probes.length - this.#failed.size, skipped: 0, mismatches: [...this.#failed.values()] };
  }

  #attempt(probe: Probe, label: string, work: () => void): void {
    const broken = this.guard(label, work);
    if (broken !== undefined) this.#fail(probe, label, 'unsupported', broken);
  }

  #fail(probe: Probe, run: string, got: Mismatch['got'], decidedBy: string): void {
    if (!this.#failed.has(probe)) this.#failed.set(probe, { case: this.given.name, probe, run, expected: probe.expected, got, decidedBy });
  }
}
