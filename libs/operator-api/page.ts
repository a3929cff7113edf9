import { z } from 'zod';

import type { WorkloadRef } from '#model';

export const LONGEST_PAGE = 500;

/** What every list takes; `cursor` is what the page before gave as `next`. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(LONGEST_PAGE).default(100),
  cursor: z.string().min(1).max(2_000).optional().describe('what the page before gave as next'),
};

export function pageSchema<Item extends z.ZodType>(item: Item): z.ZodObject<{ items: z.ZodArray<Item>; next: z.ZodOptional<z.ZodString> }, z.core.$strict> {
  return z.strictObject({ items: z.array(item), next: z.string().optional().describe('absent on the last page') });
}

/** `namespace/kind/name` as one query parameter. */
export const workloadQuery = z
  .string()
  .max(800)
  .regex(/^[^/]+\/[^/]+\/[^/]+$/, 'name the workload as namespace/kind/name')
  .transform(workloadFromKey)
  .describe('namespace/kind/name');

/** Undoes `workloadKey`. */
export function workloadFromKey(key: string): WorkloadRef {
  const [namespace = '', kind = '', name = ''] = key.split('/');
  return { namespace, kind, name };
}
