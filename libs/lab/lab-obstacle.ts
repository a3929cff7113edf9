import { spawnSync } from 'node:child_process';

import { NetworkNamespace } from './network-namespace.ts';
import { loadRules, SYSTEM_PATH } from './node-rules.ts';

/** Says in one line why there can be no lab here; undefined where there can. */
export function labObstacle(): string | undefined {
  if (process.platform !== 'linux') return 'this needs Linux';
  if (process.getuid?.() !== 0) return 'this needs root';
  const version = spawnSync('nft', ['--version'], { env: { ...process.env, PATH: SYSTEM_PATH } });
  if (version.error !== undefined) return 'nft is not installed, Debian package nftables';
  let namespace: NetworkNamespace | undefined;
  try {
    namespace = new NetworkNamespace();
    loadRules([{ node: 'probe', namespace, text: 'table inet ringfence_probe { }\n' }]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'network namespaces cannot be made';
  } finally {
    namespace?.close();
  }
}
