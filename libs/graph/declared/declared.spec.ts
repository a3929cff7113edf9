import { describe, expect, it } from '@jest/globals';
import { snapshotOf } from '#inventory';
import { type GraphPeer, type Snapshot } from '#model';
import { readManifests } from '#sources/kubernetes';

import { readDeclared } from './declared.ts';

const SECRET = 'c3VwZXItc2VjcmV0';

function snapshot(text: string): Snapshot {
  const { manifests } = readManifests(text, 'app.yaml');
  return snapshotOf(manifests.map((value) => ({ source: 'test', key: `${value.objectKind}/${value.namespace}/${value.name}`, value })));
}

function nameOf(peer: GraphPeer): string {
  return typeof peer === 'string' ? peer : peer.name;
}

/** `client -> server port/protocol`, with `?` where it is weak. */
function edges(text: string): readonly string[] {
  return readDeclared(snapshot(text)).relationships.map(({ from, to, port, protocol, tier, host }) => `${nameOf(from)} -> ${host ?? nameOf(to)} ${String(port)}/${protocol}${tier === 'weak' ? '?' : ''}`);
}

interface App {
  readonly kind?: string;
  readonly replicas?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly more?: string;
  readonly ports?: string;
  readonly image?: string;
}

function app(name: string, { kind = 'Deployment', replicas = 1, env = {}, more = '', ports = '[{containerPort: 8080}]', image = 'example/app' }: App = {}): string {
  const variables = Object.entries(env).map(([key, value]) => `{name: ${key}, value: ${JSON.stringify(value)}}`);
  return `
apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}, namespace: shop}
spec:
  ${kind === 'DaemonSet' ? '' : `replicas: ${String(replicas)}`}
  ${kind === 'StatefulSet' ? `serviceName: ${name}` : ''}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      containers:
      - {name: main, image: ${image}, ports: ${ports}, env: [${variables.join(', ')}]${more}}
---`;
}

function service(name: string, ports = '[{port: 80, targetPort: 8080}]', more = ''): string {
  return `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: shop}
spec: {selector: {app: ${name}}, ports: ${ports}${more}}
---`;
}

function config(name: string, data: Readonly<Record<string, string>>, kind = 'ConfigMap'): string {
  return `
apiVersion: v1
kind: ${kind}
metadata: {name: ${name}, namespace: shop}
${kind === 'Secret' ? 'stringData' : 'data'}: ${JSON.stringify(data)}
---`;
}

const API = app('api') + service('api');

describe('where a name leads', () => {
  it.each([
    ['the Service of the namespace', 'http://api/v1'],
    ['name.namespace', 'http://api.shop'],
    ['name.namespace.svc', 'http://api.shop.svc'],
    ['any cluster domain', 'http://api.shop.svc.corp.example.com:80'],
  ])('%s', (_reason, value) => {
    expect(edges(API + app('web', { env: { API_URL: value } }))).toEqual(['web -> api 8080/TCP']);
  });

  it('to each workload a Service selects', () => {
    const canary = app('api-canary').replaceAll('{app: api-canary}', '{app: api}');
    expect(edges(API + canary + app('web', { env: { API_URL: 'http://api' } }))).toEqual(['web -> api 8080/TCP', 'web -> api-canary 8080/TCP']);
  });

  it('to nobody without a selector, and never to all', () => {
    const bare = service('api').replace('selector: {app: api}, ', '');
    const { relationships, unresolved } = readDeclared(snapshot(app('api') + bare + app('web', { env: { API_URL: 'http://api' } })));
    expect(relationships).toEqual([]);
    expect(unresolved.map(({ text }) => text)).toEqual(['api']);
  });

  it('to the outside behind an ExternalName', () => {
    const external = 'apiVersion: v1\nkind: Service\nmetadata: {name: mail, namespace: shop}\nspec: {type: ExternalName, externalName: smtp.example.org}\n---';
    expect(edges(external + app('web', { env: { MAIL_HOST: 'mail', MAIL_PORT: '587' } }))).toEqual(['web -> smtp.example.org 587/TCP']);
  });

  it('to the API server', () => {
    expect(edges(app('web', { env: { API: 'https://kubernetes.default.svc' } }))).toEqual(['web -> kube-apiserver 443/TCP']);
  });

  it('to nothing where nothing has the name, which is reported', () => {
    const { relationships, unresolved } = readDeclared(snapshot(app('web', { env: { TAX_ADDR: 'tax:8080', ZIPKIN_URL: 'http://zipkin.jaeger.svc.cluster.local:9411' } })));
    expect(relationships).toEqual([]);
    expect(unresolved.map(({ text, port }) => `${text} ${String(port)}`)).toEqual(['tax 8080', 'zipkin.jaeger.svc.cluster.local 9411']);
  });

  it('is a guess where the namespace is not in the input', () => {
    expect(edges(API + app('web', { env: { API_URL: 'http://api.production.svc' } }))).toEqual(['web -> api 8080/TCP?']);
  });
});

