import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { type Evidence, type NamespacedPolicy, parsePrefix, type Policy, selectorFromLabels, type Snapshot } from '#model';
import { adoptPolicies } from '#policy';

import { expectGolden } from '../../../test/support/golden.ts';
import { random } from '../../../test/support/large-cluster.ts';
import { describeWithTool } from '../../../test/support/needs.ts';
import { admin, namespaced, randomPolicies, rule, smallWorld } from '../../../test/support/policy-worlds.ts';
import { runTool } from '../../../test/support/system.ts';
import { namespace, node, podsOf, ref, workload, world } from '../../../test/support/worlds.ts';
import { compileNodes } from './compile.ts';
import { GENERATIONS } from './connection-mark.ts';
import { renderRuleset } from './render-ruleset.ts';
import { createTracer } from './tracer.ts';

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function render(policies: readonly Policy[], snapshot: Snapshot): readonly string[] {
  return compileNodes(adoptPolicies(policies), snapshot, { digest }).bundles.map((bundle) => renderRuleset(bundle));
}

const declared = (where: string, text: string): Evidence => ({ kind: 'declared', source: 'env', where, text });

/** What learning makes of a front end, an API and its database. */
function shop(): readonly [readonly Policy[], Snapshot] {
  const host = { ...node('node-a', ['192.0.2.10', '2001:db8:ffff::10']), podCidrs: ['10.0.1.0/24', '2001:db8:1::/64'] };
  const web = workload('shop/Deployment/web', { ports: ['http:8080'], replicas: 2 });
  const api = workload('shop/Deployment/api', { ports: ['grpc:9000'] });
  const db = workload('shop/StatefulSet/db', { ports: ['postgres:5432'] });
  const snapshot = world({ namespaces: [namespace('shop')], nodes: [host], workloads: [web, api, db], pods: [...podsOf(web, 1, host), ...podsOf(api, 2, host), ...podsOf(db, 3)] });
  const learned = (owner: typeof web, rules: Pick<NamespacedPolicy, 'ingress' | 'egress'>): Policy => namespaced(`learned ${owner.ref.namespace}/${owner.ref.kind}/${owner.ref.name}`, { kind: 'workload', workload: owner.ref }, rules);
  const toDb = { evidence: [declared('shop.yaml:31 Deployment shop/api env DATABASE_URL', 'names db in a connection string')], application: 'postgresql' };
  return [
    [
      learned(web, { egress: [{ ...rule('5f1c', [{ kind: 'workload', workload: api.ref }], [{ kind: 'named', protocol: 'TCP', name: 'grpc' }]), application: 'grpc' }] }),
      learned(api, {
        ingress: [rule('88aa', [{ kind: 'workload', workload: web.ref }], [{ kind: 'named', protocol: 'TCP', name: 'grpc' }])],
        egress: [
          { ...rule('0c3d', [{ kind: 'workload', workload: db.ref }], [{ kind: 'range', protocol: 'TCP', from: 5432, to: 5432 }]), ...toDb },
          { ...rule('77e0', [{ kind: 'host', host: 'payments.example.com' }], [{ kind: 'range', protocol: 'TCP', from: 443, to: 443 }]), widenings: ['the whole internet, because addresses of the name are not known'] },
        ],
      }),
      learned(db, { ingress: [{ ...rule('4b21', [{ kind: 'workload', workload: api.ref }], [{ kind: 'range', protocol: 'TCP', from: 5432, to: 5432 }]), ...toDb }] }),
    ],
    snapshot,
  ];
}

function tiers(): readonly [readonly Policy[], Snapshot] {
  const everywhere = { kind: 'pods', namespaces: { kind: 'selector', selector: { requirements: [] } }, pods: { requirements: [] } } as const;
  const red = [{ kind: 'pods', namespaces: { kind: 'selector', selector: selectorFromLabels({ team: 'red' }) }, pods: { requirements: [] } }] as const;
  return [
    [
      admin('AdminNetworkPolicy guard', 'admin', 10, everywhere, {
        ingress: [
          { ...rule('deny-admin-ports', red, [{ kind: 'range', protocol: 'TCP', from: 1, to: 1023 }]), action: 'deny' },
          { ...rule('let-teams-decide', red, 'any'), action: 'pass' },
        ],
        egress: [{ ...rule('nodes', [{ kind: 'nodes', nodes: selectorFromLabels({ zone: 'one' }) }], 'any'), action: 'deny' }],
      }),
      namespaced('NetworkPolicy x/web', { kind: 'pods', namespaces: { kind: 'name', name: 'x' }, pods: selectorFromLabels({ app: 'a' }) }, { ingress: [rule('ingress-0', red, [{ kind: 'named', protocol: 'TCP', name: 'http' }])] }),
      admin('BaselineAdminNetworkPolicy default', 'baseline', 0, everywhere, { ingress: [{ ...rule('closed', 'any', 'any'), action: 'deny' }] }),
    ],
    smallWorld('together'),
  ];
}

