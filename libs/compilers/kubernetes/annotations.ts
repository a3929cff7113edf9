import type { Direction, Revision } from '#model';

import type { LoweredRule } from './lowering.ts';
import type { MergedRule } from './rule-merging.ts';
import { boundedLines, safeLine } from './safe-text.ts';

/** What an object says about itself, before it is cut to size. */
export interface Explanation {
  readonly revision: Revision;
  readonly workloads: readonly string[];
  readonly rules: readonly { readonly direction: Direction; readonly merged: readonly MergedRule[] }[];
  /** Why each direction is closed. */
  readonly why: readonly string[];
  readonly notes: readonly string[];
}

// Together they stay under 8 KiB, which every API server and every reader can bear.
const BYTES = { workloads: 512, why: 4096, widenings: 2048, application: 768, notes: 512 } as const;
const LINE = 320;

/**
 * Says why an object exists: for each rule the sentence, how sure, and the places the evidence is
 * at; what it lets through beyond that; and what it can not enforce. Rules are counted as in the
 * object, from 1. Bounded: what does not fit is counted.
 */
export function explain({ revision, workloads, rules, why: closedWhy, notes }: Explanation): Readonly<Record<string, string>> {
  const numbered = rules.flatMap(({ direction, merged }) =>
    merged.flatMap(({ sources }, index) => sources.map((lowered) => ({ place: `${direction} ${String(index + 1)}`, lowered }))),
  );
  const nothing = rules.filter(({ merged }) => merged.length === 0).map(({ direction }) => `${direction}: nothing is let through`);
  const why = [...closedWhy, ...nothing, ...numbered.map(({ place, lowered }) => `${place}: ${reasonOf(lowered)}`)];
  const widenings = numbered.flatMap(({ place, lowered }) => [...lowered.source.widenings, ...lowered.widenings].map((text) => `${place}: ${text}`));
  const applications = numbered.flatMap(({ place, lowered: { source } }) =>
    source.application === undefined ? [] : [`${place}: meant for ${source.application}; NetworkPolicy cannot enforce the application`],
  );
  return {
    'ringfence.io/revision': `${String(revision.number)}, approved by ${safeLine(revision.approvedBy, 80)}`,
    ...optional('ringfence.io/workloads', workloads, BYTES.workloads),
    ...optional('ringfence.io/why', why, BYTES.why),
    ...optional('ringfence.io/widenings', [...new Set(widenings)], BYTES.widenings),
    ...optional('ringfence.io/application', [...new Set(applications)], BYTES.application),
    ...optional('ringfence.io/notes', notes, BYTES.notes),
  };
}

function reasonOf({ source: { why, confidence, evidence } }: LoweredRule): string {
  const sentence = why ?? evidence[0]?.text ?? 'no evidence is recorded';
  const [first, ...rest] = [...new Set(evidence.map((each) => each.where))];
  const places = first === undefined ? [] : [rest.length === 0 ? first : `${first} and ${String(rest.length)} more`];
  const facts = [...(confidence === undefined ? [] : [`confidence ${confidence.toFixed(2)}`]), ...places];
  return facts.length === 0 ? sentence : `${safeLine(sentence, 200)} (${facts.join('; ')})`;
}

function optional(key: string, lines: readonly string[], bytes: number): Readonly<Record<string, string>> {
  return lines.length === 0 ? {} : { [key]: boundedLines(lines.map((line) => safeLine(line, LINE)), bytes) };
}
