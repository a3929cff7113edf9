import type { FlowVerdict } from '#model';

/** Why a rule logged a packet, as its prefix says. */
export type LogReason =
  | { readonly kind: 'verdict'; readonly verdict: FlowVerdict; readonly profile: string; readonly isAnswer: boolean }
  /** The first bytes of a connection, to tell what is spoken. */
  | { readonly kind: 'payload'; readonly isAnswer: boolean }
  /** An answer of a name server. */
  | { readonly kind: 'names' }
  | { readonly kind: 'foreign' };

const OURS = 'ringfence:';
const known = new Map<string, LogReason>();
/** Prefixes are written by our own rules, so there are few; whoever logs others to our group gains nothing. */
const MOST_KNOWN = 4_096;

const FOREIGN: LogReason = { kind: 'foreign' };
const VERDICTS: Readonly<Record<string, FlowVerdict>> = { D: 'denied', A: 'would-be-denied', U: 'unknown-pod', S: 'spoofed', 7: 'wrong-protocol' };

/**
 * Reads `ringfence:D:<profile>` denied, `A:<profile>` would be denied, `U` unknown pod, `S` spoofed,
 * `7:<application>` wrong protocol, `P` first payload, `N` names. An `R` behind the letter says that
 * the packet is an answer, so its sender is the server. Anything else is foreign.
 */
export function readLogPrefix(prefix: string): LogReason {
  const found = known.get(prefix);
  if (found !== undefined) return found;
  const reason = parse(prefix);
  if (known.size < MOST_KNOWN) known.set(prefix, reason);
  return reason;
}

function parse(prefix: string): LogReason {
  const [, letter = '', answer, profile = ''] = prefix.startsWith(OURS) ? (/^([A-Z7])(R?)(?::(.*))?$/.exec(prefix.slice(OURS.length).trimEnd()) ?? []) : [];
  const isAnswer = answer === 'R';
  if (letter === 'P') return { kind: 'payload', isAnswer };
  if (letter === 'N') return { kind: 'names' };
  const verdict = VERDICTS[letter];
  return verdict === undefined ? FOREIGN : { kind: 'verdict', verdict, profile, isAnswer };
}
