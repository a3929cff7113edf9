import { describe, expect, it } from '@jest/globals';

import { deployment, inferText, service } from '../../../test/support/infer-text.ts';
import { snapshotFromYaml } from '../../../test/support/manifests.ts';
import { inferGraph } from '../infer.ts';

const web = deployment('web', { ports: ['http:8080'], env: { API_URL: 'http://api:8080' } }) + service('web', '{port: 80, targetPort: http}', 'type: LoadBalancer');
const api = deployment('api', { ports: ['8080'], env: { DATABASE_URL: 'postgresql://db:5432/app' } }) + service('api', '{port: 8080}');
const db = deployment('db', { kind: 'StatefulSet', ports: ['5432'] }) + service('db', '{port: 5432}');
const shop = web + api + db;

/** Closed directions, as `api in`, `api out`. */
function closed(text: string): readonly string[] {
  const found: string[] = [];
  for (const [key, { ingress, egress }] of inferText(text).knowledge) {
    const name = key.slice(key.lastIndexOf('/') + 1);
    if (ingress.isKnown) found.push(`${name} in`);
    if (egress.isKnown) found.push(`${name} out`);
  }
  return found;
}

function whyOf(text: string, key: string, direction: 'ingress' | 'egress'): string {
  return inferText(text).knowledge.get(key)?.[direction].why ?? '';
}

describe('an application that is written down whole', () => {
  it('is closed, but for egress of who is not seen to call anybody', () => {
    expect(closed(shop)).toEqual(['api in', 'api out', 'web in', 'web out', 'db in']);
  });

  it('leaves the outside of the cluster open', () => {
    const { knowledge } = inferText(shop);
    expect([...knowledge.values()].filter(({ egress }) => egress.isKnown).map(({ egress }) => egress.isOutsideOpen)).toEqual([true, true]);
  });
});

describe('signs of addresses that are hidden', () => {
  it.each([
    ['a server nobody is seen to call', deployment('cache', { kind: 'StatefulSet', ports: ['6379'] }) + service('cache', '{port: 6379}'), []],
    ['a server nobody is seen to call, that calls others', deployment('mail', { ports: ['25'], env: { DB_URL: 'postgresql://db:5432/app' } }) + service('mail', '{port: 25}'), []],
    ['a server without a Service', deployment('registered', { ports: ['8080'], env: { DB_URL: 'postgresql://db:5432/app' } }), []],
    ['a Service whose pods are made at run time', service('made', '{port: 80}'), []],
    ['a workload that serves nothing and calls nobody', deployment('worker'), ['api out', 'web out', 'worker in']],
    ['a way in that leads nowhere', deployment('portal', { ports: ['80'] }) + service('portal', '{port: 80}', 'type: LoadBalancer'), ['api out', 'portal in', 'web out']],
    ['settings that are not in the input', deployment('worker', { container: 'envFrom: [{configMapRef: {name: absent}}]' }), ['api out', 'web out', 'worker in']],
    ['an address that is not in the input, to servers it is not seen to call', deployment('worker', { env: { DB_URL: 'postgresql://db:5432/app' }, container: 'envFrom: [{secretRef: {name: absent}}]' }), ['api out', 'web out', 'worker in', 'db in']],
  ])('%s', (_, text, expected) => {
    expect(closed(shop + text)).toEqual(expected);
  });

  it('are only signs in the namespace they are in', () => {
    const elsewhere = deployment('cache', { kind: 'StatefulSet', ports: ['6379'], namespace: 'other' }) + service('cache', '{port: 6379}', '', 'other');
    expect(closed(shop + elsewhere)).toEqual(closed(shop));
  });

  it.each([
    ['passwords', deployment('api', { ports: ['8080'], env: { DATABASE_URL: 'postgresql://db:5432/app' } }).replace('env: [', 'env: [{name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: absent, key: password}}}, ')],
    ['certificates', deployment('api', { ports: ['8080'], env: { DATABASE_URL: 'postgresql://db:5432/app' }, podSpec: 'volumes: [{name: c, secret: {secretName: api-tls}}]', container: 'volumeMounts: [{name: c, mountPath: /certs}]' })],
  ])('are none: %s kept out of the input', (_, own) => {
    expect(closed(web + own + service('api', '{port: 8080}') + db)).toEqual(closed(shop));
  });
});

describe('input that could not be read', () => {
  const refused = (code: string, severity: 'error' | 'warning'): readonly string[] => {
    const snapshot = snapshotFromYaml(shop);
    const diagnostic = { code, severity, subject: 'shop.yaml', message: 'is broken', hint: 'mend it', origin: { file: 'shop.yaml', line: 7 } };
    return [...inferGraph({ ...snapshot, diagnostics: [diagnostic] }).knowledge.values()].flatMap(({ ingress, egress }) => [ingress, egress]).filter(({ isKnown }) => isKnown).map(({ why }) => why);
  };

  it('may hold a client of anybody, so nothing is closed', () => {
    expect(refused('broken-yaml', 'error')).toEqual([]);
  });

  it('hides nobody where it is only odd, or is a policy', () => {
    expect(refused('odd', 'warning')).not.toEqual([]);
    expect(refused('policy-invalid', 'error')).not.toEqual([]);
  });
});

