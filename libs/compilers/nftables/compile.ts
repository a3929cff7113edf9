import type { Diagnostic, Revision, Snapshot } from '#model';

import type { Digest } from './digest.ts';
import type { NodeBundle } from './node-bundle.ts';
import { NodeCompiler } from './node-compiler.ts';

export interface CompiledNodes {
  /** One per node, sorted by node. */
  readonly bundles: readonly NodeBundle[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Compiles a revision into what each node enforces for its pods.
 *
 * Learned revisions, imported NetworkPolicies and the admin tiers go the same way. Pods that are on
 * no node are peers of others' rules, and are not protected themselves; diagnostics list them.
 *
 * Same arguments, same bundles. Use {@link NodeCompiler} where changes follow.
 */
export function compileNodes(revision: Revision, snapshot: Snapshot, { digest }: { readonly digest: Digest }): CompiledNodes {
  const compiler = new NodeCompiler(revision, snapshot, digest);
  return { bundles: [...compiler.bundles().values()], diagnostics: compiler.diagnostics() };
}