function blocks(): readonly [readonly Policy[], Snapshot] {
  const prefix = (text: string) => parsePrefix(text)!;
  return [
    [
      namespaced('NetworkPolicy x/blocks', { kind: 'workload', workload: ref('x/Deployment/a') }, {
        egress: [
          rule(
            'egress-0',
            [
              { kind: 'cidr', cidr: prefix('203.0.113.7/24'), except: [prefix('203.0.113.64/26'), prefix('203.0.113.0/32')] },
              { kind: 'cidr', cidr: prefix('203.0.113.128/25'), except: [] },
              { kind: 'cidr', cidr: prefix('2001:db8:a::/48'), except: [prefix('2001:db8:a:1::/64')] },
            ],
            [{ kind: 'range', protocol: 'TCP', from: 8000, to: 8999 }, { kind: 'protocol', protocol: 'SCTP' }, { kind: 'protocol', protocol: 'ICMP' }],
          ),
          rule('egress-1', [{ kind: 'cidr', cidr: prefix('0.0.0.0/0'), except: [] }, { kind: 'cidr', cidr: prefix('::/0'), except: [] }], [{ kind: 'range', protocol: 'UDP', from: 53, to: 53 }]),
          rule('egress-2', 'any', [{ kind: 'named', protocol: 'any', name: 'http' }]),
        ],
      }),
    ],
    smallWorld('apart'),
  ];
}

const HOSTILE = ['a"; flush ruleset; #', 'line\nbreak\r\n}', '$var @set {', 'back\\slash \\" quote', '\u001b[31mred\u009b0m', '__proto__', 'ünïcödé \u202e', 'x'.repeat(10_000), '*', ''];

function hostile(): readonly [readonly Policy[], Snapshot] {
  const base = smallWorld('together');
  const policies = HOSTILE.map((text) =>
    namespaced(`NetworkPolicy ${text}`, { kind: 'pods', namespaces: { kind: 'name', name: 'x' }, pods: { requirements: [] } }, {
      ingress: [
        {
          ...rule(text, [{ kind: 'pods', namespaces: { kind: 'name', name: text }, pods: selectorFromLabels({ [text]: text }) }], [{ kind: 'named', protocol: 'TCP', name: text }, { kind: 'range', protocol: 'TCP', from: 80, to: 80 }]),
          application: text,
          evidence: [declared(text, text)],
        },
      ],
    }),
  );
  const named = { ...base.pods.get('x/a')!, name: 'a\n}\nflush ruleset' };
  return [policies, { ...base, pods: new Map([...base.pods, ['x/a\n}\nflush ruleset', named]]) }];
}

const GOLDENS: Readonly<Record<string, () => readonly [readonly Policy[], Snapshot]>> = { shop, tiers, blocks };

function goldenText(name: string): string {
  const [policies, snapshot] = GOLDENS[name]!();
  return render(policies, snapshot)[0]!;
}

describe('the text of a ruleset', () => {
  it.each(Object.keys(GOLDENS))('for %s is the golden one', (name) => {
    expectGolden(join(import.meta.dirname, 'testdata', `${name}.nft`), goldenText(name));
  });

  it('holds hostile names only where they can do nothing', () => {
    const [policies, snapshot] = hostile();
    for (const text of render(policies, snapshot)) {
      expect(text).toMatch(/^[\n\t -~]*$/);
      const statements = text.split('\n').filter((line) => !line.startsWith('#'));
      expect(statements.filter((line) => line.includes('flush ruleset') && !/ comment "[^"]*"$|^\t\tcomment "[^"]*"$/.test(line))).toEqual([]);
      expect([...text.matchAll(/comment "([^"]*)"/g)].filter(([, comment = '']) => comment.length > 127)).toEqual([]);
      expect(() => createTracer(text)).not.toThrow();
    }
  });

  it('names the rule, its application and its evidence', () => {
    const text = goldenText('shop');
    expect(text).toMatch(/comment "r\d+ learned shop\/Deployment\/api 0c3d postgresql: names db in a connection string/);
  });

  it('takes the generation it is told', () => {
    const [policies, snapshot] = shop();
    const [bundle] = compileNodes(adoptPolicies(policies), snapshot, { digest }).bundles;
    const next = renderRuleset(bundle!, 3);
    expect(next).toContain('0x03000000 : accept');
    expect(next).toContain('ipv4 : goto stamp_3');
    expect(() => renderRuleset(bundle!, GENERATIONS + 1)).toThrow('generation 9 is not 1 to 8');
  });
});

describeWithTool('nft', 'nft', () => {
  const accepts = (text: string): void => {
    const { status, stderr } = runTool('nft', ['-c', '-f', '-'], text);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  };

  it.each(Object.keys(GOLDENS))('accepts %s', (name) => {
    accepts(goldenText(name));
  });

  it('accepts hostile names', () => {
    const [policies, snapshot] = hostile();
    for (const text of render(policies, snapshot)) accepts(text);
  });

  it('accepts random policies', () => {
    for (let seed = 0; seed < 40; seed += 1) for (const text of render(randomPolicies(random(seed)), smallWorld('together'))) accepts(text);
  });
});
