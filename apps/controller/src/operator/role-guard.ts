import type { IncomingMessage } from 'node:http';

import { type CanActivate, createParamDecorator, type ExecutionContext } from '@nestjs/common';

import { hasRole } from '#operator-api';

import type { Caller, CallerGate } from './caller.ts';
import { Problem } from './problem.ts';
import { routeOf } from './serves.ts';

const callers = new WeakMap<IncomingMessage, Caller>();
const routeNames = new WeakMap<IncomingMessage, string>();

/** The name of the route a request went to, for counting; undefined where it went to none. */
export function routeNameOf(request: IncomingMessage): string | undefined {
  return routeNames.get(request);
}

/** Nobody reaches a handler without the role its route names; a handler that names none is reached by nobody. */
export class RoleGuard implements CanActivate {
  readonly #gate: CallerGate;

  constructor(gate: CallerGate) {
    this.#gate = gate;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<IncomingMessage>();
    const route = routeOf(context.getHandler());
    if (route === undefined) throw new Error(`guard ${context.getClass().name}.${context.getHandler().name}: it names no role`);
    routeNames.set(request, route.name);
    const caller = await this.#gate.callerOf(request, route.role);
    if (!hasRole(caller.role, route.role)) {
      throw new Problem(403, { code: 'role-missing', subject: 'the caller', message: `is ${caller.role}, and ${route.name} needs ${route.role}`, hint: 'ask somebody who has the role' });
    }
    callers.set(request, caller);
    return true;
  }
}

/** Who sent the request, as the guard found. */
export const CalledBy = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  const caller = callers.get(context.switchToHttp().getRequest<IncomingMessage>());
  if (caller === undefined) throw new Error('name the caller: no guard has seen this request');
  return caller;
});
