import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { parseAddress, parsePrefix, prefixContains } from '#model';

/** Both loopbacks: `localhost` means one or the other, depending on the system. */
export const LOOPBACKS: readonly string[] = ['127.0.0.1', '::1'];

const LOOPBACK_4 = parsePrefix('127.0.0.0/8');
const NOT_HERE = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);
const MOST_CONNECTIONS = 1_000;
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;

/** Refuses to listen where others could reach it, while nobody can authenticate. */
export function requireLoopback(hosts: readonly string[]): void {
  if (hosts.length === 0) throw new Error('listen for operators: no address is given');
  for (const host of hosts) {
    if (isLoopback(host)) continue;
    throw new Error(`listen for operators on ${host}: there is no authentication yet, so only loopback is listened on (127.0.0.1, ::1); reach it from elsewhere by an SSH tunnel to a user who is admitted; kubectl exec and kubectl port-forward reach that of a pod too, and whoever may use them there is an operator with every role`);
  }
}

function isLoopback(host: string): boolean {
  const address = parseAddress(host);
  if (address === undefined) return false;
  return address.text === '::1' || (LOOPBACK_4 !== undefined && prefixContains(LOOPBACK_4, address));
}

/**
 * Listens on every address with one port; port 0 lets the kernel choose it. A family this machine
 * does not have is left out, unless that leaves nothing.
 */
export async function listenOn(hosts: readonly string[], port: number, listener: RequestListener): Promise<readonly Server[]> {
  requireLoopback(hosts);
  const servers: Server[] = [];
  let chosen = port;
  let absent: unknown;
  try {
    for (const host of hosts) {
      try {
        const server = await listen(host, chosen, listener);
        servers.push(server);
        chosen = (server.address() as AddressInfo).port;
      } catch (error) {
        if (!NOT_HERE.has(codeOf(error))) throw error;
        absent = error;
      }
    }
    if (servers.length === 0) throw absent;
  } catch (error) {
    await Promise.all(servers.map(closeServer));
    const hint = codeOf(error) === 'EADDRINUSE' ? '; another controller may be running: choose another port' : '';
    throw new Error(`listen for operators on port ${String(chosen)}: ${messageOf(error)}${hint}`, { cause: error });
  }
  return servers;
}

/** `http://127.0.0.1:8470`, `http://[::1]:8470`. */
export function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return family === 'IPv6' ? `http://[${address}]:${String(port)}` : `http://${address}:${String(port)}`;
}

export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}

function listen(host: string, port: number, listener: RequestListener): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, maxHeaderSize: 16_384 }, listener);
    server.maxConnections = MOST_CONNECTIONS;
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: host.includes(':') }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}
