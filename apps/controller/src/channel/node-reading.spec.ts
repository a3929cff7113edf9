import { describe, expect, it } from '@jest/globals';

import { writePlain } from '#distribution';
import { type ComposeFacts, type Container, type EngineContainer, type EngineHost, type FlowLoss, type FlowReport, type Node, type ObservedEnd, type ObservedFlow, parseAddress, type Pod, type PodInterface, type Workload } from '#model';

import { readFlowReport } from './flow-report-reading.ts';
import { readNodeMetadata } from './node-metadata-reading.ts';

// `Required`: a field that is added to the model has to be read here too, or this does not compile

const end: Required<ObservedEnd> = { address: '2001:db8::1', pod: 'shop/web', names: ['web.example.com'] };
const flow: Required<ObservedFlow> = {
  client: end,
  server: { address: '10.0.0.1' },
  service: { address: '10.96.0.1', port: 80 },
  protocol: 'TCP',
  port: 8080,
  verdict: 'would-be-denied',
  egressRule: 3,
  ingressRule: 4,
  profile: 'i_web_1',
  connections: 5,
  alive: 1,
  ended: 2,
  replied: 2,
  sentBytes: 10,
  receivedBytes: 20,
  sentPackets: 1,
  receivedPackets: 2,
  longestMs: 1.5,
  applications: [{ protocol: 'http', connections: 2 }],
  processes: [{ end: 'client', name: 'curl', connections: 2 }],
};
const loss: Required<FlowLoss> = { connectionEvents: 1, logRecords: 2, resyncs: 3, unreadable: 4, sampledOut: 1 };
const report: Required<FlowReport> = { reporter: 'n1', from: 1_000, to: 2_000, flows: [flow], loss, overflowed: [{ pod: 'shop/db', connections: 9 }], foreign: 7 };

const origin = { file: 'docker:n1/web', line: 1 };
const address = parseAddress('172.18.0.2')!;
const ref = { namespace: 'shop', kind: 'ComposeService', name: 'web' };
const podInterface: Required<PodInterface> = { network: 'shop_default', bridge: 'br-1', mac: '02:42:ac:12:00:02', addresses: [address] };
const pod: Required<Pod> = { namespace: 'shop', name: 'web-1', labels: { app: 'web', '@': '10.0.0.1' }, node: 'n1', hostNetwork: false, addresses: [address, parseAddress('fd00::2')!], ports: [{ name: 'http', port: 80, protocol: 'TCP' }], workload: ref, phase: 'running', startedAt: 5, isExample: false, interfaces: [podInterface], process: 77, origin };
const container: Required<Container> = {
  name: 'web', role: 'main', image: 'nginx', command: ['a'], args: ['b'],
  env: [{ name: 'DB', value: 'db:5432', origin }, { name: 'KEY', from: { kind: 'secret', name: 's', key: 'k' }, origin }],
  envFrom: [{ kind: 'configMap', name: 'c', prefix: '' }],
  ports: [{ name: 'http', port: 80, protocol: 'TCP', hostPort: 8080 }],
  mounts: [{ path: '/etc', source: { kind: 'files', object: 'x', files: [{ path: '/etc/x', text: 't', secret: false, origin }] } }],
  probes: [{ port: 'http', protocol: 'TCP' }], origin,
};
const compose: Required<ComposeFacts> = {
  dependsOn: ['db'], startsAfter: ['migrate'], links: ['db'], networks: ['default'], published: [{ target: 80, protocol: 'TCP', hostAddress: '127.0.0.1', hostPort: 8080 }], profiles: ['p'], addresses: [address],
  linkAliases: [{ alias: 'database', service: 'db' }], extraHosts: [{ name: 'h', address: 'host-gateway' }], networkOf: 'web', build: '.', isKeptRunning: true, unreadEnvFiles: ['.env'],
};
const workload: Required<Workload> = {
  ref, platform: 'compose', replicas: 1, podLabels: {}, selector: { requirements: [{ key: 'app', operator: 'In', values: ['web'] }] }, podAnnotations: {}, labels: {}, annotations: {}, serviceAccount: '', tokenMounted: false,
  hostNetwork: false, containers: [container], governingService: 'g', schedule: '* * * * *', timeZone: 'UTC', isSuspended: true, isFamily: true, compose, origin,
};
const value: Required<EngineContainer> = { kind: 'container', pod, workload, networks: [{ network: 'x', names: ['web'] }], diagnostics: [{ code: 'c', severity: 'info', subject: 's', message: 'm', hint: 'h', origin }] };
const node: Required<Node> = { name: 'n1', labels: { a: 'b' }, addresses: [address], podCidrs: ['172.18.0.0/16'], bridges: [{ network: 'x', interface: 'br-1', blocks: ['172.18.0.0/16'] }], filtersBridges: { v4: true, v6: false }, isExample: false };
const host: Required<EngineHost> = { kind: 'container-host', node, diagnostics: [] };

