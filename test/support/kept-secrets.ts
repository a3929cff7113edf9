import { Writable } from 'node:stream';

import type { FlowReport, SourceUpdate, WorkloadRef } from '#model';
import type { Store } from '#store';

import { createLog } from '../../apps/controller/src/operator/log.ts';
import { createOperatorApp } from '../../apps/controller/src/operator/operator-app.ts';
import { webToDatabase } from './database-report.ts';
import { approve, type ControllerWorld, waitFor } from './controller-world.ts';
import { manifest, wireNamespace, wireNode, wirePod } from './wire-objects.ts';

/** No text of anybody's holds it by chance. */
export const MARKER = 'Zq7wXn4kVt9sBm2r';

const K = 'kubernetes';
const db: WorkloadRef = { namespace: 'shop', kind: 'Deployment', name: 'db' };
const MINUTE = 60_000;
const encoded = (text: string): string => Buffer.from(text).toString('base64');
const url = `postgres://shop:${MARKER}@db:5432/shop?password=${MARKER}`;

/** A cluster that holds the marker wherever people put passwords. */
export function secretiveCluster(): readonly SourceUpdate[] {
  const annotations = { 'example.com/token': MARKER, 'prometheus.io/scrape': 'true', 'prometheus.io/path': `/metrics?token=${MARKER}` };
  return [
    wireNamespace(K, 'shop'),
    wireNode(K, 'n1', 1),
    manifest(K, 'v1', 'Secret', 'shop', 'db', { type: 'Opaque', data: { url: encoded(url), password: encoded(MARKER), 'config.yaml': encoded(`db: {url: "${url}", password: ${MARKER}}`) } }),
    manifest(K, 'v1', 'ConfigMap', 'shop', 'web', { data: { 'app.properties': `spring.datasource.url=${url}\npassword=${MARKER}`, DATABASE_URL: url, BROKEN_URL: `postgres://shop:${MARKER}@` } }),
    deployment('web', 8080, annotations, {
      env: [
        { name: 'DATABASE_URL', value: url },
        { name: 'DB_PASSWORD', value: MARKER },
        { name: 'BROKEN', value: `amqp://u:${MARKER}@[not-a-host` },
        { name: 'NOWHERE_URL', value: `https://user:${MARKER}@nowhere.example:99999/x` },
        { name: 'SECRET_URL', valueFrom: { secretKeyRef: { name: 'db', key: 'url' } } },
      ],
      envFrom: [{ secretRef: { name: 'db' } }, { configMapRef: { name: 'web' } }],
      command: ['/bin/web', `--dsn=${url}`],
      args: [`--password=${MARKER}`, `redis://:${MARKER}@cache:6379/0`],
      volumeMounts: [{ name: 'secret', mountPath: '/etc/secret' }, { name: 'config', mountPath: '/etc/config' }],
    }),
    deployment('db', 5432, annotations, { env: [{ name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }] }),
    manifest(K, 'v1', 'Service', 'shop', 'db', { spec: { selector: { app: 'db' }, clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7', '2001:db8:96::7'], ports: [{ port: 5432, protocol: 'TCP', targetPort: 5432 }] } }),
    wirePod(K, 'shop', 'web', 'a', { node: 'n1', nodeAt: 1, at: 2 }, [8080]),
    wirePod(K, 'shop', 'db', 'a', { node: 'n1', nodeAt: 1, at: 3 }, [5432]),
  ];
}

/** Watches, approves, asks everything there is to ask, and gives every text that left the controller: answers and its log. */
export async function everythingTold(world: ControllerWorld, store: Store): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  let logged = '';
  const log = createLog(new Writable({ write: (chunk: Buffer, _encoding, done) => { logged += chunk.toString(); done(); } }));
  log.level = 'trace';
  const { controller, port } = await world.start({ store, log });
  const enforcer = await world.enforcer('n1', port);
  world.tell(controller, secretiveCluster());
  const now = Date.now();
  for (let at = 30; at > 0; at -= 1) await controller.report(report(now - at * MINUTE));
  await waitFor(controller, () => controller.operator.flows({}, { limit: 1 }), ({ items }) => items.length > 0, 'what was seen');
  const approved = await approve(controller, db);
  await waitFor(controller, () => controller.nodes.views(), (views) => views.some(({ realisation }) => realisation.kind === 'realised' && realisation.revision === 1), 'the revision on the node');
  const app = await createOperatorApp(controller.operator, { version: '0.0.0', port: 0, log });
  const [base = ''] = await app.listen();
  for (const path of QUESTIONS) {
    const answer = await fetch(`${base}${path}`);
    texts.set(`${path} ${String(answer.status)}`, await answer.text());
  }
  const simulated = await fetch(`${base}/api/v1/simulate`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ what: { kind: 'proposals', workloads: [{ namespace: 'shop', kind: 'Deployment', name: 'web' }] } }) });
  texts.set(`/api/v1/simulate ${String(simulated.status)}`, await simulated.text());
  texts.set('approval', JSON.stringify(approved));
  texts.set('sent to the node', JSON.stringify(enforcer.taken, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));
  await app.close();
  await world.stop(controller);
  texts.set('log', logged);
  return texts;
}

const QUESTIONS = [
  '/api/v1/status',
  '/api/v1/graph',
  '/api/v1/flows?limit=100',
  '/api/v1/proposals?limit=100',
  '/api/v1/proposals/shop/Deployment/db',
  '/api/v1/proposals/shop/Deployment/web',
  '/api/v1/revisions?limit=10',
  '/api/v1/revisions/1',
  '/api/v1/nodes',
  '/api/v1/modes',
  '/api/v1/journal?after=0&limit=100',
  '/api/v1/why?from=shop/Deployment/web&to=shop/Deployment/db&port=5432',
  '/api/v1/diff?before=0&after=1',
  '/metrics',
  '/openapi.json',
  '/readyz',
];

function deployment(name: string, port: number, annotations: Readonly<Record<string, string>>, container: object): SourceUpdate {
  const labels = { app: name };
  const volumes = [{ name: 'secret', secret: { secretName: 'db' } }, { name: 'config', configMap: { name: 'web' } }];
  const containers = [{ name: 'main', image: `registry.example/${name}:1`, ports: [{ containerPort: port, protocol: 'TCP' }], ...container }];
  const update = manifest(K, 'apps/v1', 'Deployment', 'shop', name, { spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels, annotations }, spec: { containers, volumes } } } }, labels);
  if (update.value?.kind !== 'manifest') return update;
  const { body } = update.value;
  return { ...update, value: { ...update.value, body: { ...body, metadata: { name, namespace: 'shop', labels, annotations } } } };
}

function report(from: number): FlowReport {
  return webToDatabase(from, from + MINUTE - 1_000);
}