describe('one server nobody calls', () => {
  const cache = deployment('cache', { kind: 'StatefulSet', ports: ['6379'] }) + service('cache', '{port: 6379}');
  const servers = (count: number): string => {
    const names = Array.from({ length: count }, (_, at) => `part-${String(at)}`);
    const env = Object.fromEntries(names.map((name, at) => [`PART_${String(at)}_URL`, `http://${name}:8080`]));
    const parts = names.map((name) => deployment(name, { ports: ['8080'] }) + service(name, '{port: 8080}'));
    return deployment('web', { ports: ['http:8080'], env }) + service('web', '{port: 80, targetPort: http}', 'type: LoadBalancer') + parts.join('');
  };

  it('says nothing about eleven others whose clients are known, and something about ten', () => {
    expect(closed(servers(10) + cache)).toContain('part-0 in');
    expect(closed(servers(10) + cache)).not.toContain('cache in');
    expect(closed(servers(9) + cache)).toEqual([]);
  });
});

describe('the one server nobody calls', () => {
  const front = (type: string): string => deployment('web', { ports: ['http:8080'], env: { API_URL: 'http://api:8080' } }) + service('web', '{port: 80, targetPort: http}', type);

  it('is where people come in, if it calls others and no other way in is known', () => {
    expect(closed(front('') + api + db)).toEqual(['api in', 'api out', 'web out', 'db in']);
  });
});

describe('egress stays open', () => {
  const grant = `---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: all, namespace: shop}
rules: [{apiGroups: [""], resources: [pods], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: all, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: all}
subjects: [{kind: ServiceAccount, name: api, namespace: shop}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: api, namespace: shop}
`;
  const env = { DATABASE_URL: 'postgresql://db:5432/app' };

  it.each([
    ['for a client of the API server', deployment('api', { ports: ['8080'], env, podSpec: 'serviceAccountName: api' }) + grant, 'client of the API server'],
    ['for who is told an address that leads nowhere', deployment('api', { ports: ['8080'], env: { ...env, GEO_URL: 'http://geo:8080' } }), 'leads to nothing in the input'],
    ['for who is told its node', deployment('api', { ports: ['8080'], env }).replace('env: [', 'env: [{name: NODE, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}, '), 'address of its node'],
    ['behind a proxy that is put into its pods', deployment('api', { ports: ['8080'], env, annotations: 'sidecar.istio.io/inject: "true"' }), 'adds a proxy'],
    ['for who is told not to use a proxy for others', deployment('api', { ports: ['8080'], env: { ...env, NO_PROXY: 'localhost,web,10.0.0.0/8' } }), 'not to use a proxy for Deployment web'],
    ['on the network of its node', deployment('api', { ports: ['8080'], env, podSpec: 'hostNetwork: true' }), 'network of its node'],
  ])('%s', (_, own, why) => {
    expect(whyOf(web + own + service('api', '{port: 8080}') + db, 'shop/Deployment/api', 'egress')).toContain(why);
  });

  it('but not where a proxy is refused', () => {
    const own = deployment('api', { ports: ['8080'], env, annotations: 'sidecar.istio.io/inject: "false"' });
    expect(closed(web + own + service('api', '{port: 8080}') + db)).toContain('api out');
  });
});

describe('ingress stays open', () => {
  it('where a client calls from the address of its node', () => {
    const agent = deployment('agent', { kind: 'DaemonSet', env: { API_URL: 'http://api:8080' }, podSpec: 'hostNetwork: true' });
    expect(whyOf(shop + agent, 'shop/Deployment/api', 'ingress')).toContain("from its node's address");
  });

  it('where a port is opened on the node', () => {
    const own = deployment('api', { env: { DATABASE_URL: 'postgresql://db:5432/app' } }).replace('ports: []', 'ports: [{containerPort: 8080, hostPort: 80}]');
    expect(whyOf(web + own + service('api', '{port: 8080}') + db, 'shop/Deployment/api', 'ingress')).toContain('host port 80');
  });

  it.each([
    [2, 'clusterIP: None', false],
    [1, 'clusterIP: None', true],
    [2, '', true],
  ])('for replicas that may find each other: %d of them, %s', (replicas, fields, isKnown) => {
    const own = deployment('api', { ports: ['8080'], replicas, env: { DATABASE_URL: 'postgresql://db:5432/app' } }) + service('api', '{port: 8080}', fields);
    expect(inferText(web + own + db).knowledge.get('shop/Deployment/api')).toMatchObject({ ingress: { isKnown }, egress: { isKnown } });
  });

  it('for a way in of which a port is not seen to be called', () => {
    const own = deployment('web', { ports: ['8080', '9000'], env: { API_URL: 'http://api:8080' } }) + service('web', '{port: 8080}', 'type: LoadBalancer') + service('web', '{port: 9000}').replace('name: web,', 'name: admin,');
    expect(whyOf(own + api + db, 'shop/Deployment/web', 'ingress')).toBe('nobody is seen to call port 9000 of Service admin');
  });
});

