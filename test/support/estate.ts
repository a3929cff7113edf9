/**
 * Manifests of a large, plausible estate, as YAML text: namespaces of some twenty workloads each.
 *
 * Every namespace has an entry behind an Ingress, services told of each other by environment,
 * shared and own ConfigMaps, mounted files, a database and a cache as StatefulSets, workers without
 * a Service, a CronJob, a controller with RBAC, ServiceMonitors and scrape annotations.
 */
export function estate(workloads: number): readonly { readonly file: string; readonly text: string }[] {
  const files: { file: string; text: string }[] = [];
  for (let made = 0, team = 0; made < workloads; team += 1) {
    const count = Math.min(TEAM, workloads - made);
    files.push({ file: `team-${String(team)}.yaml`, text: namespaceText(team, count) });
    made += count;
  }
  return files;
}

const TEAM = 20;

function namespaceText(team: number, count: number): string {
  const namespace = `team-${String(team)}`;
  const documents = [`apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${namespace}\n`, sharedConfig(namespace), edgeIngress(namespace)];
  for (let index = 0; index < count; index += 1) documents.push(...member(namespace, team, index));
  return documents.join('---\n');
}

function member(namespace: string, team: number, index: number): readonly string[] {
  switch (index) {
    case 0:
      return [workload(namespace, 'edge', 'Deployment', { env: { API_URL: 'http://app-3:8080', ASSETS_URL: `http://app-4.${namespace}.svc.cluster.local:8080` } }), service(namespace, 'edge')];
    case 1:
      return [workload(namespace, 'db', 'StatefulSet', { image: 'registry.example/postgres:16', port: 5432, env: { POSTGRES_USER: 'app', POSTGRES_DB: 'app' } }), service(namespace, 'db', 5432)];
    case 2:
      return [workload(namespace, 'cache', 'StatefulSet', { image: 'registry.example/redis:7', port: 6379, env: {} }), service(namespace, 'cache', 6379)];
    case 17:
      return [cronJob(namespace)];
    case 18:
      return [workload(namespace, 'controller', 'Deployment', { env: { LEADER_ELECT: 'true' }, account: 'controller' }), grant(namespace)];
    case 19:
      return [fileConfig(namespace), workload(namespace, 'gateway', 'Deployment', { env: {}, file: 'gateway-files' }), service(namespace, 'gateway')];
    default:
      return index % 5 === 0 ? [workload(namespace, `app-${String(index)}`, 'Deployment', { env: addresses(team, index), isWorker: true })] : application(namespace, team, index);
  }
}

function application(namespace: string, team: number, index: number): readonly string[] {
  const name = `app-${String(index)}`;
  const settings: WorkloadSettings = { env: addresses(team, index), ...(index % 4 === 0 ? { envFrom: 'shared' } : {}), isScraped: index % 3 === 0 };
  return [workload(namespace, name, 'Deployment', settings), service(namespace, name), ...(index % 6 === 0 ? [monitor(namespace, name)] : [])];
}

function addresses(team: number, index: number): Readonly<Record<string, string>> {
  const next = 3 + ((index * 7 + 1) % 13);
  return {
    LOG_LEVEL: 'info',
    DATABASE_URL: 'postgresql://app:$(DB_PASSWORD)@db:5432/app?sslmode=disable',
    REDIS_HOST: 'cache',
    REDIS_PORT: '6379',
    UPSTREAM_ADDR: `app-${String(next % 5 === 0 ? next + 1 : next)}:8080`,
    JAVA_OPTS: '-Xms256m -Xmx512m -Dfile.encoding=UTF-8',
    TRACING_URL: index % 2 === 0 ? 'https://traces.example.com/v1/spans' : `http://gateway.team-${String(Math.max(0, team - 1))}.svc:8080/traces`,
    FEATURE_NAME: `feature-${String(index)}`,
  };
}

interface WorkloadSettings {
  readonly env: Readonly<Record<string, string>>;
  readonly image?: string;
  readonly port?: number;
  readonly envFrom?: string;
  readonly file?: string;
  readonly account?: string;
  readonly isScraped?: boolean;
  readonly isWorker?: boolean;
}

