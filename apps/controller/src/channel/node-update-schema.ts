import { z } from 'zod';

import type { EngineContainer, EngineHost } from '#model';

// What a node may say of its containers and itself, checked field by field: a node is trusted to
// know what runs on it, and with nothing else. Fields this version does not know are left out.

const text = z.string().max(100_000);
const name = z.string().min(1).max(1_000);
const count = z.number().int().nonnegative();
const port = z.number().int().min(1).max(65_535);
const list = <Item extends z.ZodType>(item: Item): z.ZodArray<Item> => z.array(item).max(5_000);
const labels = z.record(z.string().max(1_000), text).refine((value) => Object.keys(value).length <= 5_000);
const origin = z.object({ file: text, line: count });
const protocol = z.enum(['TCP', 'UDP', 'SCTP', 'ICMP']);
const address = z.object({ family: z.union([z.literal(4), z.literal(6)]), text: z.string().max(45), bits: z.bigint() });
// a part of keys, and of what people read: no slash, and nothing that cannot be seen
const keyPart = name.regex(/^[^/\p{C}\p{Zl}\p{Zp}]+$/u);
const workloadRef = z.object({ namespace: keyPart, kind: keyPart, name: keyPart });

const podInterface = z.object({ network: name, bridge: name.optional(), mac: name.optional(), addresses: list(address) });

const pod = z.object({
  namespace: keyPart,
  name: keyPart,
  labels,
  node: name,
  hostNetwork: z.boolean(),
  addresses: list(address),
  ports: list(z.object({ name: name.optional(), port, protocol })),
  workload: workloadRef,
  phase: z.enum(['pending', 'running', 'finished']),
  startedAt: z.number().optional(),
  isExample: z.literal(false),
  interfaces: list(podInterface).optional(),
  process: count.optional(),
  origin,
});

const envSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('configMap'), name: text, key: text }),
  z.object({ kind: z.literal('secret'), name: text, key: text }),
  z.object({ kind: z.literal('field'), path: text }),
  z.object({ kind: z.literal('other') }),
]);

const mountSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('configMap'), name: text, keys: list(text).optional() }),
  z.object({ kind: z.literal('secret'), name: text, keys: list(text).optional() }),
  z.object({ kind: z.literal('files'), object: text, files: list(z.object({ path: text, text: z.string().max(2_000_000), secret: z.boolean(), origin })) }),
  z.object({ kind: z.literal('serviceAccountToken') }),
  z.object({ kind: z.literal('other'), unread: text.optional() }),
]);

const container = z.object({
  name: text,
  role: z.enum(['main', 'init', 'sidecar']),
  image: text,
  command: list(text),
  args: list(text),
  env: list(z.object({ name: text, value: text.optional(), from: envSource.optional(), origin })),
  envFrom: list(z.object({ kind: z.enum(['configMap', 'secret']), name: text, prefix: text })),
  ports: list(z.object({ name: text.optional(), port, protocol, hostPort: port.optional() })),
  mounts: list(z.object({ path: text, source: mountSource })),
  probes: list(z.object({ port: z.union([port, text]), protocol })),
  origin,
});

const compose = z.object({
  dependsOn: list(text),
  startsAfter: list(text).optional(),
  links: list(text),
  networks: list(text),
  published: list(z.object({ target: port, protocol, hostAddress: text.optional(), hostPort: port.optional() })),
  profiles: list(text),
  addresses: list(address).optional(),
  linkAliases: list(z.object({ alias: text, service: text })).optional(),
  extraHosts: list(z.object({ name: text, address: text })).optional(),
  networkOf: text.optional(),
  build: text.optional(),
  isKeptRunning: z.boolean().optional(),
  unreadEnvFiles: list(text).optional(),
});

const requirement = z.object({ key: text, operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']), values: list(text) });

const workload = z.object({
  ref: workloadRef,
  // never one of a cluster: those come from its API server
  platform: z.enum(['compose', 'host']),
  replicas: count,
  podLabels: labels,
  selector: z.object({ requirements: list(requirement) }).optional(),
  podAnnotations: labels,
  labels,
  annotations: labels,
  serviceAccount: text,
  tokenMounted: z.literal(false),
  hostNetwork: z.boolean(),
  containers: list(container),
  governingService: text.optional(),
  schedule: text.optional(),
  timeZone: text.optional(),
  isSuspended: z.literal(true).optional(),
  isFamily: z.literal(true).optional(),
  compose: compose.optional(),
  origin,
});

const diagnostic = z.object({ code: text, severity: z.enum(['error', 'warning', 'info']), subject: text, message: text, hint: text, origin: origin.optional() });

const engineContainer = z.object({
  kind: z.literal('container'),
  pod,
  workload,
  networks: list(z.object({ network: text, names: list(text) })),
  diagnostics: list(diagnostic),
});

const engineHost = z.object({
  kind: z.literal('container-host'),
  node: z.object({
    name,
    labels,
    addresses: list(address),
    podCidrs: list(text),
    bridges: list(z.object({ network: text, interface: text, blocks: list(text) })).optional(),
    filtersBridges: z.object({ v4: z.boolean(), v6: z.boolean() }).optional(),
    isExample: z.literal(false),
  }),
  diagnostics: list(diagnostic),
});

/** An update about one container or the host. */
export const nodeUpdateSchema = z.object({ source: name, key: name, value: z.union([engineContainer, engineHost]).optional() });

/** A batch of them, before any one is looked at. */
export const nodeMetadataSchema = z.object({ isFirst: z.boolean(), updates: z.array(z.unknown()).max(50_000), inSync: z.array(name).max(100) });

/** What a value that passed is; the model leaves optional fields out, as the schema does. */
export type NodeValue = EngineContainer | EngineHost;
