import { z } from 'zod';

import { connectivitySchema, type Shape } from '#operator-api';

export const diffSchema = z.strictObject({
  ...connectivitySchema.shape,
  compared: z.strictObject({ before: z.string(), after: z.string() }).optional().describe('of a controller: what the two sides are, in words'),
});

export type DiffShape = Shape<typeof diffSchema>;
