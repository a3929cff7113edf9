import { z } from 'zod';

import { protocolSchema } from './parts.ts';

const viaSchema = z.enum(['enforcer', 'kernel']).describe('who answered: the running enforcer, or the kernel because none runs');
const differencesSchema = z.array(z.string()).describe('what the kernel holds otherwise than it should');
const timeSchema = z.number().describe('milliseconds since 1970');

const statusSchema = z.strictObject({
  state: z.enum(['nothing', 'enforcing', 'adopted', 'trial', 'panic']).describe('adopted: what an earlier enforcer left goes on, its bundle is not known; panic: everything was opened by hand'),
  since: timeSchema.optional(),
  until: timeSchema.optional().describe('when a bundle on trial goes away unless it is confirmed'),
  openedBy: z.string().optional(),
  node: z.string().optional(),
  revision: z.number().int().optional(),
  hash: z.string().optional(),
  generation: z.number().int().optional().describe('which stamp connections carry that are not judged again'),
  driver: z.enum(['netlink', 'nft', 'iptables', 'fake']),
  pods: z.number().int().optional(),
  elements: z.number().int().optional(),
  differences: differencesSchema,
});

const ruleSchema = z.strictObject({
  number: z.number().int().describe('r17 in comments of the ruleset, 17 in connection marks'),
  policy: z.string(),
  rule: z.string(),
  action: z.enum(['allow', 'deny', 'pass']),
  matches: z.array(z.string()).describe('peers and ports in words'),
  application: z.string().optional(),
  connections: z.number().int().optional().describe('let through since the enforcer watches'),
  refusedPackets: z.number().int().optional(),
});

const rulesSchema = z.strictObject({
  pods: z.array(z.strictObject({ pod: z.string(), addresses: z.array(z.string()), ingress: z.string().describe('profile, or open'), egress: z.string().describe('profile, or open') })),
  profiles: z.array(
    z.strictObject({
      name: z.string(),
      direction: z.enum(['ingress', 'egress']),
      why: z.string(),
      isolatedBy: z.array(z.string()),
      pods: z.array(z.string()),
      rules: z.array(ruleSchema),
      refusedPackets: z.number().int().optional().describe('packets nothing allowed'),
    }),
  ),
  refused: z.array(z.strictObject({ chain: z.string(), why: z.string(), packets: z.number().int() })).describe('packets that the part every node has in common dropped'),
});

const endSchema = z.strictObject({ address: z.string(), pod: z.string().optional() });

export const nodeStatusSchema = z.strictObject({ via: viaSchema, status: statusSchema });

export const nodeShowSchema = z.strictObject({ via: viaSchema, status: statusSchema, rules: rulesSchema.optional().describe('absent where nothing is enforced, or its bundle is not known') });

export const nodeWhySchema = z.strictObject({
  via: viaSchema,
  revision: z.number().int(),
  generation: z.number().int(),
  differences: differencesSchema,
  answers: z.array(
    z.strictObject({
      from: endSchema,
      to: endSchema,
      port: z.number().int().describe('0 for ICMP'),
      protocol: protocolSchema,
      hook: z.enum(['forward', 'input', 'output']),
      verdict: z.enum(['accept', 'drop']),
      rules: z.array(z.strictObject({ number: z.number().int(), policy: z.string(), rule: z.string() })),
      decidedBy: z.string(),
      path: z.array(z.strictObject({ chain: z.string(), text: z.string(), comment: z.string() })).describe('every rule of the ruleset that matched, in order'),
    }),
  ),
});

export const nodeDoneSchema = z.strictObject({ via: viaSchema, text: z.string() });

/** `ringfence node cert`: what was issued, or with `--revoke` how many are no longer good. */
export const nodeCertSchema = z.union([
  z.strictObject({ node: z.string(), serial: z.string().describe('hexadecimal'), notAfter: timeSchema, files: z.strictObject({ certificate: z.string(), key: z.string(), authority: z.string() }) }),
  z.strictObject({ node: z.string(), revoked: z.number().int() }),
]);
