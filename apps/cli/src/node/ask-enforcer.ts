import { createConnection } from 'node:net';

import type { NodeOrder, NodeReply } from '#dataplane';

const PATIENCE_MS = 30_000;
const NOBODY = new Set(['ENOENT', 'ECONNREFUSED']);

/** Gives an order to the running enforcer and returns its reply; undefined where none listens. */
export function askEnforcer(path: string, order: NodeOrder): Promise<NodeReply | undefined> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = createConnection({ path, allowHalfOpen: true });
    socket.setTimeout(PATIENCE_MS, () => {
      socket.destroy(new Error(`no reply within ${String(PATIENCE_MS / 1_000)} s`));
    });
    socket.on('connect', () => socket.end(JSON.stringify(order)));
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.on('end', () => {
      try {
        resolve(JSON.parse(Buffer.concat(parts).toString('utf8')) as NodeReply);
      } catch {
        reject(new Error(`ask the enforcer at ${path}: it gave no reply`));
      }
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (NOBODY.has(error.code ?? '')) resolve(undefined);
      else reject(new Error(`ask the enforcer at ${path}: ${error.message}`, { cause: error }));
    });
  });
}
