import type { Diagnostic, NodeView } from '#model';
import type { ReviewCommand } from '#review';

/** A decision about trials on nodes. */
export type TrialsCommand = Extract<ReviewCommand, { readonly kind: 'confirm-trials' | 'retry-trials' }>;

/** Whether what somebody decides about is how nodes stand; `notes` where this replica cannot know. */
export type TrialsLook = { readonly kind: 'shown'; readonly notes: readonly Diagnostic[] } | { readonly kind: 'conflict'; readonly diagnostics: readonly Diagnostic[] };

/**
 * Holds a decision to what nodes said last. A node of another replica is not known here: what is
 * decided of it takes effect where it is connected.
 */
export function lookAtTrials({ kind, trials }: TrialsCommand, nodes: readonly NodeView[]): TrialsLook {
  const wanted = kind === 'confirm-trials' ? 'trial' : 'failed';
  const views = new Map(nodes.map((view) => [view.node, view]));
  const diagnostics = trials.flatMap(({ node, hash }) => {
    const view = views.get(node);
    const now = view?.realisation;
    if (view?.isConnected !== true || (now?.kind === wanted && now.hash === hash)) return [];
    const [other, none] = wanted === 'trial' ? ['has another bundle on trial by now', 'has no bundle on trial'] : ['has failed with another bundle by now', 'has failed with no bundle'];
    return [diagnostic('error', 'trial-over', `node ${node}`, now?.kind === wanted ? other : none, 'ringfence nodes shows how it stands')];
  });
  if (diagnostics.length > 0) return { kind: 'conflict', diagnostics };
  const away = trials.filter(({ node }) => views.get(node)?.isConnected !== true);
  return { kind: 'shown', notes: away.map(({ node }) => diagnostic('warning', 'node-elsewhere', `node ${node}`, 'is not connected to this replica', 'it is told by the replica it is connected to, if there is one')) };
}

function diagnostic(severity: Diagnostic['severity'], code: string, subject: string, message: string, hint: string): Diagnostic {
  return { code, severity, subject, message, hint };
}
