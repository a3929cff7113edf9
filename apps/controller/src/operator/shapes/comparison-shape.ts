import type { DirectionComparison, DirectionDifference, RuleChange, WorkloadPreview } from '#learning';
import { type ComparisonShape, type DifferenceShape, type PreviewShape, ruleShape, type SinceApprovalShape } from '#operator-api';

/** What an approval would change, for people. */
export function comparisonShape(comparison: readonly DirectionComparison[]): ComparisonShape {
  return byDirection(comparison, ({ approved, proposed, added, changed, missing, stale, unused }) => ({
    approved,
    proposed,
    added: added.map(({ id }) => id),
    changed: changed.map(changeShape),
    missing: missing.map((each) => ({ rule: ruleShape(each.rule), ...useShape(each) })),
    stale: stale.map((each) => ({ rule: ruleShape(each.rule), ...useShape(each) })),
    unused: unused.map((each) => ({ rule: each.rule.id, ...useShape(each) })),
  }));
}

export function differenceShape(difference: readonly DirectionDifference[]): DifferenceShape {
  return byDirection(difference, ({ before, now, added, gone, changed }) => ({ before, now, added: added.map(({ id }) => id), gone: gone.map(ruleShape), changed: changed.map(changeShape) }));
}

export function previewShape({ ingress, egress }: WorkloadPreview): PreviewShape {
  const shape = ({ rules, quarantined }: NonNullable<WorkloadPreview['ingress']>): NonNullable<PreviewShape['ingress']> => ({ rules: rules.map(ruleShape), quarantine: quarantined });
  return { ...(ingress === undefined ? {} : { ingress: shape(ingress) }), ...(egress === undefined ? {} : { egress: shape(egress) }) };
}

export function sinceApprovalShape(comparison: readonly DirectionComparison[]): SinceApprovalShape {
  const count = (of: (each: DirectionComparison) => readonly unknown[]): number => comparison.reduce((sum, each) => sum + of(each).length, 0);
  return { added: count(({ added }) => added), changed: count(({ changed }) => changed), missing: count(({ missing }) => missing), stale: count(({ stale }) => stale), unused: count(({ unused }) => unused) };
}

function byDirection<Of extends { readonly direction: 'ingress' | 'egress' }, To>(all: readonly Of[], shape: (of: Of) => To): { readonly ingress: To; readonly egress: To } {
  const of = (direction: 'ingress' | 'egress'): To => {
    const one = all.find((each) => each.direction === direction);
    if (one === undefined) throw new Error(`show what is different: nothing is said of ${direction}`);
    return shape(one);
  };
  return { ingress: of('ingress'), egress: of('egress') };
}

function changeShape({ rule, what }: RuleChange): { readonly rule: string; readonly what: readonly string[] } {
  return { rule: rule.id, what };
}

function useShape({ lastSeen, unusedSince, why }: { readonly lastSeen: number | undefined; readonly unusedSince: number | undefined; readonly why: string }): { readonly lastSeen?: number; readonly unusedSince?: number; readonly why: string } {
  return { ...(lastSeen === undefined ? {} : { lastSeen }), ...(unusedSince === undefined ? {} : { unusedSince }), why };
}
