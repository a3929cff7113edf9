import type { NodeBundle } from '#compilers/nftables';
import type { Diagnostic } from '#model';

/** What became of a bundle from the controller. */
export type Taking =
  | { readonly kind: 'applied'; readonly commitMs: number; readonly elements: number; readonly generation: number }
  | { readonly kind: 'refused'; readonly why: string; readonly diagnostics: readonly Diagnostic[] };

/** What the channel needs of whoever enforces. */
export interface BundleTaker {
  readonly driver: string;
  readonly capabilities: readonly string[];
  /** What the kernel holds and acknowledged; undefined where nothing does. */
  readonly held: NodeBundle | undefined;
  /** Makes the kernel hold it; what it says is what the kernel acknowledged. `isAgain`: also where nobody confirmed it when it was tried. */
  take(bundle: NodeBundle, isAgain?: boolean): Taking;
  /** Somebody tells the controller that the bundle on trial locked nobody out: that with this hash, or whichever where it is empty. */
  confirm(hash: string, by: string): void;
  /** How the node stands, as it is told every now and then. */
  status(): object;
}
