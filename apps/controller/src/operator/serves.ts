import { applyDecorators, Get, HttpCode, Post, SetMetadata } from '@nestjs/common';

import type { Route } from '#operator-api';

const ROUTE = 'ringfence:route';

/** Serves one route of the interface: its path and method, and the role it needs, which the guard reads from here. */
export function Serves(route: Route): MethodDecorator {
  const method = route.method === 'GET' ? Get(route.path) : Post(route.path);
  return applyDecorators(method, HttpCode(200), SetMetadata(ROUTE, route));
}

/** The route a handler serves; undefined where nobody said. */
export function routeOf(handler: object): Route | undefined {
  return Reflect.getMetadata(ROUTE, handler) as Route | undefined;
}