it('a port that is guessed is marked, and closes nothing but other pairs', () => {
  const front = deployment('web', { ports: ['http:8080'], env: { API_ENDPOINT: 'api' } }) + service('web', '{port: 80, targetPort: http}', 'type: LoadBalancer');
  const back = deployment('api', { ports: ['8080', '9090'], env: { DATABASE_URL: 'postgresql://db:5432/app' } }) + service('api', '{name: a, port: 8080}, {name: b, port: 9090}');
  const { relationships } = inferText(front + back + db);
  expect(relationships.map(({ port, isPortGuessed = false }) => [port, isPortGuessed])).toEqual([[8080, false], [5432, false], [8080, true], [9090, true]]);
  expect(closed(front + back + db)).toEqual(['api in', 'api out', 'web in', 'web out', 'db in']);
});

describe('hints', () => {
  // one ConfigMap that names two Services, read by three workloads: weak
  const shared = `---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared, namespace: shop}\ndata: {API_ADDR: "api:8080", DB_ADDR: "db:5432"}\n`;
  const readers = ['a', 'b', 'c'].map((name) => deployment(name, { env: { API_URL: 'http://api:8080' }, container: 'envFrom: [{configMapRef: {name: shared}}]' })).join('');

  it('are never cut off: what they lead to, and who holds them, is known only together with them', () => {
    const { knowledge } = inferText(shop + shared + readers);
    expect(knowledge.get('shop/StatefulSet/db')?.ingress).toMatchObject({ isKnown: false, isKnownWithWeak: true });
    expect(knowledge.get('shop/Deployment/a')?.egress).toMatchObject({ isKnown: false, isKnownWithWeak: true });
  });
});

describe('a registry', () => {
  const registry = (port: string): string => deployment('names', { kind: 'StatefulSet', ports: [port] }) + service('names', `{port: ${port}}`);
  const env = { DATABASE_URL: 'postgresql://db:5432/app', NAMES: 'names:2181' };
  const clients = deployment('api', { ports: ['8080'], env }) + service('api', '{port: 8080}') + deployment('admin', { ports: ['8080'], env }) + service('admin', '{port: 8080}', 'type: LoadBalancer');

  it('lets its clients find each other, and nobody else', () => {
    expect(closed(web + clients + registry('2181') + db)).toEqual(['web in', 'web out', 'db in', 'names in']);
    expect(whyOf(web + clients + registry('2181') + db, 'shop/Deployment/api', 'ingress')).toContain('may find it in the registry StatefulSet names');
  });

  it('is told by its port or its image', () => {
    const renumbered = clients.replaceAll('2181', '9999');
    expect(closed(web + renumbered + registry('9999') + db)).toContain('api in');
    expect(closed(web + renumbered + registry('9999').replace('registry.example/app', 'registry.example/my-zookeeper:3') + db)).not.toContain('api in');
  });
});

it('who is told not to use a proxy for a server may be calling it', () => {
  const own = deployment('batch', { env: { DATABASE_URL: 'postgresql://db:5432/app', no_proxy: 'api.shop.svc' } });
  expect(whyOf(shop + own, 'shop/Deployment/api', 'ingress')).toContain('Deployment batch is told not to use a proxy for it');
  expect(closed(shop + own)).toContain('db in');
});

describe('a data store', () => {
  const store = (name: string, image: string, replicas = 1): string => deployment(name, { kind: 'StatefulSet', replicas, ports: ['5432'] }).replace('registry.example/app', image) + service(name, '{port: 5432}');

  it.each([
    ['alone of its kind, calls nobody', store('db', 'postgres:17'), true],
    ['whatever of its settings is hidden', store('db', 'postgres:17').replace('env: [', 'envFrom: [{secretRef: {name: absent}}], env: ['), true],
    ['with replicas, may call them', store('db', 'postgres:17', 2), false],
    ['beside another of its kind, may follow that one', store('db', 'postgres:17') + store('copy', 'bitnami/postgresql:17'), false],
    ['of which the image only tells a user, is none', store('db', 'shop/orders-postgres'), false],
    ['that asks others for its data, is none', store('db', 'pgbouncer'), false],
  ])('%s', (_, text, isKnown) => {
    expect(inferText(web + api + text).knowledge.get('shop/StatefulSet/db')?.egress).toMatchObject(isKnown ? { isKnown, isOutsideOpen: true } : { isKnown });
  });

  it('nobody is seen to ask stays open', () => {
    expect(inferText(store('db', 'postgres:17')).knowledge.get('shop/StatefulSet/db')?.egress.isKnown).toBe(false);
  });
});

it('the page of a collector fronts nobody', () => {
  const traces = deployment('traces', { ports: ['16686', '4317'] }) + service('traces', '{name: ui, port: 16686}, {name: in, port: 4317}', 'type: LoadBalancer');
  expect(closed(shop + traces)).toContain('db in');
  expect(closed(shop + traces.replaceAll('16686', '8686'))).not.toContain('db in');
});
