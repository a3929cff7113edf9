import { z } from 'zod';

import { PROBLEM_TYPE, problemSchema, type Route, routes } from '#operator-api';

import { ACTOR_HEADER } from './caller.ts';
import { titleOf } from './problem.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

/** Statuses every route may answer with: bad parameters, a foreign site or user, a mistake of ours. */
const ALWAYS = [400, 403, 500];

/**
 * The OpenAPI 3.1 document of the interface, made of the very schemas that check what comes in:
 * 3.1 takes JSON Schema 2020-12 as it is.
 */
export function openApiDocument(version: string): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const route of Object.values(routes) as readonly Route[]) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Ringfence controller',
      version,
      description: 'What a controller knows and proposes, and what people decide. It listens on loopback only. Times are milliseconds since 1970.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: { schemas: { Problem: schemaOf(problemSchema, 'output') } },
  };
}

function operationOf(route: Route): JsonSchema {
  const statuses = [...new Set([...ALWAYS, ...(route.method === 'POST' ? [413, 415] : []), ...route.problems])].sort((a, b) => a - b);
  return {
    operationId: route.name,
    summary: route.summary,
    'x-ringfence-role': route.role,
    parameters: [
      ...parametersOf(route.params, 'path'),
      ...parametersOf(route.query, 'query'),
      ...(route.method === 'POST' && route.role !== 'viewer' ? [ACTOR_PARAMETER] : []),
      ...(route.name === 'events' ? [RESUME_PARAMETER] : []),
    ],
    ...(route.body === undefined ? {} : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body, 'input') } } } }),
    responses: {
      200: {
        description: 'The answer',
        content: route.answer === undefined ? { [route.answerType ?? 'text/plain']: { schema: { type: 'string' } } } : { 'application/json': { schema: schemaOf(route.answer, 'output') } },
      },
      ...Object.fromEntries(statuses.map((status) => [status, { description: titleOf(status), content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } } }])),
    },
  };
}

const ACTOR_PARAMETER: JsonSchema = {
  name: ACTOR_HEADER,
  in: 'header',
  required: false,
  description: 'What the caller is called. Until people can authenticate it is recorded as claimed, beside the user the kernel names.',
  schema: { type: 'string', pattern: '^[A-Za-z0-9._@+-]{1,64}$' },
};

const RESUME_PARAMETER: JsonSchema = { name: 'last-event-id', in: 'header', required: false, description: 'The last event that arrived; what came after it is sent again, or a reset where that is not known any more.', schema: { type: 'string' } };

function parametersOf(schema: z.ZodObject | undefined, place: 'path' | 'query'): readonly JsonSchema[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = property as JsonSchema;
    return { name, in: place, required: place === 'path' || required.includes(name), ...(description === undefined ? {} : { description }), schema: rest };
  });
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  return Object.fromEntries(Object.entries(z.toJSONSchema(schema, { io })).filter(([key]) => key !== '$schema'));
}
