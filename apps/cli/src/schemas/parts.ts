import { z } from 'zod';

import { ENTITIES } from '#model';

export const workloadSchema = z.strictObject({
  namespace: z.string().describe('namespace, or Compose project'),
  kind: z.string().describe('kind of the top owner (Deployment, StatefulSet, Pod, ComposeService, …)'),
  name: z.string(),
});

export const peerSchema = z.union([workloadSchema, z.enum(ENTITIES)]).describe('a workload of the input, or a peer every cluster has');

export const protocolSchema = z.enum(['TCP', 'UDP', 'SCTP', 'ICMP']);

export const portSchema = z.number().int().min(1).max(65535).describe('port of the pod, after Service translation');

export const evidenceSchema = z.strictObject({
  source: z.string().describe('channel, such as env, args, configmap-file, rbac, service-monitor'),
  where: z.string().describe('file:line, object and field'),
  text: z.string(),
});

export const diagnosticSchema = z.strictObject({
  code: z.string(),
  severity: z.enum(['error', 'warning', 'info']),
  subject: z.string(),
  message: z.string(),
  hint: z.string(),
  file: z.string().optional(),
  line: z.number().int().optional(),
});

export const connectionEndSchema = z
  .strictObject({ address: z.string(), pod: z.string().optional(), workload: workloadSchema.optional() })
  .describe('a pod on one of its addresses, or an address that belongs to none');
