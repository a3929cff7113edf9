import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';

import { type Route, routes } from '#operator-api';

import { OperatorTwin } from '../../../../test/support/operator-twin.ts';
import { CommandsController } from './commands-controller.ts';
import { createOperatorApp, type OperatorApp } from './operator-app.ts';
import { QuestionsController } from './questions-controller.ts';
import { routeOf } from './serves.ts';
import { SystemController } from './system-controller.ts';

let app: OperatorApp;
let url = '';

beforeAll(async () => {
  app = await createOperatorApp(new OperatorTwin(), { version: '1.2.3', port: 0, log: pino({ level: 'silent' }) });
  [url = ''] = await app.listen();
});

afterAll(async () => {
  await app.close();
});

describe('every route', () => {
  const handlers = [QuestionsController, CommandsController, SystemController].flatMap((controller) =>
    Object.getOwnPropertyNames(controller.prototype)
      .filter((name) => name !== 'constructor')
      .map((name) => ({ name: `${controller.name}.${name}`, route: routeOf((controller.prototype as unknown as Record<string, object>)[name]!) })),
  );

  it('names the role it needs', () => {
    expect(handlers.filter(({ route }) => route?.role === undefined)).toEqual([]);
  });

  it('is served once, and nothing else is', () => {
    expect(handlers.map(({ route }) => route?.name).sort()).toEqual(Object.values(routes).map(({ name }) => name).sort());
  });

  it('stands in the OpenAPI document with its role', async () => {
    const response = await fetch(`${url}/openapi.json`);
    const { openapi, paths } = (await response.json()) as { openapi: string; paths: Record<string, Record<string, { 'x-ringfence-role': string; responses: object }>> };
    expect(openapi).toMatch(/^3\.1\./);
    for (const route of Object.values(routes) as readonly Route[]) {
      const operation = paths[route.path.replace(/:(\w+)/g, '{$1}')]?.[route.method.toLowerCase()];
      expect({ route: route.name, role: operation?.['x-ringfence-role'] }).toEqual({ route: route.name, role: route.role });
    }
  });
});