describe('the port of the pod', () => {
  const two = '[{name: http, port: 80, targetPort: web}, {name: metrics, port: 9090, targetPort: 9090}]';
  const named = '[{name: web, containerPort: 3000}, {containerPort: 9090}]';
  it.each([
    ['translated from the number', 'http://api:80', two, 'api 3000/TCP'],
    ['by the URL scheme', 'http://api', two, 'api 3000/TCP'],
    ['the only one', 'api', '[{port: 80, targetPort: web}]', 'api 3000/TCP'],
    ['by the name of an SRV record', '_metrics._tcp.api.shop.svc', two, 'api 9090/TCP'],
    ['a metrics port is not meant', 'api', two, 'api 3000/TCP'],
    ['wrong in the manifest, but the pod has it', 'http://api:3000', two, 'api 3000/TCP'],
    ['wrong in the manifest, and the Service has one', 'http://api:81', '[{port: 80, targetPort: web}]', 'api 3000/TCP'],
    ['both protocols', 'api:53', '[{name: a, port: 53, protocol: UDP, targetPort: 5353}, {name: b, port: 53, protocol: TCP, targetPort: 5353}]', 'api 5353/TCP,api 5353/UDP'],
  ])('%s', (_reason, value, ports, expected) => {
    const text = app('api', { ports: named }) + service('api', ports) + app('web', { env: { API_HOST: value } });
    expect(edges(text).join()).toBe(expected.split(',').map((each) => `web -> ${each}`).join());
  });

  it('is the product\'s where the Service has it', () => {
    const redis = app('cache', { image: 'docker.io/bitnami/redis:7', ports: '[{containerPort: 6379}, {containerPort: 26379}]' }) + service('cache', '[{name: a, port: 6379}, {name: b, port: 26379}]');
    expect(edges(redis + app('web', { env: { CACHE_HOST: 'cache' } }))).toEqual(['web -> cache 6379/TCP']);
  });

  it('is every one, with a word about it, where nothing tells', () => {
    const text = app('api') + service('api', '[{name: a, port: 1000}, {name: b, port: 2000}]') + app('web', { env: { API_HOST: 'api' } });
    const { relationships, diagnostics } = readDeclared(snapshot(text));
    expect(relationships.map(({ port }) => port)).toEqual([1000, 2000]);
    expect(diagnostics.map(({ code }) => code)).toEqual(['port-unclear']);
  });

  it('is what another mention or another client says', () => {
    const text = app('api') + service('api', '[{name: a, port: 1000}, {name: b, port: 2000}]') + app('web', { env: { API_HOST: 'api', API_URL: 'http://api:2000' } }) + app('job', { env: { API_HOST: 'api' } });
    expect(edges(text)).toEqual(['job -> api 2000/TCP', 'web -> api 2000/TCP']);
  });
});

it('a bare name of two words is the Service called so', () => {
  const server = app('java-gateway') + service('java-gateway');
  expect(edges(server + app('web', { env: { GATE: 'java-gateway' } }))).toEqual(['web -> java-gateway 8080/TCP']);
  expect(edges(server + app('web', { env: { GATE_NAME: 'java-gateway' } }))).toEqual([]);
});

