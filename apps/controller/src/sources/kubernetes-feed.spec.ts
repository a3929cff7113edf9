import { describe, expect, test } from '@jest/globals';
import { createServer } from 'node:net';

import { ClusterConnection } from '#sources/kubernetes/watch';
import { pino } from 'pino';

import { feedKubernetes } from './kubernetes-feed.ts';
import { SourceDesk } from './source-desk.ts';

/** A port of this host where nobody listens any more. */
function deadPort(host: string): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, host, () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
}

describe('a cluster that does not answer', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '[::1]'],
  ])('is named in the status with the reason (%s)', async (host, shown) => {
    const server = `https://${shown}:${String(await deadPort(host))}`;
    let changed: () => void = () => undefined;
    const heard = new Promise<void>((resolve) => (changed = resolve));
    const sources = new SourceDesk([], { now: () => 1_000, onChange: () => { changed(); } });
    const connection = new ClusterConnection({ server, origin: 'a test', namespace: 'default', credentials: () => Promise.resolve({ tls: {}, headers: {} }), forget: () => undefined });
    const end = feedKubernetes({ sources, update: () => undefined }, connection, pino({ level: 'silent' }));
    try {
      await heard;
      expect(sources.statuses()).toMatchObject([{ name: 'kubernetes', state: 'syncing', why: expect.stringContaining(`${server}: connect ECONNREFUSED`) }]);
    } finally {
      await end();
      connection.close();
    }
  });
});
