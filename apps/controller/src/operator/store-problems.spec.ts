import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { pino } from 'pino';

import { StoreError } from '#store';

import { OperatorTwin } from '../../../../test/support/operator-twin.ts';
import { createOperatorApp, type OperatorApp } from './operator-app.ts';

const twin = new OperatorTwin();
let app: OperatorApp;
let url: string;

beforeAll(async () => {
  app = await createOperatorApp(twin, { version: '0.0.0', port: 0, log: pino({ level: 'silent' }) });
  url = (await app.listen())[0] ?? '';
});
afterAll(() => app.close());

it.each([
  [new StoreError('unreachable', 'write to redis h: 0 of 1 replicas have it after 2 s', { isOutcomeUnknown: true }), 'store-unreachable', 'it may have been written all the same: look, then decide again'],
  [new StoreError('unreadable', 'its journal is not what was written: entry 3\u001b[2J'), 'store-unreadable', 'nothing was written: ringfence status says how the store is'],
])('a store that cannot be used is no mistake of the controller: %s', async (error, code, hint) => {
  twin.command = () => Promise.reject(error);
  const answer = await fetch(`${url}/api/v1/modes`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ scope: { kind: 'cluster' }, mode: 'audit' }) });
  const problem = (await answer.json()) as Readonly<Record<string, string>>;
  expect([answer.status, problem['code'], problem['hint']]).toEqual([503, code, hint]);
  // eslint-disable-next-line no-control-regex
  expect(problem['message']?.match(/[\u0000-\u001f]/)).toBeNull();
});
