import type { z } from 'zod';

/** What a caller has to be for a route; each includes the ones before it. `anyone`: whoever reaches the port. */
export const ROLES = ['anyone', 'viewer', 'reviewer', 'approver', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** One operation of the REST interface: the server serves it, the client asks it, the document tells of it. */
export interface Route {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  /** Parameters as `:name`. */
  readonly path: string;
  readonly role: Role;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  /** Undefined where the answer is no JSON; `answerType` says what then. */
  readonly answer?: z.ZodType;
  readonly answerType?: string;
  /** Statuses of problems, beside those every route may answer with. */
  readonly problems: readonly number[];
}

export function hasRole(own: Role, needed: Role): boolean {
  return ROLES.indexOf(own) >= ROLES.indexOf(needed);
}
