import { describe, expect, it } from '@jest/globals';

import type { Json } from '#model';

import { shippedEntries } from '../../test/support/catalogue.ts';
import { readCatalogueEntry } from './index.ts';

const origin = { file: 'entry.yaml', line: 1 };
const valid = { kind: 'CatalogueEntry', name: 'one', title: 'One', why: 'it breaks' };

function problems(json: Json): readonly string[] {
  const { entry, diagnostics } = readCatalogueEntry(json, origin);
  expect(entry).toBeUndefined();
  return diagnostics.map(({ message }) => message);
}

describe('readCatalogueEntry', () => {
  it('reads every entry we ship, each under a name of its own', () => {
    const names = shippedEntries().map(({ name }) => name);
    expect(names.length).toBeGreaterThan(8);
    expect(new Set(names).size).toBe(names.length);
  });

  it('grounds every entity in at most one place, so that the order of entries means nothing', () => {
    const grounded = shippedEntries().flatMap(({ groundings }) => groundings.map(({ entity, direction }) => `${entity} ${direction}`));
    expect(new Set(grounded).size).toBe(grounded.length);
  });

  it('ends every grounding with a step that always finds something', () => {
    const last = shippedEntries().flatMap(({ groundings }) => groundings.map(({ steps }) => steps.at(-1)?.by));
    expect(last.filter((by) => by !== 'anyone' && by !== 'nothing' && by !== 'pods')).toEqual([]);
  });

  it.each<{ name: string; json: Json; message: string }>([
    { name: 'not a mapping', json: [], message: 'the entry is not a mapping' },
    { name: 'another kind', json: { ...valid, kind: 'Entry' }, message: 'kind is not CatalogueEntry' },
    { name: 'a missing sentence', json: { kind: 'CatalogueEntry', name: 'one', title: 'One' }, message: 'why is not a text' },
    { name: 'a misspelt field', json: { ...valid, rule: [] }, message: 'rule is not a field of this schema' },
    { name: 'a misspelt condition', json: { ...valid, rules: [{ direction: 'egress', applies: { anyOff: [] }, peers: 'any', ports: 'any', why: 'x' }] }, message: 'rules[0].applies.anyOff is not a field of this schema' },
    { name: 'a condition without conditions', json: { ...valid, rules: [{ direction: 'egress', applies: { anyOf: [{}] }, peers: 'any', ports: 'any', why: 'x' }] }, message: 'rules[0].applies.anyOf[0] has no condition, so it would match every workload' },
    { name: 'a port out of range', json: { ...valid, rules: [{ direction: 'egress', peers: 'any', ports: ['70000/TCP'], why: 'x' }] }, message: 'rules[0].ports has "70000/TCP"; write 53/UDP, 8000-8010/TCP or a protocol alone' },
    { name: 'a range that runs backwards', json: { ...valid, rules: [{ direction: 'egress', peers: 'any', ports: ['90-80/TCP'], why: 'x' }] }, message: 'rules[0].ports has "90-80/TCP"; write 53/UDP, 8000-8010/TCP or a protocol alone' },
    { name: 'an address that is none', json: { ...valid, hosts: [{ host: 'metadata', addresses: ['169.254.169.254'] }] }, message: 'hosts[0] has "169.254.169.254", which is no address block' },
    { name: 'an unknown entity', json: { ...valid, groundings: [{ entity: 'everyone', direction: 'ingress', steps: [{ by: 'anyone' }] }] }, message: 'groundings[0].entity is none of internet, kube-apiserver, prometheus, kubelet, ingress-controller, gateway, any, coredns, kube-controller-manager, kube-scheduler' },
    { name: 'a grounding without steps', json: { ...valid, groundings: [{ entity: 'any', direction: 'ingress', steps: [] }] }, message: 'groundings[0].steps is empty' },
    { name: 'a label that YAML made a boolean', json: { ...valid, groundings: [{ entity: 'any', direction: 'ingress', steps: [{ by: 'pods', labels: { inject: true } }] }] }, message: 'groundings[0].steps[0].labels is not a mapping of texts; put numbers and booleans in quotes' },
  ])('refuses $name', ({ json, message }) => {
    expect(problems(json)).toContain(message);
  });

  it('survives a hostile prototype key', () => {
    expect(problems(JSON.parse('{"kind":"CatalogueEntry","name":"a","title":"b","why":"c","__proto__":{"rules":[]}}') as Json)).toEqual(['__proto__ is not a field of this schema']);
  });
});
