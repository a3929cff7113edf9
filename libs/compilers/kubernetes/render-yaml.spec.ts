import { describe, expect, it } from '@jest/globals';
import { parseDocument } from 'yaml';

import type { NetworkPolicyObject } from './network-policy.ts';
import { renderYaml } from './render-yaml.ts';

function objectWith(value: string): NetworkPolicyObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'ringfence-web', namespace: value, labels: { [value]: value }, annotations: { 'ringfence.io/why': `ingress 1: ${value}\nline two` } },
    spec: { podSelector: { matchLabels: { app: value } }, policyTypes: ['Ingress'], ingress: [{ ports: [{ protocol: 'TCP', port: 8080 }] }] },
  };
}

describe('renderYaml', () => {
  it.each([
    'yes', 'No', 'on', 'OFF', 'y', 'N', 'true', 'null', '~', '', '0123', '0x1f', '1e3', '1_000', '12:30:45', '.inf', '.NaN', '2026-11-22', '1.0', '-1', '-', '- a', ': ', 'a: b', '#x', 'a #b',
    '&anchor', '*alias', '!tag', '|', '>', '%dir', '@at', '`tick`', '"quoted"', "it's", '{a: b}', '[a]', '---', '...', '<<', '=', 'tab\there', 'ünïcode', 'emoji 🙂', 'back\\slash', 'x'.repeat(500),
  ])('writes %j so that readers of YAML 1.1 and 1.2 read the same text', (value) => {
    const object = objectWith(value);
    const text = renderYaml([object]);
    for (const version of ['1.1', '1.2'] as const) {
      const document = parseDocument(text, { version });
      expect(document.errors).toEqual([]);
      expect(document.toJS()).toEqual(object);
    }
  });

  it('writes one document per object, and nothing for none', () => {
    expect(renderYaml([])).toBe('');
    expect(renderYaml([objectWith('a'), objectWith('b')]).match(/^---$/gm)).toHaveLength(2);
  });

  it('repeats what is the same, for an anchor is a riddle to people', () => {
    const shared = { podSelector: { matchLabels: { app: 'web' } } };
    const object = { ...objectWith('a'), spec: { podSelector: shared.podSelector, policyTypes: ['Ingress'] as const, ingress: [{ from: [shared, shared] }] } };
    expect(renderYaml([object])).not.toMatch(/[&*]/);
  });
});
