import type { TracePacket } from './trace-packet.ts';
import type { TracedVerdict } from './trace-verdict.ts';

/** A packet on its way through one node. */
export interface Passage {
  readonly packet: TracePacket;
  mark: number;
  /** Prefixes under which it was logged. */
  readonly logs: string[];
  /** Whether its sender was sent a reset. */
  isReset: boolean;
}

/** What a statement says: go on with the next one, leave the rule, or a verdict. */
export type Outcome = 'next' | 'no match' | TracedVerdict;
export type Statement = (passage: Passage) => Outcome;
