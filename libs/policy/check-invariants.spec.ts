import { describe, expect, it } from '@jest/globals';

import { adoptPolicies, checkInvariants, type InvariantResult, readInvariants } from '#policy';
import type { Json, Policy, Snapshot } from '#model';
import { networkPolicy, pod } from '../../test/support/policies.ts';
import { namespace, node, origin, world } from '../../test/support/worlds.ts';

const cluster = world({
  namespaces: [namespace('shop', { zone: 'dmz' }), namespace('data', { zone: 'cde' })],
  nodes: [node('n1', ['192.0.2.1'])],
  pods: [
    pod('shop/web', ['10.0.0.1', 'fd00::1'], { labels: { app: 'web' } }),
    pod('shop/api', ['10.0.0.2', 'fd00::2'], { labels: { app: 'api' }, ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] }),
    pod('data/db', ['10.0.0.3', 'fd00::3'], { labels: { app: 'db' }, ports: [{ name: 'pg', port: 5432, protocol: 'TCP' }] }),
    pod('shop/agent', ['192.0.2.1'], { labels: { app: 'agent' }, hostNetwork: true }),
  ],
});

const on = (app: string): Json => ({ matchLabels: { app } });
const closeDb = (...ingress: readonly Json[]): Policy => networkPolicy('data/db', { podSelector: {}, policyTypes: ['Ingress'], ingress: [...ingress] });
const fromShop: Json = { namespaceSelector: { matchLabels: { zone: 'dmz' } } };

function check(claim: Json, policies: readonly Policy[], snapshot: Snapshot = cluster): InvariantResult {
  const { invariants, diagnostics } = readInvariants({ apiVersion: 'ringfence.io/v1alpha1', kind: 'InvariantSet', spec: { invariants: [{ name: 'it', ...(claim as object) }] } }, origin);
  expect(diagnostics).toEqual([]);
  const [result] = checkInvariants(adoptPolicies(policies), snapshot, invariants);
  if (result === undefined) throw new Error('check an invariant: no result');
  return result;
}

const dmz: Json = { namespaceLabels: { zone: 'dmz' } };
const cde: Json = { namespaceLabels: { zone: 'cde' } };
const web: Json = { namespace: 'shop', labels: { app: 'web' } };
const db: Json = { workload: 'data/Pod/db' };
const internet: Json = { entity: 'internet' };

describe('invariants', () => {
  it.each<readonly [string, Json, readonly Policy[], InvariantResult['outcome']]>([
    ['never fails where everything is open', { never: { from: dmz, to: cde } }, [], 'violated'],
    ['never holds where the receiver is closed', { never: { from: dmz, to: cde } }, [closeDb()], 'holds'],
    ['never holds where the sender is closed', { never: { from: web, to: db } }, [networkPolicy('shop/web', { podSelector: on('web'), policyTypes: ['Egress'] })], 'holds'],
    ['one pod of many is enough to fail', { never: { from: dmz, to: cde } }, [closeDb({ from: [{ namespaceSelector: {}, podSelector: on('api') }] })], 'violated'],
    ['one odd port is enough to fail', { never: { from: web, to: db } }, [closeDb({ from: [fromShop], ports: [{ port: 61_234, protocol: 'SCTP' }] })], 'violated'],
    ['another port than the asked one is not', { never: { from: web, to: db, port: '5432/TCP' } }, [closeDb({ from: [fromShop], ports: [{ port: 22 }] })], 'holds'],
    ['one family is enough to fail', { never: { from: web, to: db } }, [closeDb({ from: [{ ipBlock: { cidr: '::/0' } }] })], 'violated'],
    ['one address of the internet is enough to fail', { never: { from: internet, to: db } }, [closeDb({ from: [{ ipBlock: { cidr: '203.0.113.77/32' } }] })], 'violated'],
    ['a private address is no internet', { never: { from: internet, to: db } }, [closeDb({ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] })], 'holds'],
    ['a block means the pods in it too', { never: { from: { cidr: '10.0.0.0/24' }, to: db } }, [closeDb({ from: [fromShop] })], 'violated'],
    ['a host-network pod is one of its namespace', { never: { from: { namespace: 'shop', labels: { app: 'agent' } }, to: db } }, [closeDb({ from: [{ ipBlock: { cidr: '192.0.2.0/24' } }] })], 'violated'],
    ['must holds where everything is open', { must: { from: web, to: db, port: '5432/TCP' } }, [], 'holds'],
    ['must fails where one family is closed', { must: { from: web, to: db, port: '5432/TCP' } }, [closeDb({ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] })], 'violated'],
    ['must without a port is every declared port', { must: { from: web, to: db } }, [closeDb({ from: [fromShop], ports: [{ port: 5432 }] })], 'holds'],
    ['and fails where one is closed', { must: { from: web, to: db } }, [closeDb({ from: [fromShop], ports: [{ port: 22 }] })], 'violated'],
    ['must between pods of one workload asks about its replicas', { must: { from: db, to: db, port: '5432/TCP' } }, [closeDb()], 'violated'],
    ['and never too', { never: { from: db, to: db } }, [closeDb({ from: [{ podSelector: {} }] })], 'violated'],
    ['an end that matches nothing leaves it unknown', { never: { from: { namespace: 'gone' }, to: db } }, [closeDb()], 'unknown'],
    ['whichever end', { must: { from: web, to: { workload: 'shop/Deployment/gone' } } }, [], 'unknown'],
  ])('%s', (_why, claim, policies, outcome) => {
    expect(check(claim, policies).outcome).toBe(outcome);
  });

  it('gives a concrete connection and the rule that opened it', () => {
    const { counterExample } = check({ never: { from: web, to: db } }, [closeDb({ from: [fromShop], ports: [{ port: 5000, endPort: 6000 }] })]);
    expect(counterExample?.connection).toMatchObject({ from: { kind: 'pod', pod: { name: 'web' }, address: { text: '10.0.0.1' } }, to: { kind: 'pod', pod: { name: 'db' } }, protocol: 'TCP', port: 5432 });
    expect(counterExample?.verdict.reasons.at(-1)).toMatchObject({ effect: 'allow', policy: 'NetworkPolicy data/db', rule: 'ingress-0' });
  });

  it('says so where it hangs on labels the input does not have', () => {
    const undeclared = world({ pods: [...cluster.pods.values()] });
    const result = check({ never: { from: web, to: db } }, [closeDb({ from: [fromShop] })], undeclared);
    expect(result.outcome).toBe('unknown');
    expect(result.text).toContain('what this input does not say');
  });

  it('says which end matched nothing', () => {
    expect(check({ never: { from: { namespace: 'gone', labels: { app: 'x' } }, to: db } }, []).text).toBe('namespace gone, pods app=x matches nothing in this input, so nothing was tested');
  });
});