describe('a workload\'s own address', () => {
  it.each([
    ['is no edge', app('api', { replicas: 2, env: { BASE_URL: 'http://api' } }) + service('api'), []],
    ['is no edge in the only replica of a database', app('db', { kind: 'StatefulSet', env: { URL: 'postgres://db:5432/x' } }) + service('db', '[{port: 5432}]'), []],
    ['is one between the replicas of a StatefulSet', app('db', { kind: 'StatefulSet', replicas: 3, env: { PEERS: 'db-0.db:7946,db-1.db:7946' } }) + service('db', '[{port: 7946}]', ', clusterIP: None'), ['db -> db 7946/TCP']],
    ['is one between the pods of a DaemonSet', app('agent', { kind: 'DaemonSet', env: { JOIN: 'agent:7946' } }) + service('agent', '[{port: 7946}]', ', clusterIP: None'), ['agent -> agent 7946/TCP']],
    ['is one where replicas advertise themselves', app('db', { kind: 'StatefulSet', replicas: 3, env: { ADVERTISED_LISTENERS: 'PLAINTEXT://db-0.db:9092' } }) + service('db', '[{port: 9092}]', ', clusterIP: None'), ['db -> db 9092/TCP']],
    ['is one in a list of members, though there is only one yet', app('db', { kind: 'StatefulSet', env: { JOIN_MEMBERS: 'db.shop.svc:7946' } }) + service('db', '[{port: 7946}]', ', clusterIP: None'), ['db -> db 7946/TCP']],
    ['is none for one replica elsewhere', app('db', { kind: 'StatefulSet', env: { DB_URL: 'mysql://db:3306' } }) + service('db', '[{port: 3306}]', ', clusterIP: None'), []],
    ['is none where it says whom others call', app('api', { replicas: 2, env: { ADVERTISE_URL: 'http://api' } }) + service('api'), []],
  ])('%s', (_reason, text, expected) => {
    expect(edges(text)).toEqual(expected);
  });
});

describe('what is no address', () => {
  it.each([
    ['NO_PROXY', { NO_PROXY: 'api,api.shop.svc,api:80' }],
    ['a database called like a Service', { DB_NAME: 'api', POSTGRES_USER: 'api' }],
    ['a telemetry name', { OTEL_SERVICE_NAME: 'api' }],
    ['a TLS name', { TLS_SERVER_NAME: 'api.shop.svc' }],
    ['a regex', { ALLOWED: '^(api|web)\\.shop\\.svc$' }],
    ['a topic', { TOPIC: 'api' }],
    ['a service-link variable', { API_SERVICE_HOST: '10.0.0.1', API_PORT: 'tcp://10.0.0.1:80' }],
    ['a feature that is off', { API_URL: 'http://api', API_ENABLED: 'false' }],
    ['an image', { SIDECAR_IMAGE: 'api:80' }],
  ])('%s', (_reason, env) => {
    expect(edges(API + app('web', { env: env as unknown as Readonly<Record<string, string>> }))).toEqual([]);
  });

  it.each([
    ['an address for the browser', { NEXT_PUBLIC_API_URL: 'http://api' }],
    ['a bare name under a setting that promises none', { INVENTORY_BACKEND: 'api' }],
    ['a number that is no port of the Service', { SOMETHING: 'api:12345' }],
  ])('%s is a hint at most', (_reason, env) => {
    expect(edges(API + app('web', { env: env as unknown as Readonly<Record<string, string>> })).every((edge) => edge.endsWith('?'))).toBe(true);
  });
});

describe('options in a variable', () => {
  it('are read like a command line', () => {
    expect(edges(API + app('web', { env: { JAVA_OPTS: '-Xmx64m -Dapi.host=api -Dapi.port=80' } }))).toEqual(['web -> api 8080/TCP']);
  });
});

describe('texts from elsewhere', () => {
  const mounted = ', volumeMounts: [{name: c, mountPath: /etc/app}]}\n      volumes: [{name: c, configMap: {name: settings}}]';
  const withFile = (name: string): string => app(name).replace('env: []}', `env: []${mounted}`);
  const b = app('b') + service('b');

  it('are read: ConfigMaps as environment, by key and as files, Secrets, init containers', () => {
    const env = app('one').replace('env: []', 'env: [], envFrom: [{prefix: X_, configMapRef: {name: settings}}]');
    const key = app('two').replace('env: []', 'env: [{name: A, valueFrom: {secretKeyRef: {name: login, key: url}}}]');
    const text = API + config('settings', { 'API_URL': 'http://api' }) + config('login', { url: `http://user:${SECRET}@api` }, 'Secret') + env + key + withFile('three');
    expect(edges(text)).toEqual(['one -> api 8080/TCP', 'three -> api 8080/TCP', 'two -> api 8080/TCP']);
  });

  it('are hints where three workloads read a book of several Services', () => {
    const text = API + b + config('settings', { 'app.yaml': 'a: http://api\nb: http://b\n' }) + ['one', 'two', 'three'].map(withFile).join('');
    expect(edges(text).every((edge) => edge.endsWith('?'))).toBe(true);
    expect(edges(text)).toHaveLength(6);
  });

  it('are strong where the book names one Service only', () => {
    const text = API + config('settings', { 'app.yaml': 'a: http://api\n' }) + ['one', 'two', 'three'].map(withFile).join('');
    expect(edges(text)).toEqual(['one -> api 8080/TCP', 'three -> api 8080/TCP', 'two -> api 8080/TCP']);
  });

  it('are hints for a reader the book names itself', () => {
    const text = API + b + config('settings', { 'app.yaml': 'a: http://api\nb: http://b\n' }) + withFile('one') + app('b').replace('env: []}', `env: []${mounted}`);
    expect(edges(text)).toEqual(['b -> api 8080/TCP?', 'one -> api 8080/TCP', 'one -> b 8080/TCP']);
  });

  it('never show a secret', () => {
    const key = app('two').replace('env: []', 'env: [{name: A_URL, valueFrom: {secretKeyRef: {name: login, key: url}}}, {name: B_URL, valueFrom: {secretKeyRef: {name: login, key: gone}}}, {name: C, value: "http://$(A_URL)-x"}]');
    const text = API + config('login', { url: `http://user:${SECRET}@api/${SECRET}`, gone: `http://${SECRET}.internal:99` }, 'Secret') + key;
    const shown = JSON.stringify(readDeclared(snapshot(text))).toLowerCase();
    expect(shown).toContain('login');
    expect(shown).not.toContain(SECRET.toLowerCase());
  });

  it('name Services by the variables Kubernetes sets for them', () => {
    expect(edges(API + app('web', { env: { URL: 'http://$(API_SERVICE_HOST):$(API_SERVICE_PORT)/' } }))).toEqual(['web -> api 8080/TCP']);
  });
});

