import { z } from 'zod';

export const labStatusSchema = z.strictObject({
  pid: z.number().int().describe('the process that holds the lab'),
  isEnforced: z.boolean().describe('whether the nodes enforce the policies'),
  policies: z.number().int(),
  hosts: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.enum(['node', 'pod', 'outside']),
      node: z.string().nullable().describe('the node a pod is on'),
      namespace: z.string().describe('for ip netns exec'),
      addresses: z.array(z.string()),
      ports: z.array(z.string()).describe('where a server answers, such as 8080/TCP'),
    }),
  ),
  services: z.array(z.strictObject({ name: z.string(), address: z.string(), port: z.string(), backends: z.number().int() })),
});

export const labTrafficSchema = z.strictObject({
  isEnforced: z.boolean(),
  results: z.array(
    z.strictObject({
      from: z.string(),
      to: z.string(),
      port: z.string(),
      expected: z.enum(['allowed', 'forbidden']).describe('what the policies say'),
      outcomes: z.array(
        z.strictObject({
          family: z.union([z.literal(4), z.literal(6)]),
          outcome: z.enum(['answered', 'refused', 'arrived', 'died']).describe('refused: it came through and nobody listens; arrived: the packet came through, nobody speaks the protocol'),
          service: z.string().nullable().describe('the Service it went by'),
        }),
      ),
    }),
  ),
  leftOut: z.array(z.string()).describe('relationships one end of which is not in the input'),
});

export const labDownSchema = z.strictObject({
  processes: z.array(z.number().int()).describe('processes whose lab was taken down'),
  swept: z.array(z.string()).describe('namespaces that labs had left behind whose process had died'),
});
