import { compareText, type Diagnostic } from '#model';

import type { NodeMetadata } from '../channel/channel-events.ts';
import type { NodeClaims } from './node-claims.ts';
import type { RememberedNode } from './node-memory.ts';

/**
 * How far each node is in saying what runs there.
 *
 * A node that begins anew says everything again, in several messages and as its sources find it.
 * What it said before counts until it has said that this was all: only then is what it did not say
 * again gone. The same goes for what it said before this controller began.
 */
export class NodeSayings {
  readonly #claims: NodeClaims;
  /** What nodes that begin anew have not said again yet, by source and key. */
  readonly #unsaid = new Map<string, Map<string, { readonly source: string; readonly key: string }>>();
  /** Nodes whose word is that of an earlier process, with how much it is. */
  readonly #unheard = new Map<string, number>();

  constructor(claims: NodeClaims) {
    this.#claims = claims;
  }

  /** What a node said to an earlier process counts until it speaks. */
  remember({ node, peer, updates }: RememberedNode): void {
    if (updates.length === 0) return;
    this.#unheard.set(node, updates.length);
    this.#claims.connected(node, peer);
    for (const update of updates) this.#claims.node(node, update);
  }

  take(node: string, { isFirst, updates, inSync }: NodeMetadata): void {
    if (isFirst) this.#unsaid.set(node, new Map(this.#claims.sayingsOf(node).map(({ source, key }) => [`${source}\n${key}`, { source, key }])));
    const unsaid = this.#unsaid.get(node);
    for (const update of updates) {
      unsaid?.delete(`${update.source}\n${update.key}`);
      this.#claims.node(node, update);
    }
    // all sources of a node are in sync together
    if (inSync.length === 0) return;
    for (const { source, key } of unsaid?.values() ?? []) this.#claims.node(node, { source, key, value: undefined });
    this.#unsaid.delete(node);
    this.#unheard.delete(node);
  }

  /** Nothing the node said counts any more. */
  forget(node: string): void {
    for (const { source, key } of this.#claims.sayingsOf(node)) this.#claims.node(node, { source, key, value: undefined });
    this.#unsaid.delete(node);
    this.#unheard.delete(node);
  }

  /** Nodes that have not said everything since this controller began, sorted. */
  get unheard(): readonly string[] {
    return [...this.#unheard.keys()].sort(compareText);
  }

  diagnostics(): readonly Diagnostic[] {
    return this.unheard.map((node): Diagnostic => ({
      code: 'node-not-heard',
      severity: 'warning',
      subject: `node ${node}`,
      message: `has not said what runs there since this controller began; what it said before counts (${String(this.#unheard.get(node) ?? 0)} containers and hosts), and no rule approves anything meanwhile`,
      hint: `start its enforcer; where it is no more: ringfence nodes remove ${node}`,
    }));
  }
}
