/**
 * What a node's report comes down to for whoever follows a rollout. Everything else it may say is
 * for people and passed on as it came.
 */
export type NodeNews =
  /** The kernel acknowledged a bundle, whoever offered it. */
  | { readonly kind: 'applied'; readonly revision: number; readonly hash: string; readonly origin: string; readonly commitMs: number; readonly elements: number; readonly driver: string }
  | { readonly kind: 'refused'; readonly revision?: number; readonly hash?: string; readonly why: string }
  /** Somebody else changed the table; `isHealed` where it is again as it should be. */
  | { readonly kind: 'drift'; readonly why: string; readonly isHealed: boolean }
  /** What somebody looks at now and then: what is in the kernel, and what differs from what should be. */
  | { readonly kind: 'status'; readonly state: string; readonly revision?: number; readonly hash?: string; readonly elements?: number; readonly differences: readonly string[]; readonly trialLeftMs?: number }
  /** A bundle that goes away again unless it is confirmed in so many milliseconds. */
  | { readonly kind: 'trial'; readonly revision: number; readonly hash: string; readonly windowMs: number }
  | { readonly kind: 'confirmed'; readonly revision: number; readonly hash: string }
  | { readonly kind: 'reverted'; readonly revision: number; readonly hash: string; readonly why: string }
  | { readonly kind: 'panic'; readonly by: string }
  | { readonly kind: 'resumed'; readonly by: string }
  | { readonly kind: 'other'; readonly what: string };

const LONGEST = 2_000;
/** No trial is longer. */
const LONGEST_TRIAL_MS = 24 * 3_600_000;

/** Reads a report of a node; whatever is missing or of another shape is left out, and nothing is too long. */
export function readNodeNews(value: unknown): NodeNews {
  const fields: Readonly<Record<string, unknown>> = typeof value === 'object' && value !== null ? { ...value } : {};
  const kind = text(fields['kind']);
  const revision = optional('revision', whole(fields['revision']));
  const hash = optional('hash', typeof fields['hash'] === 'string' ? text(fields['hash']) : undefined);
  const [mark, by, why] = [{ revision: 0, hash: '', ...revision, ...hash }, text(fields['by']), text(fields['why'])];
  switch (kind) {
    case 'applied':
      return { kind, ...mark, origin: text(fields['origin']), commitMs: number(fields['commitMs']), elements: number(fields['elements']), driver: text(fields['driver']) };
    case 'refused':
      return { kind, ...revision, ...hash, why };
    case 'drift':
      return { kind, why: driftText(fields), isHealed: isHealed(fields) };
    case 'status':
      return { kind, state: text(fields['state']), ...revision, ...hash, ...optional('elements', whole(fields['elements'])), differences: texts(fields['differences']), ...optional('trialLeftMs', fields['trialLeftMs'] === undefined ? undefined : span(fields['trialLeftMs'])) };
    case 'trial':
      return { kind, ...mark, windowMs: span(number(fields['until']) - number(fields['at'])) };
    case 'confirmed':
      return { kind, ...mark };
    case 'reverted':
      return { kind, ...mark, why };
    case 'panic':
    case 'resumed':
      return { kind, by };
    default:
      return { kind: 'other', what: kind };
  }
}

function driftText({ change, differences }: Readonly<Record<string, unknown>>): string {
  const { process, what } = typeof change === 'object' && change !== null ? (change as Readonly<Record<string, unknown>>) : {};
  const who = typeof process === 'string' && process !== '' ? text(process) : 'somebody';
  const said = [...texts(what), ...texts(differences)];
  return text(`${who} changed our table${said.length === 0 ? '' : `: ${said.join('; ')}`}`);
}

function isHealed({ healed, differences }: Readonly<Record<string, unknown>>): boolean {
  if (texts(differences).length === 0) return true;
  return typeof healed === 'object' && healed !== null && (healed as { readonly kind?: unknown }).kind === 'applied';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, LONGEST) : '';
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? (value as readonly unknown[]).slice(0, 20).map(text) : [];
}

function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

function span(value: unknown): number {
  return Math.min(LONGEST_TRIAL_MS, Math.max(0, Math.round(number(value))));
}

function whole(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

function optional<Name extends string, Value>(name: Name, value: Value | undefined): { readonly [key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in Name]?: Value });
}
