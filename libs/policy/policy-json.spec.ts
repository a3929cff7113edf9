import { describe, expect, it } from '@jest/globals';

import { type Json, makePrefix, type Policy, type Revision } from '#model';
import { adoptPolicies, readRevision, writeRevision } from '#policy';

import { fuzzCase, revisionOf } from '../../test/support/fuzz.ts';
import { mutateJson } from '../../test/support/json-mutation.ts';
import { Random } from '../../test/support/random.ts';
import { origin, ref } from '../../test/support/worlds.ts';

const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

function overTheWire(revision: Revision): Json {
  return JSON.parse(JSON.stringify(writeRevision(revision))) as Json;
}

describe('a revision in JSON', () => {
  it('comes back exactly', () => {
    let policies = 0;
    for (const seed of SEEDS) {
      const revision = revisionOf(fuzzCase(seed).policies);
      policies += revision.policies.length;
      expect(readRevision(overTheWire(revision))).toEqual({ kind: 'read', value: revision });
    }
    expect(policies).toBeGreaterThan(500);
  });

  it('keeps a block of IPv6 that looks like IPv4, every field of a rule, and both families', () => {
    const prefixes = [makePrefix(6, (0xffffn << 32n) | 0x0a000000n, 104), makePrefix(4, 0x0a000000n, 8), makePrefix(6, 0x20010db8n << 96n, 32)];
    const policy: Policy = {
      kind: 'namespaced',
      name: 'learned shop/Deployment/web',
      subject: { kind: 'workload', workload: ref('shop/Deployment/web') },
      ingress: [
        {
          id: 'a',
          peers: [...prefixes.map((cidr) => ({ kind: 'cidr', cidr, except: [cidr] }) as const), { kind: 'host', host: 'a.example', isExact: true }],
          ports: 'any',
          application: 'http',
          enforceApplication: true,
          expiresAt: 1_800_000_000_000,
          evidence: [{ kind: 'declared', source: 'env', where: 'a.yaml:1', text: 'said "so"\n\u0000\ud800' }],
          confidence: 0.1,
          why: '',
          widenings: ['the whole __proto__'],
        },
      ],
      why: { ingress: 'known' },
      origin,
    };
    const revision = adoptPolicies([policy]);
    expect(readRevision(overTheWire(revision))).toEqual({ kind: 'read', value: revision });
  });

  it('that was changed is refused, or means what it says now and nothing more', () => {
    const outcomes = { read: 0, refused: 0 };
    for (const seed of SEEDS) {
      const random = new Random(seed + 77);
      const written = overTheWire(revisionOf(fuzzCase(seed).policies));
      for (let round = 0; round < 10; round += 1) {
        const changed = mutateJson(written, random);
        const reading = readRevision(changed);
        outcomes[reading.kind] += 1;
        if (reading.kind === 'read') expect(overTheWire({ ...reading.value, policies: sortedLike(reading.value, changed) })).toEqual(changed);
      }
    }
    expect(outcomes.read).toBeGreaterThan(50);
    expect(outcomes.refused).toBeGreaterThan(1_000);
  });

  it.each<[string, (revision: { policies: Record<string, unknown>[] }) => void, string]>([
    ['a field nobody knows', (json) => (json.policies[0]!['unless'] = []), 'revision.policies[0] has a field "unless" that is not known here'],
    ['a block with host bits', (json) => (json.policies[0]!['ingress'] = [rule({ peers: [{ kind: 'cidr', cidr: '10.0.0.7/24', except: [] }] })]), 'revision.policies[0].ingress[0].peers[0].cidr is no prefix in its canonical form'],
    ['ports the wrong way round', (json) => (json.policies[0]!['ingress'] = [rule({ ports: [{ kind: 'range', protocol: 'TCP', from: 9, to: 8 }] })]), 'revision.policies[0].ingress[0].ports[0].to is 8, not between 9 and 65535'],
    ['a workload with a slash in its name', (json) => (json.policies[0]!['subject'] = { kind: 'workload', workload: { namespace: 'a/b', kind: 'c', name: 'd' } }), 'revision.policies[0].subject.workload.namespace holds a slash'],
    ['a prototype', (json) => (json.policies[0]!['subject'] = JSON.parse('{"kind":"workload","__proto__":{"workload":{"namespace":"a","kind":"b","name":"c"}}}') as unknown), 'revision.policies[0].subject has a field "__proto__" that is not known here'],
  ])('is refused for %s', (_what, change, why) => {
    const json = overTheWire(adoptPolicies([{ kind: 'namespaced', name: 'a', subject: { kind: 'workload', workload: ref('a/b/c') }, ingress: [], origin }])) as unknown as { policies: Record<string, unknown>[] };
    change(json);
    expect(readRevision(json as unknown as Json)).toEqual({ kind: 'refused', why });
  });
});

function rule(fields: Record<string, unknown>): unknown {
  return { id: 'r', peers: 'any', ports: 'any', evidence: [], widenings: [], ...fields };
}

// Reading sorts policies; the comparison is about what is in them.
function sortedLike({ policies }: Revision, json: Json): readonly Policy[] {
  const wanted = (json as unknown as { policies: readonly Json[] }).policies.map((each) => JSON.stringify(each));
  const texts = policies.map((policy) => ({ policy, text: JSON.stringify((overTheWire(adoptPolicies([policy])) as unknown as { policies: readonly Json[] }).policies[0]) }));
  return [...texts].sort((a, b) => wanted.indexOf(a.text) - wanted.indexOf(b.text)).map(({ policy }) => policy);
}
