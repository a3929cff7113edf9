import { z } from 'zod';

import { diagnosticSchema, type Shape } from './parts.ts';

/** RFC 9457, with what a diagnostic says: what is wrong with what, and what to do. */
export const problemSchema = z.looseObject({
  type: z.string().describe('urn:ringfence:problem: and the code'),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string(),
  subject: z.string(),
  message: z.string(),
  hint: z.string(),
  diagnostics: z.array(diagnosticSchema).optional().describe('everything that is wrong, the first of them being the problem itself'),
});

export type ProblemShape = Shape<typeof problemSchema>;

export const PROBLEM_TYPE = 'application/problem+json';
