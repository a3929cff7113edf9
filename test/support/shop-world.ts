import { address, endpointSlice, type GraphFields, namespace, node, relationship, service, workload, type World } from './worlds.ts';

/**
 * A small dual-stack shop with something of everything that policies trip over: two namespaces,
 * named ports, a replicated StatefulSet, a Job beside a Deployment with the same labels, versions
 * that carry one name, host-network pods, an API client, a webhook, scraping, an external host, a
 * service mesh, and a workload of which only the inside of the cluster is known.
 */
const workloads = [
  workload('shop/Deployment/web', { ports: ['http:8080'], replicas: 2, podLabels: { app: 'web', 'pod-template-hash': '5d59d67564', version: '1.4.0' } }),
  workload('shop/Deployment/api', { ports: ['http:8080', 'metrics:9102'], podLabels: { 'app.kubernetes.io/name': 'api', 'app.kubernetes.io/version': '2.0.1', 'helm.sh/chart': 'api-3.1.0' } }),
  workload('shop/CronJob/report', { podLabels: { app: 'web' } }),
  workload('shop/Deployment/reviews-v1', { ports: ['9080'], podLabels: { app: 'reviews', version: 'v1' } }),
  workload('shop/Deployment/reviews-v2', { ports: ['9080'], podLabels: { app: 'reviews', version: 'v2' } }),
  workload('data/StatefulSet/db', { ports: ['pg:5432'], replicas: 2, governingService: 'db', podLabels: { app: 'db', 'statefulset.kubernetes.io/pod-name': 'db-0' } }),
  workload('data/Deployment/statsd', { ports: ['8125/UDP'] }),
  workload('monitoring/StatefulSet/prometheus', { podLabels: { 'app.kubernetes.io/name': 'prometheus' }, containers: [{ ...workload('a/b/c').containers[0]!, image: 'registry.example/prom/prometheus:v3.1.0' }] }),
  workload('monitoring/DaemonSet/agent', { ports: ['9100'], hostNetwork: true }),
  workload('mesh/Deployment/ledger', { ports: ['grpc:7000'] }),
  workload('guard/Deployment/admission', { ports: ['https:9443'] }),
];

const worldFields: World = {
  workloads,
  namespaces: [namespace('shop'), namespace('data'), namespace('mesh', { 'istio.io/dataplane-mode': 'ambient' })],
  nodes: [node('node-1', ['192.0.2.11', '2001:db8:a::11'])],
  services: [
    service('data/db', { headless: true, selector: { app: 'db' }, ports: [{ port: 5432 }] }),
    service('kube-system/kube-dns', { clusterAddresses: [address('198.51.100.10'), address('2001:db8:5::a')], ports: [{ port: 53, protocol: 'UDP' }] }),
  ],
  endpointSlices: [endpointSlice('default/kubernetes', ['192.0.2.10', '2001:db8:a::10'], ['https:6443'])],
};

const graphFields: GraphFields = {
  relationships: [
    relationship('ingress-controller', 'shop/Deployment/web', 8080),
    relationship('shop/Deployment/web', 'shop/Deployment/api', 8080, { application: 'http' }),
    relationship('shop/Deployment/web', 'shop/Deployment/reviews-v1', 9080),
    relationship('shop/CronJob/report', 'data/StatefulSet/db', 5432, { application: 'postgresql' }),
    relationship('shop/Deployment/api', 'data/StatefulSet/db', 5432, { application: 'postgresql' }),
    relationship('shop/Deployment/api', 'data/Deployment/statsd', 8125, { protocol: 'UDP' }),
    relationship('shop/Deployment/api', 'internet', 443, { host: 'api.psp.example.net' }),
    relationship('shop/Deployment/api', 'mesh/Deployment/ledger', 7000),
    relationship('prometheus', 'shop/Deployment/api', 9102),
    relationship('monitoring/StatefulSet/prometheus', 'monitoring/DaemonSet/agent', 9100),
    relationship('monitoring/StatefulSet/prometheus', 'shop/Deployment/api', 9102),
    relationship('guard/Deployment/admission', 'kube-apiserver', 443),
    relationship('kube-apiserver', 'guard/Deployment/admission', 9443),
  ],
  unknown: ['shop/Deployment/reviews-v2 egress'],
  outsideOpen: ['shop/Deployment/web'],
};

export const shop = { world: worldFields, graph: graphFields };
