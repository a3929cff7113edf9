import { describe, expect, it } from '@jest/globals';

import type { Json, JsonObject } from '#model';

import { readAutoApproval } from './index.ts';

const origin = { file: 'rule.yaml', line: 1 };
const spec = { title: 'One', why: 'it is fine', namespaces: { matchLabels: { team: 'a' } }, evidence: ['both'], coverage: { low: 0.9 } };

function document(fields: JsonObject = {}): Json {
  return { apiVersion: 'ringfence.io/v1alpha1', kind: 'AutoApprovalRule', metadata: { name: 'one' }, spec: { ...spec, ...fields } };
}

function problems(json: Json): readonly string[] {
  const { rule, diagnostics } = readAutoApproval(json, origin);
  expect(rule).toBeUndefined();
  expect(diagnostics.every(({ code, severity }) => code === 'auto-approval-invalid' && severity === 'error')).toBe(true);
  return diagnostics.map(({ message }) => message);
}

describe('readAutoApproval', () => {
  it('reads a rule, strict where nothing is said', () => {
    expect(readAutoApproval(document(), origin)).toEqual({
      rule: {
        name: 'one',
        title: 'One',
        why: 'it is fine',
        namespaces: { requirements: [{ key: 'team', operator: 'In', values: ['a'] }] },
        workloads: { requirements: [] },
        kinds: [],
        evidence: ['both'],
        coverage: { low: 0.9 },
        closed: [],
        quarantined: 'block',
        widenings: 'block',
      },
      diagnostics: [],
    });
  });

  it('reads everything that can be said', () => {
    const { rule } = readAutoApproval(document({ workloads: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['data'] }, { key: 'app', operator: 'Exists' }] }, kinds: ['Deployment'], evidence: ['observed', 'both'], coverage: { estimate: 1, low: 0 }, closed: ['egress'], quarantined: 'leave-out', widenings: 'allow' }), origin);
    expect(rule).toMatchObject({ kinds: ['Deployment'], evidence: ['both', 'observed'], coverage: { estimate: 1, low: 0 }, closed: ['egress'], quarantined: 'leave-out', widenings: 'allow' });
    expect(rule?.workloads.requirements).toEqual([{ key: 'tier', operator: 'NotIn', values: ['data'] }, { key: 'app', operator: 'Exists', values: [] }]);
  });

  it.each<{ name: string; json: Json; message: string }>([
    { name: 'not a mapping', json: 'yes', message: 'the entry is not a mapping' },
    { name: 'another version', json: { ...(document() as JsonObject), apiVersion: 'v1' }, message: 'apiVersion is not ringfence.io/v1alpha1' },
    { name: 'another kind', json: { ...(document() as JsonObject), kind: 'Rule' }, message: 'kind is not AutoApprovalRule' },
    { name: 'no name', json: { ...(document() as JsonObject), metadata: {} }, message: 'metadata.name is not a text' },
    { name: 'no reason', json: document({ why: ' ' }), message: 'spec.why is not a text' },
    { name: 'a misspelt condition', json: document({ close: ['egress'] }), message: 'spec.close is not a field of this schema' },
    { name: 'a misspelt selector', json: document({ namespaces: { matchLabel: { team: 'a' } } }), message: 'spec.namespaces.matchLabel is not a field of this schema' },
    { name: 'no condition at all', json: document({ namespaces: {} }), message: 'spec.namespaces and workloads ask for nothing, so it would be about everything' },
    { name: 'no evidence', json: document({ evidence: [] }), message: 'spec.evidence names none of both, declared and observed' },
    { name: 'evidence of the catalogue', json: document({ evidence: ['built-in'] }), message: 'spec.evidence has "built-in", which is none of both, declared, observed' },
    { name: 'no coverage', json: document({ coverage: {} }), message: 'spec.coverage asks for neither an estimate nor a low end' },
    { name: 'coverage in hundreds', json: document({ coverage: { low: 98 } }), message: 'spec.coverage.low is no share from 0 to 1' },
    { name: 'a label that YAML made a boolean', json: document({ namespaces: { matchLabels: { regulated: false } } }), message: 'spec.namespaces.matchLabels is not a mapping of texts; put numbers and booleans in quotes' },
    { name: 'a label nobody can carry', json: document({ namespaces: { matchExpressions: [{ key: 'regulated!', operator: 'DoesNotExist' }] } }), message: 'spec.namespaces.matchExpressions[0].key names "regulated!", which is no label' },
    { name: 'a value nobody can carry', json: document({ namespaces: { matchExpressions: [{ key: 'regulated', operator: 'NotIn', values: ['yes!'] }] } }), message: 'spec.namespaces.matchExpressions[0].key asks for "yes!", which no label can be' },
    { name: 'an operator without its values', json: document({ namespaces: { matchExpressions: [{ key: 'regulated', operator: 'NotIn' }] } }), message: 'spec.namespaces.matchExpressions[0].values is empty, which NotIn can not be asked about' },
    { name: 'an operator with values it does not take', json: document({ namespaces: { matchExpressions: [{ key: 'regulated', operator: 'DoesNotExist', values: ['true'] }] } }), message: 'spec.namespaces.matchExpressions[0].values is not empty, and DoesNotExist takes none' },
    { name: 'another way with quarantine', json: document({ quarantined: 'allow' }), message: 'spec.quarantined is none of block, leave-out' },
  ])('refuses $name', ({ json, message }) => {
    expect(problems(json)).toContain(message);
  });

  it('survives a hostile prototype key', () => {
    expect(problems(JSON.parse('{"apiVersion":"ringfence.io/v1alpha1","kind":"AutoApprovalRule","metadata":{"name":"a"},"spec":{},"__proto__":{"spec":{}}}') as Json)).toContain('__proto__ is not a field of this schema');
  });
});
