import { inferGraph } from '#graph';
import { snapshotOf } from '#inventory';
import { graphPeerKey, type ServiceGraph, type SourceUpdate } from '#model';
import { readManifests } from '#sources/kubernetes';

/** The graph of manifests written out in a test. Objects that name no namespace are in `shop`. */
export function inferText(text: string): ServiceGraph {
  const { manifests } = readManifests(text, 'test.yaml', { defaultNamespace: 'shop' });
  return inferGraph(snapshotOf(manifests.map((value): SourceUpdate => ({ source: 'test', key: `${value.objectKind}/${value.namespace}/${value.name}`, value }))));
}

/** Relationships as `shop/Deployment/web -> shop/StatefulSet/db 5432/TCP`; weak ones end in ` weak`. */
export function edgesOf(graph: ServiceGraph): readonly string[] {
  return graph.relationships.map(({ from, to, port, protocol, tier }) => `${graphPeerKey(from)} -> ${graphPeerKey(to)} ${String(port)}/${protocol}${tier === 'weak' ? ' weak' : ''}`);
}

export interface DeploymentText {
  readonly kind?: string;
  readonly namespace?: string;
  readonly replicas?: number;
  /** Ports as `http:8080`, or a number. */
  readonly ports?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Further lines of the pod's `spec`, and of the template's annotations, as flow YAML. */
  readonly podSpec?: string;
  readonly annotations?: string;
  /** Further keys of the container, as flow YAML without braces. */
  readonly container?: string;
}

/** A Deployment (or its like) labelled `app: <name>`, for a stream of documents. */
export function deployment(name: string, { kind = 'Deployment', namespace = 'shop', replicas = 1, ports = [], env = {}, podSpec = '', annotations = '', container = '' }: DeploymentText = {}): string {
  const variables = Object.entries(env).map(([key, value]) => `{name: ${key}, value: ${JSON.stringify(value)}}`);
  return `---
apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  replicas: ${String(replicas)}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}, annotations: {${annotations}}}
    spec:
      ${podSpec}
      containers:
      - {name: main, image: registry.example/app, ports: [${ports.map(portText).join(', ')}], env: [${variables.join(', ')}]${container === '' ? '' : `, ${container}`}}
`;
}

function portText(text: string): string {
  const [left = '', right] = text.split(':');
  return right === undefined ? `{containerPort: ${left}}` : `{name: ${left}, containerPort: ${right}}`;
}

/** A Service that selects `app: <name>`; `fields` are further keys of its `spec`, as flow YAML without braces. */
export function service(name: string, ports: string, fields = '', namespace = 'shop', annotations = ''): string {
  return `---
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}, labels: {app: ${name}}, annotations: {${annotations}}}
spec: {selector: {app: ${name}}, ports: [${ports}]${fields === '' ? '' : `, ${fields}`}}
`;
}