describe('an invariant that cannot be read', () => {
  const read = (item: Json): readonly string[] => readInvariants({ apiVersion: 'ringfence.io/v1alpha1', kind: 'InvariantSet', spec: { invariants: [item] } }, origin).diagnostics.map(({ message }) => message);
  it.each<readonly [string, Json, string]>([
    ['both claims', { name: 'x', never: { from: web, to: db }, must: { from: web, to: db } }, 'spec.invariants[0] does not say exactly one of never and must'],
    ['no claim', { name: 'x' }, 'spec.invariants[0] does not say exactly one of never and must'],
    ['no peer', { name: 'x', never: { from: {}, to: db } }, 'spec.invariants[0].never.from names no peer'],
    ['two peers', { name: 'x', never: { from: { namespace: 'a', cidr: '10.0.0.0/8' }, to: db } }, 'spec.invariants[0].never.from says namespace and cidr at once'],
    ['labels beside a block', { name: 'x', never: { from: { cidr: '10.0.0.0/8', labels: {} }, to: db } }, 'spec.invariants[0].never.from.labels is given beside cidr'],
    ['no workload', { name: 'x', never: { from: { workload: 'web' }, to: db } }, 'spec.invariants[0].never.from.workload is "web"'],
    ['no block', { name: 'x', never: { from: { cidr: '10.0.0.1' }, to: db } }, 'spec.invariants[0].never.from.cidr is "10.0.0.1"'],
    ['another entity', { name: 'x', never: { from: { entity: 'kubelet' }, to: db } }, 'spec.invariants[0].never.from.entity is "kubelet"'],
    ['a port out of range', { name: 'x', must: { from: web, to: db, port: '70000/TCP' } }, 'spec.invariants[0].must.port is "70000/TCP"'],
    ['a label that is a number', { name: 'x', never: { from: { namespace: 'a', labels: { tier: 1 } }, to: db } }, 'spec.invariants[0].never.from.labels["tier"] is 1'],
    ['a misspelt field, which would widen the invariant', { name: 'x', never: { from: { namespace: 'a', label: {} }, to: db } }, 'spec.invariants[0].never.from."label" is no field here'],
  ])('%s', (_why, item, message) => {
    expect(read(item)).toEqual([message]);
  });

  it.each<readonly [string, Json]>([['another kind', { apiVersion: 'v1', kind: 'List' }], ['a text', 'never'], ['no list', { apiVersion: 'ringfence.io/v1alpha1', kind: 'InvariantSet', spec: {} }], ['an empty list', { apiVersion: 'ringfence.io/v1alpha1', kind: 'InvariantSet', spec: { invariants: [] } }]])('a document that is no set: %s', (_why, json) => {
    const { invariants, diagnostics } = readInvariants(json, origin);
    expect([invariants.length, diagnostics.length]).toEqual([0, 1]);
  });

  it('leaves the others standing', () => {
    const { invariants, diagnostics } = readInvariants({ apiVersion: 'ringfence.io/v1alpha1', kind: 'InvariantSet', spec: { invariants: [{ name: 'bad' }, { name: 'good', never: { from: web, to: internet } }] } }, origin);
    expect(invariants.map(({ name }) => name)).toEqual(['good']);
    expect(diagnostics.map(({ subject }) => subject)).toEqual(['invariant "bad"']);
  });
});
