import { type Diagnostic, type Json, type LabelOperator, type LabelRequirement, type LabelSelector, type Origin, selectorFromLabels } from '#model';

import type { AutoApprovalRule } from './auto-approval.ts';
import { JsonFields } from './json-fields.ts';

export const AUTO_APPROVAL_API_VERSION = 'ringfence.io/v1alpha1';

/** What an auto-approval file held: the rule, or what is wrong with it. A rule with a mistake is left out whole, and approves nothing. */
export interface AutoApprovalReading {
  readonly rule?: AutoApprovalRule;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads one auto-approval rule from the JSON its YAML stands for. Never throws; a misspelt field is a mistake too: a condition nobody reads would approve more. */
export function readAutoApproval(json: Json, origin: Origin): AutoApprovalReading {
  const problems: string[] = [];
  const fields = new JsonFields(json, '', problems);
  if (!fields.is('apiVersion', AUTO_APPROVAL_API_VERSION)) fields.complain('apiVersion', `is not ${AUTO_APPROVAL_API_VERSION}`);
  if (!fields.is('kind', 'AutoApprovalRule')) fields.complain('kind', 'is not AutoApprovalRule');
  const name = fields.object('metadata', (metadata) => metadata.text('name'));
  const rule = fields.object('spec', (spec) => readSpec(name, spec));
  fields.finish();
  if (problems.length === 0) return { rule, diagnostics: [] };
  return { diagnostics: problems.map((message) => mistake(message, name, origin)) };
}

function mistake(message: string, name: string, origin: Origin): Diagnostic {
  return {
    code: 'auto-approval-invalid',
    severity: 'error',
    subject: `AutoApprovalRule ${name}`,
    message,
    hint: 'the rule is left out and approves nothing; its schema is described in policies/README.md',
    origin,
  };
}

const NO_COVERAGE: AutoApprovalRule['coverage'] = {};
const EVIDENCE = ['both', 'declared', 'observed'] as const;
const DIRECTIONS = ['ingress', 'egress'] as const;

function readSpec(name: string, spec: JsonFields): AutoApprovalRule {
  const rule: AutoApprovalRule = {
    name,
    title: spec.text('title'),
    why: spec.text('why'),
    namespaces: spec.has('namespaces') ? spec.object('namespaces', readSelector) : { requirements: [] },
    workloads: spec.has('workloads') ? spec.object('workloads', readSelector) : { requirements: [] },
    kinds: spec.texts('kinds'),
    evidence: chosen(spec, 'evidence', EVIDENCE),
    coverage: spec.has('coverage') ? spec.object('coverage', readCoverage) : NO_COVERAGE,
    closed: chosen(spec, 'closed', DIRECTIONS),
    quarantined: spec.has('quarantined') ? spec.choice('quarantined', ['block', 'leave-out']) : 'block',
    widenings: spec.has('widenings') ? spec.choice('widenings', ['block', 'allow']) : 'block',
  };
  if (rule.namespaces.requirements.length + rule.workloads.requirements.length === 0) spec.complain('namespaces', 'and workloads ask for nothing, so it would be about everything');
  if (rule.evidence.length === 0) spec.complain('evidence', 'names none of both, declared and observed');
  if (rule.coverage.estimate === undefined && rule.coverage.low === undefined) spec.complain('coverage', 'asks for neither an estimate nor a low end');
  return rule;
}

function readCoverage(fields: JsonFields): AutoApprovalRule['coverage'] {
  return { ...(fields.has('estimate') ? { estimate: fields.share('estimate') } : {}), ...(fields.has('low') ? { low: fields.share('low') } : {}) };
}

function chosen<const T extends string>(fields: JsonFields, field: string, choices: readonly T[]): readonly T[] {
  const texts = fields.texts(field);
  const wrong = texts.filter((text) => !(choices as readonly string[]).includes(text));
  if (wrong.length > 0) fields.complain(field, `has ${JSON.stringify(wrong[0]?.slice(0, 60))}, which is none of ${choices.join(', ')}`);
  return choices.filter((choice) => texts.includes(choice));
}

/** `matchLabels` and `matchExpressions`, as Kubernetes writes them. */
function readSelector(fields: JsonFields): LabelSelector {
  const labels = fields.labels('matchLabels');
  for (const [key, value] of Object.entries(labels)) checkLabel(fields, 'matchLabels', key, [value]);
  return { requirements: [...selectorFromLabels(labels).requirements, ...fields.objects('matchExpressions', readRequirement)] };
}

const OPERATORS: readonly [LabelOperator, ...LabelOperator[]] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

function readRequirement(fields: JsonFields): LabelRequirement {
  const requirement = { key: fields.text('key'), operator: fields.choice('operator', OPERATORS), values: fields.texts('values') };
  checkLabel(fields, 'key', requirement.key, requirement.values);
  const takesValues = requirement.operator === 'In' || requirement.operator === 'NotIn';
  if (takesValues !== requirement.values.length > 0) fields.complain('values', takesValues ? `is empty, which ${requirement.operator} can not be asked about` : `is not empty, and ${requirement.operator} takes none`);
  return requirement;
}

const LABEL_KEY = /^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

// one that no object can carry would silently be true of NotIn and DoesNotExist
function checkLabel(fields: JsonFields, field: string, key: string, values: readonly string[]): void {
  if (!LABEL_KEY.test(key)) fields.complain(field, `names ${JSON.stringify(key.slice(0, 60))}, which is no label`);
  const wrong = values.find((value) => !LABEL_VALUE.test(value));
  if (wrong !== undefined) fields.complain(field, `asks for ${JSON.stringify(wrong.slice(0, 60))}, which no label can be`);
}
