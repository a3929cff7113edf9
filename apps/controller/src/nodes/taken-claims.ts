import type { SourceUpdate } from '#model';

import { claimsOfManifest } from './orchestrator-claims.ts';
import { TakenSpace } from './taken-space.ts';

/** What the orchestrator speaks of, and nobody else can have. */
export class TakenClaims {
  readonly space = new TakenSpace();
  /** How many of its objects do, by claim. */
  readonly #counts = new Map<string, number>();
  readonly #claimsOf = new Map<string, readonly string[]>();

  has(claim: string): boolean {
    return this.#counts.has(claim);
  }

  /** Takes in what it says; gives the claims that are taken or free since. */
  take({ source, key, value }: SourceUpdate): readonly string[] {
    const id = `${source}\n${key}`;
    const before = this.#claimsOf.get(id) ?? [];
    const after = value?.kind === 'manifest' ? claimsOfManifest(value.objectKind, value.namespace, value.name, value.body) : [];
    if (before.join('\n') === after.join('\n')) return [];
    if (after.length === 0) this.#claimsOf.delete(id);
    else this.#claimsOf.set(id, after);
    const were = new Map([...before, ...after].map((claim) => [claim, this.has(claim)]));
    for (const claim of after) this.#counts.set(claim, (this.#counts.get(claim) ?? 0) + 1);
    for (const claim of before) {
      const left = (this.#counts.get(claim) ?? 0) - 1;
      if (left > 0) this.#counts.set(claim, left);
      else this.#counts.delete(claim);
    }
    const changed = [...were].filter(([claim, was]) => this.has(claim) !== was).map(([claim]) => claim);
    for (const claim of changed) {
      if (this.has(claim)) this.space.add(claim);
      else this.space.remove(claim);
    }
    return changed;
  }
}
