import { z } from 'zod';

import type { LabelSelector, Policy, Subject } from '#model';

import { decidedSchema } from './decision.ts';
import { pageQuery, pageSchema } from './page.ts';
import { countSchema, type Shape, workloadSchema } from './parts.ts';
import { ruleSchema, ruleShape, selectorSchema } from './rule.ts';

/** One revision of the history. */
export const revisionSummarySchema = z.strictObject({
  number: countSchema,
  base: countSchema.describe('the revision it replaced'),
  ...decidedSchema.shape,
  ticket: z.string().optional(),
  status: z.enum(['current', 'superseded', 'rolled-back']),
  restored: countSchema.optional().describe('the revision whose content a rollback took over'),
  changed: z.array(workloadSchema).describe('workloads it approved anew'),
});

export const policySchema = z.strictObject({
  name: z.string(),
  tier: z.enum(['admin', 'namespaced', 'baseline']),
  priority: z.number().optional(),
  subject: z.union([
    z.strictObject({ workload: workloadSchema }),
    z.strictObject({ namespaces: z.union([z.string(), selectorSchema]), pods: selectorSchema }),
  ]),
  ingress: z.array(z.strictObject({ ...ruleSchema.shape, action: z.enum(['allow', 'deny', 'pass']).optional() })).optional().describe('absent: the direction stays open'),
  egress: z.array(z.strictObject({ ...ruleSchema.shape, action: z.enum(['allow', 'deny', 'pass']).optional() })).optional(),
  file: z.string().describe('where it comes from: revision N, or a file of the input'),
  line: z.number().int(),
});

export const revisionSchema = z.strictObject({ ...revisionSummarySchema.shape, policies: z.array(policySchema) });
export const revisionPageSchema = pageSchema(revisionSummarySchema);
export const revisionQuery = z.strictObject(pageQuery);
export const revisionParams = z.strictObject({ number: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER) });

export type RevisionSummaryShape = Shape<typeof revisionSummarySchema>;
export type RevisionShape = Shape<typeof revisionSchema>;
export type PolicyShape = Shape<typeof policySchema>;

export function policyShape(policy: Policy): PolicyShape {
  const { name, subject, origin } = policy;
  const rest = { subject: subjectShape(subject), file: origin.file, line: origin.line };
  if (policy.kind === 'namespaced') {
    const { ingress, egress } = policy;
    return {
      name,
      tier: 'namespaced',
      ...rest,
      ...(ingress === undefined ? {} : { ingress: ingress.map(ruleShape) }),
      ...(egress === undefined ? {} : { egress: egress.map(ruleShape) }),
    };
  }
  const rules = (list: typeof policy.ingress): PolicyShape['ingress'] => list.map((rule) => ({ ...ruleShape(rule), action: rule.action }));
  return { name, tier: policy.tier, priority: policy.priority, ...rest, ingress: rules(policy.ingress), egress: rules(policy.egress) };
}

function subjectShape(subject: Subject): PolicyShape['subject'] {
  if (subject.kind === 'workload') return { workload: subject.workload };
  const namespaces: string | LabelSelector = subject.namespaces.kind === 'name' ? subject.namespaces.name : subject.namespaces.selector;
  return { namespaces, pods: subject.pods };
}