describe('replicas of a product that clusters', () => {
  it('are a hint without an address', () => {
    expect(edges(app('mq', { kind: 'StatefulSet', replicas: 3, image: 'rabbitmq:3' }))).toEqual(['mq -> mq 4369/TCP?', 'mq -> mq 25672/TCP?']);
    expect(edges(app('mq', { kind: 'StatefulSet', image: 'rabbitmq:3' }))).toEqual([]);
  });
});

describe('the node\'s own port', () => {
  it('leads to the agent that listens there', () => {
    const agent = app('agent', { kind: 'DaemonSet', ports: '[{containerPort: 8125, hostPort: 8125, protocol: UDP}]' });
    const web = app('web', { env: { STATSD_PORT: '8125' } }).replace('env: [', 'env: [{name: STATSD_HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}, ');
    expect(edges(agent + web)).toEqual(['web -> agent 8125/UDP']);
  });
});

describe('hints by habit', () => {
  it('a store named after its client, and never more than a hint', () => {
    expect(edges(app('carts') + app('carts-db', { image: 'mongo' }) + service('carts-db', '[{port: 27017}]'))).toEqual(['carts -> carts-db 27017/TCP?']);
  });
});

describe('a book of everybody', () => {
  it('is left out where it would hint everybody to talk to everybody, and said so', () => {
    const names = Array.from({ length: 110 }, (_, index) => `w${String(index)}`);
    const text = config('all', Object.fromEntries(names.map((name) => [`${name.toUpperCase()}_URL`, `http://${name}`]))) + names.map((name) => app(name).replace('env: []', 'env: [], envFrom: [{configMapRef: {name: all}}]') + service(name)).join('');
    const { relationships, diagnostics } = readDeclared(snapshot(text));
    expect(relationships).toEqual([]);
    expect(diagnostics.map(({ code, subject }) => `${code} ${subject}`)).toEqual(['address-book-too-wide ConfigMap shop/all']);
  });
});

describe('the answer', () => {
  it('does not depend on the order of the objects', () => {
    const parts = [API, app('web', { env: { API_URL: 'http://api', DB_HOST: 'gone' } }), app('b', { env: { API_ADDR: 'api:80' } })];
    const [there, back] = [parts, [...parts].reverse()].map((list) => JSON.stringify(readDeclared(snapshot(list.join('')))).replaceAll(/app.yaml:\d+|"line":\d+/g, ''));
    expect(there).toBe(back);
  });

  it('shows hostile names as plain text', () => {
    const text = app('web', { env: { X: 'y' } }).replace('env: [', 'env: [{name: "A\\u001b[31m\\nB_URL", value: "http://api"}, ') + API;
    const [edge] = readDeclared(snapshot(text)).relationships;
    expect(edge?.evidence[0]?.text).toBe('env A?[31m?B_URL names Service shop/api, which leads to Deployment shop/api port 8080/TCP');
    expect(JSON.stringify(edge)).not.toMatch(/\\u001b|\\n/);
  });

  it('survives names that are properties of every object', () => {
    expect(edges(config('__proto__x', { constructor: 'http://toString' }) + app('web', { env: { __proto__: 'x', A_URL: 'http://constructor', B_URL: 'http://hasOwnProperty:80' } }))).toEqual([]);
  });
});
