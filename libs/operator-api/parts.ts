import { z } from 'zod';

import { type Diagnostic, ENTITIES, type Evidence } from '#model';

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/** What a schema lets through, as nobody may change it. */
export type Shape<Schema extends z.ZodType> = DeepReadonly<z.output<Schema>>;

/** What a schema is given, before it has filled in and turned anything. */
export type Given<Schema extends z.ZodType> = DeepReadonly<z.input<Schema>>;

/**
 * A name that comes in: of a Kubernetes object, a Compose project, a systemd unit. What goes out is
 * plain text instead, so that one odd name does not spoil a whole answer.
 */
// eslint-disable-next-line no-control-regex
export const nameSchema = z.string().min(1).max(253).regex(/^[^/\u0000-\u001f\u007f]+$/, 'a name holds no slash and no control character');

export const workloadSchema = workloadOf(z.string());

/** A workload that comes in. */
export const namedWorkloadSchema = workloadOf(nameSchema);

function workloadOf(name: z.ZodString): z.ZodObject<{ namespace: z.ZodString; kind: z.ZodString; name: z.ZodString }, z.core.$strict> {
  return z.strictObject({
    namespace: name.describe('namespace, or Compose project'),
    kind: name.describe('kind of the top owner (Deployment, StatefulSet, Pod, ComposeService, …)'),
    name,
  });
}

export const peerNameSchema = z.union([workloadSchema, z.enum(ENTITIES)]).describe('a workload of the input, or a peer every cluster has');

export const protocolSchema = z.enum(['TCP', 'UDP', 'SCTP', 'ICMP']);

export const portSchema = z.number().int().min(1).max(65535).describe('port of the pod, after Service translation');

export const portRangesSchema = z
  .array(z.strictObject({ protocol: protocolSchema, from: z.number().int(), to: z.number().int() }))
  .describe('inclusive ranges; 0 to 0 for ICMP');

export const timeSchema = z.number().int().min(0).describe('milliseconds since 1970');

export const shareSchema = z.number().min(0).max(1);

export const countSchema = z.number().int().min(0);

export const directionSchema = z.enum(['ingress', 'egress']);

export const decisionSchema = z.enum(['allow', 'deny', 'unknown']);

export const modeSchema = z.enum(['observe', 'audit', 'enforce']).describe('observe: open; audit: what would be denied is counted and let through; enforce: it is dropped');

export const evidenceSchema = z.strictObject({
  kind: z.enum(['declared', 'observed', 'permitted', 'built-in']).describe('declared by metadata, observed as a flow, permitted by a policy that is there already'),
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

export type DiagnosticShape = Shape<typeof diagnosticSchema>;

export function diagnosticShape({ code, severity, subject, message, hint, origin }: Diagnostic): DiagnosticShape {
  const place = origin === undefined ? {} : { file: origin.file, line: origin.line };
  return { code, severity, subject, message, hint, ...place };
}

export function evidenceShape({ kind, source, where, text }: Evidence): Shape<typeof evidenceSchema> {
  return { kind, source, where, text };
}
