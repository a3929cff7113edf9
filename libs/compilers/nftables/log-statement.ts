/**
 * What a packet is logged for: denied, would be denied, unknown, spoofed, wrong application; first
 * payload, answer of a name server.
 */
export type LogReason = 'D' | 'A' | 'U' | 'S' | '7' | 'P' | 'N';

interface LogForm {
  /** Verdicts go to group 7; payloads, of which there are more and larger ones, to group 8. */
  readonly group: 7 | 8;
  /** How many a second: what is over is not logged, and decided all the same. */
  readonly rate: number;
  readonly snaplen: number;
}

const VERDICT: LogForm = { group: 7, rate: 200, snaplen: 128 };

const FORMS: Readonly<Record<LogReason, LogForm>> = {
  D: VERDICT,
  A: VERDICT,
  U: { ...VERDICT, rate: 50 },
  S: { ...VERDICT, rate: 50 },
  7: VERDICT,
  // enough for the name in a TLS greeting
  P: { group: 8, rate: 1000, snaplen: 512 },
  N: { group: 8, rate: 1000, snaplen: 1500 },
};

/**
 * The statement that tells whoever listens about a packet: `ringfence:D:<subject>`. `subject` names
 * the profile or the application and is our own: letters, digits, underscores. Where the packet is
 * an answer an `R` follows the letter: its sender is the server.
 */
export function logStatement(reason: LogReason, subject = '', isAnswer = false): string {
  const { group, rate, snaplen } = FORMS[reason];
  const limit = `limit rate ${String(rate)}/second burst ${String(2 * rate)} packets`;
  const prefix = `ringfence:${reason}${isAnswer ? 'R' : ''}${subject === '' ? '' : `:${subject}`}`;
  return `${limit} log prefix "${prefix}" group ${String(group)} snaplen ${String(snaplen)} queue-threshold 32`;
}

/** The same in a chain that sees both directions. */
export function logEither(reason: LogReason, subject = ''): readonly [string, string] {
  return [`ct direction original ${logStatement(reason, subject)}`, `ct direction reply ${logStatement(reason, subject, true)}`];
}
