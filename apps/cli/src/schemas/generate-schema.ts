import { z } from 'zod';

import { diagnosticSchema, workloadSchema } from './parts.ts';

export const generateSchema = z.strictObject({
  target: z.enum(['networkpolicy', 'nftables']),
  hasExampleAddresses: z.boolean().describe('true where replicas stand on example addresses, so that the artefacts must not be loaded as they are'),
  artefacts: z.array(z.strictObject({ file: z.string(), text: z.string().describe('YAML for kubectl apply, or a ruleset for nft -f') })),
  notEnforced: z
    .array(z.strictObject({ workload: workloadSchema, direction: z.enum(['ingress', 'egress']), why: z.string() }))
    .describe('directions left open, and why'),
  diagnostics: z.array(diagnosticSchema),
});
