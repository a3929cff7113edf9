import { compareText, type Direction, type DirectionProposal, type ProposedRule, type Quarantine, type Relationship, type Workload } from '#model';

import type { Catalogue } from './catalogue.ts';
import { catalogueRules } from './catalogue-rules.ts';
import { type Declared, declaredRules } from './declared-rules.ts';
import type { Closing } from './direction-closing.ts';
import type { LearningThresholds } from './learning-context.ts';
import { type Doubted, observedKeys, relationshipKey } from './observed-index.ts';
import { type LiveDraft, observedRules } from './observed-rules.ts';
import type { PeerGrounding } from './peer-grounding.ts';
import { type PermittedBy, permittedEvidence } from './permitted.ts';
import { closedFor, outsideRules } from './propose.ts';
import { finishRules, meaningOf } from './rule-draft.ts';

/** What speaks of one direction of a workload: metadata with what was observed of it, and what was observed alone. */
export interface DirectionEvidence {
  readonly declared: readonly Declared[];
  readonly undeclared: readonly Doubted[];
}

/** Brings together what metadata says and what was observed. */
export function meet(relationships: readonly Relationship[], observed: readonly Doubted[]): DirectionEvidence {
  const seen = new Map<string, Doubted[]>();
  const fromMetadata = relationships.flatMap(withoutObservation);
  for (const relationship of fromMetadata) seen.set(relationshipKey(relationship), []);
  const undeclared: Doubted[] = [];
  for (const doubted of observed) {
    const key = observedKeys(doubted.observed).find((each) => seen.has(each));
    if (key === undefined) undeclared.push(doubted);
    else seen.get(key)?.push(doubted);
  }
  return { declared: fromMetadata.map((relationship) => ({ relationship, seen: seen.get(relationshipKey(relationship)) ?? [] })), undeclared };
}

// what was observed comes from the evidence itself, with what speaks against it
function withoutObservation(relationship: Relationship): readonly Relationship[] {
  const evidence = relationship.evidence.filter(({ kind }) => kind !== 'observed');
  if (evidence.length === relationship.evidence.length) return [relationship];
  return evidence.length === 0 ? [] : [{ ...relationship, evidence }];
}

export interface LiveDirection {
  readonly proposal: DirectionProposal;
  readonly quarantined: readonly Quarantine[];
}

interface DirectionParts {
  readonly workload: Workload;
  readonly direction: Direction;
  readonly closing: Extract<Closing, { kind: 'closed' }>;
  readonly evidence: DirectionEvidence;
  readonly hours: number;
  readonly grounding: PeerGrounding;
  readonly catalogue: Catalogue;
  readonly thresholds: LearningThresholds;
  readonly permittedBy: PermittedBy | undefined;
  /** Rules that are in force: whoever approved them has judged them. */
  readonly inForce: readonly ProposedRule[];
}

/** The rules of a direction that is closed, those in quarantine among them. */
export function closedDirection(parts: DirectionParts): LiveDirection {
  const { workload, direction, closing, hours, grounding, catalogue } = parts;
  const evidence = closing.by === 'observation' ? settlePorts(parts.evidence) : parts.evidence;
  const taken = evidence.declared.filter(({ relationship, seen }) => relationship.tier === 'strong' || seen.length > 0);
  const live = [
    ...taken.flatMap((each) => declaredRules(withPermission(each, parts.permittedBy), direction, grounding, hours)),
    ...observedRules(evidence.undeclared, parts),
  ];
  // what is doubted must not widen anything else: a mesh port for its peers would be a rule nobody doubts
  const sure = live.filter(({ doubts }) => doubts.length === 0).map(({ draft }) => draft);
  const knowledge = { isKnown: true, isOutsideOpen: closing.isOutsideOpen, why: closing.why };
  const undoubted = [...sure, ...catalogueRules(workload, direction, sure, grounding, catalogue), ...outsideRules(direction, knowledge)];
  // nor speak for a rule that something else asks for
  const doubtful = live.filter(({ doubts }) => doubts.length > 0);
  const meanings = new Set(doubtful.length === 0 ? [] : undoubted.map(meaningOf));
  const doubted = doubtful.filter(({ draft }) => !meanings.has(meaningOf(draft)));
  const rules = finishRules(direction, [...undoubted, ...doubted.map(({ draft }) => draft)]);
  const left = evidence.declared.length - taken.length;
  const hints = left === 0 ? '' : `; ${String(left)} weaker ${left === 1 ? 'hint is' : 'hints are'} left out`;
  return { proposal: { kind: 'closed', rules, why: closedFor(workload.ref, `${closing.why}${hints}`) }, quarantined: quarantine(direction, rules, doubted, parts.inForce) };
}

/** Where enough was seen, the ports that were used stand in for a port nobody wrote down. */
function settlePorts({ declared, undeclared }: DirectionEvidence): DirectionEvidence {
  const used = new Set<Doubted>();
  const settled = declared.flatMap((each): readonly Declared[] => {
    const { relationship, seen } = each;
    if (relationship.isPortGuessed !== true) return [each];
    const here = [...seen, ...undeclared.filter(({ observed }) => observedKeys({ ...observed, port: relationship.port, protocol: relationship.protocol }).includes(relationshipKey(relationship)))].filter(({ doubts }) => doubts.length === 0);
    if (here.length === 0) return [each];
    for (const doubted of here) used.add(doubted);
    return here.map((doubted) => ({ relationship: { ...relationship, isPortGuessed: false, port: doubted.observed.port, protocol: doubted.observed.protocol }, seen: [doubted] }));
  });
  return { declared: settled, undeclared: undeclared.filter((each) => !used.has(each)) };
}

function quarantine(direction: Direction, rules: readonly ProposedRule[], doubted: readonly LiveDraft[], inForce: readonly ProposedRule[]): readonly Quarantine[] {
  if (doubted.length === 0) return [];
  const judged = new Set(inForce.map(meaningOf));
  const reasons = new Map<string, readonly string[]>();
  for (const { draft, doubts } of doubted) reasons.set(meaningOf(draft), [...(reasons.get(meaningOf(draft)) ?? []), ...doubts]);
  return rules.flatMap((rule) => {
    const own = judged.has(meaningOf(rule)) ? undefined : reasons.get(meaningOf(rule));
    return own === undefined ? [] : [{ direction, rule: rule.id, reasons: [...new Set(own)].sort(compareText) }];
  });
}

function withPermission(declared: Declared, permittedBy: PermittedBy | undefined): Declared {
  const { relationship } = declared;
  const evidence = permittedEvidence(relationship, permittedBy);
  return evidence.length === 0 ? declared : { ...declared, relationship: { ...relationship, evidence: [...relationship.evidence, ...evidence] } };
}