function workload(namespace: string, name: string, kind: string, { env, image = `registry.example/${name}:1.4.2`, port = 8080, envFrom, file, account, isScraped, isWorker }: WorkloadSettings): string {
  const variables = Object.entries(env).map(([key, value]) => `        - name: ${key}\n          value: "${value}"\n`);
  return `apiVersion: apps/v1
kind: ${kind}
metadata:
  name: ${name}
  namespace: ${namespace}
  labels: {app.kubernetes.io/name: ${name}, app.kubernetes.io/part-of: ${namespace}, app.kubernetes.io/version: "1.4.2"}
spec:
  replicas: 2
${kind === 'StatefulSet' ? `  serviceName: ${name}\n` : ''}  selector:
    matchLabels: {app.kubernetes.io/name: ${name}}
  template:
    metadata:
      labels: {app.kubernetes.io/name: ${name}, app.kubernetes.io/part-of: ${namespace}}
${isScraped === true ? `      annotations: {prometheus.io/scrape: "true", prometheus.io/port: "9102"}\n` : ''}    spec:
${account === undefined ? '' : `      serviceAccountName: ${account}\n`}      containers:
      - name: main
        image: ${image}
${isWorker === true ? '' : `        ports:\n        - {name: main, containerPort: ${String(port)}}\n        readinessProbe: {tcpSocket: {port: main}}\n`}${envFrom === undefined ? '' : `        envFrom:\n        - configMapRef: {name: ${envFrom}}\n`}        env:
        - name: DB_PASSWORD
          valueFrom: {secretKeyRef: {name: credentials, key: password}}
${variables.join('')}        resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 256Mi}}
${file === undefined ? '' : `        volumeMounts:\n        - {name: files, mountPath: /etc/app}\n      volumes:\n      - name: files\n        configMap: {name: ${file}}\n`}`;
}

function service(namespace: string, name: string, port = 8080): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: ${name}
  namespace: ${namespace}
  labels: {app.kubernetes.io/name: ${name}}
spec:
  selector: {app.kubernetes.io/name: ${name}}
  ports:
  - {name: main, port: ${String(port)}, targetPort: main}
`;
}

function sharedConfig(namespace: string): string {
  return `apiVersion: v1
kind: ConfigMap
metadata: {name: shared, namespace: ${namespace}}
data:
  CATALOG_ADDR: app-4:8080
  ORDERS_ADDR: app-6:8080
  TIMEOUT: "30"
---
apiVersion: v1
kind: Secret
metadata: {name: credentials, namespace: ${namespace}}
stringData: {password: example}
`;
}

function fileConfig(namespace: string): string {
  const blocks = [3, 4, 6, 7].map((index) => `      location /app-${String(index)}/ {\n        proxy_pass http://app-${String(index)}:8080;\n      }\n`);
  return `apiVersion: v1
kind: ConfigMap
metadata: {name: gateway-files, namespace: ${namespace}}
data:
  nginx.conf: |
    server {
      listen 8080;
${blocks.join('')}    }
  limits.yaml: |
    limits:
      requestsPerSecond: 100
      burst: 20
`;
}

function edgeIngress(namespace: string): string {
  return `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: edge, namespace: ${namespace}}
spec:
  rules:
  - host: ${namespace}.example.com
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: edge, port: {number: 8080}}}}
`;
}

function cronJob(namespace: string): string {
  return `apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: ${namespace}}
spec:
  schedule: "17 3 * * *"
  jobTemplate:
    spec:
      template:
        metadata:
          labels: {app.kubernetes.io/name: report}
        spec:
          restartPolicy: Never
          containers:
          - name: main
            image: registry.example/report:1.4.2
            args: ["--from=postgresql://app@db:5432/app", "--to=http://app-3:8080/reports"]
`;
}

function grant(namespace: string): string {
  return `apiVersion: v1
kind: ServiceAccount
metadata: {name: controller, namespace: ${namespace}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: controller, namespace: ${namespace}}
rules:
- {apiGroups: [""], resources: [pods], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: controller, namespace: ${namespace}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: controller}
subjects:
- {kind: ServiceAccount, name: controller, namespace: ${namespace}}
`;
}

function monitor(namespace: string, name: string): string {
  return `apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  selector:
    matchLabels: {app.kubernetes.io/name: ${name}}
  endpoints:
  - {port: main, interval: 30s}
`;
}
