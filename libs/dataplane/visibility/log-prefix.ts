import type { FlowVerdict } from '#model';

/** Why a rule logged a packet, as its prefix says. */
export type LogReason =
  | { readonly kind: 'verdict'; readonly verdict: FlowVerdict; readonly profile?: string; readonly application?: string }
  /** The first bytes of a connection, to tell what is spoken. */
  | { readonly kind: 'payload' }
  /** An answer of a name server. */
  | { readonly kind: 'names' }
  | { readonly kind: 'foreign' };

const OURS = 'ringfence:';
const known = new Map<string, LogReason>();
/** Prefixes are written by our own rules, so there are few; whoever logs others to our group gains nothing. */
const MOST_KNOWN = 4_096;

/**
 * Reads `ringfence:D:<profile>` denied, `A:<profile>` would be denied, `U` unknown pod, `S` spoofed,
 * `7:<application>` wrong protocol, `P` first payload, `N` names. Anything else is foreign.
 */
export function readLogPrefix(prefix: string): LogReason {
  const found = known.get(prefix);
  if (found !== undefined) return found;
  const reason = parse(prefix);
  if (known.size < MOST_KNOWN) known.set(prefix, reason);
  return reason;
}

function parse(prefix: string): LogReason {
  if (!prefix.startsWith(OURS)) return { kind: 'foreign' };
  const [letter, ...rest] = prefix.slice(OURS.length).trimEnd().split(':');
  const detail = rest.join(':');
  switch (letter) {
    case 'D':
      return { kind: 'verdict', verdict: 'denied', ...(detail === '' ? {} : { profile: detail }) };
    case 'A':
      return { kind: 'verdict', verdict: 'would-be-denied', ...(detail === '' ? {} : { profile: detail }) };
    case 'U':
      return { kind: 'verdict', verdict: 'unknown-pod' };
    case 'S':
      return { kind: 'verdict', verdict: 'spoofed' };
    case '7':
      return { kind: 'verdict', verdict: 'wrong-protocol', ...(detail === '' ? {} : { application: detail }) };
    case 'P':
      return { kind: 'payload' };
    case 'N':
      return { kind: 'names' };
    default:
      return { kind: 'foreign' };
  }
}