function metadata(updates: readonly unknown[]): string {
  return writePlain({ isFirst: false, updates, inSync: [] });
}

describe('what a node says', () => {
  it('is taken in whole: flows', () => {
    expect(readFlowReport(JSON.stringify(report), 'n1', 3_000)).toEqual({ kind: 'report', report });
  });

  it('is taken in whole: containers and the host', () => {
    const updates = [{ source: 'docker:n1', key: 'a', value }, { source: 'docker:n1', key: 'host', value: host }, { source: 'host:n1', key: 'gone' }];
    const reading = readNodeMetadata(metadata(updates), 'n1');
    expect(reading).toEqual({ kind: 'metadata', metadata: { isFirst: false, updates, inSync: [] }, leftOut: 0, why: '' });
  });

  it.each<[string, unknown, string]>([
    ['a pod of another node', { ...value, pod: { ...pod, node: 'n2' } }, 'about node "n2"'],
    ['a program whose name is a path', { ...value, workload: { ...workload, ref: { ...ref, name: 'x/../Unit/nginx.service' } } }, 'an update is none'],
    ['a program whose name changes what people read', { ...value, workload: { ...workload, ref: { ...ref, name: 'nginx\u202e' } } }, 'an update is none'],
    ['a pod with a line in its name', { ...value, pod: { ...pod, name: 'web\nweb' } }, 'an update is none'],
    ['a workload of a cluster', { ...value, workload: { ...workload, platform: 'kubernetes' } }, 'an update is none'],
    ['an object of a cluster', { kind: 'manifest', apiVersion: 'v1', objectKind: 'Pod', namespace: 'shop', name: 'web', body: {}, origin }, 'an update is none'],
    ['an address that is none', { ...value, pod: { ...pod, addresses: ['10.0.0.1'] } }, 'an update is none'],
  ])('is left out where it is %s', (_what, wrong, why) => {
    const right = { source: 'docker:n1', key: 'host', value: host };
    const reading = readNodeMetadata(metadata([{ source: 'docker:n1', key: 'a', value: wrong }, right]), 'n1');
    expect(reading).toMatchObject({ kind: 'metadata', metadata: { updates: [right] }, leftOut: 1, why: expect.stringContaining(why) });
  });

  it('is of the sources an enforcer has, and no others', () => {
    const names = ['docker:n1', 'host:n1', 'docker:n2', 'kubernetes:n1', 'x:n1', 'docker:', 'kubernetes'];
    const text = writePlain({ isFirst: false, updates: names.map((source) => ({ source, key: 'host', value: host })), inSync: names });
    const reading = readNodeMetadata(text, 'n1');
    const updates = ['docker:n1', 'host:n1'].map((source) => ({ source, key: 'host', value: host }));
    expect(reading).toMatchObject({ kind: 'metadata', metadata: { updates, inSync: ['docker:n1', 'host:n1'] }, leftOut: 10 });
  });

  it.each(['{', '[]', '{"isFirst":1,"updates":[],"inSync":[]}'])('is refused where it is %s', (text) => {
    expect(readNodeMetadata(text, 'n1')).toEqual({ kind: 'refused', why: 'it is no batch of updates' });
  });
});
