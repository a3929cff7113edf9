import type { NodeBundle } from '#compilers/nftables';

import type { RevertedIntent } from './node-intents.ts';
import type { NodeState, OfferOptions } from './node-state.ts';

/** What is done with a bundle that was offered. */
export type Admission =
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'in place' }
  | { readonly kind: 'settled' }
  | { readonly kind: 'tried'; readonly windowMs: number };

export interface AdmissionPlace {
  readonly state: NodeState;
  /** What the kernel holds. */
  readonly applied: NodeBundle | undefined;
  /** What nobody confirmed when it was tried. */
  readonly reverted: RevertedIntent | undefined;
  readonly windowMs: number;
}

/**
 * Decides whether a bundle is taken, and whether it has to be confirmed.
 *
 * What was opened by hand stays open for everybody but a person; so does what nobody confirmed.
 * Rules for the node itself may lock its operator out: they are tried, unless they are those that
 * are confirmed already.
 */
export function admit(bundle: NodeBundle, { origin, confirmWithinMs, isAgain = false }: OfferOptions, { state, applied, reverted, windowMs }: AdmissionPlace): Admission {
  const isByHand = origin === 'command';
  if (state.kind === 'panic' && !isByHand) return { kind: 'refused', why: 'everything was opened by hand; `ringfence node resume` enforces again' };
  if (applied?.hash === bundle.hash && applied.revision === bundle.revision && confirmWithinMs === undefined) return { kind: 'in place' };
  const isReverted = reverted?.hash === bundle.hash;
  if (isReverted && isAgain) return { kind: 'tried', windowMs };
  if (!isByHand && isReverted) return { kind: 'refused', why: 'nobody confirmed it when it was tried; `ringfence nodes retry NODE` tries again' };
  if (confirmWithinMs !== undefined) return { kind: 'tried', windowMs: confirmWithinMs };
  const isTried = bundle.host !== undefined && !(state.kind === 'enforcing' && applied !== undefined && isHostAlike(applied, bundle));
  return isTried ? { kind: 'tried', windowMs } : { kind: 'settled' };
}

/** Whether two bundles judge the node itself by the same rules; who is in the peer sets of these comes and goes. */
function isHostAlike({ host: a }: NodeBundle, { host: b }: NodeBundle): boolean {
  const judged = (host: NodeBundle['host']): string => JSON.stringify({ ...host, addresses: host?.addresses.map(({ text }) => text) });
  return a === b || judged(a) === judged(b);
}
