// Many enforcers' ends of the node channel in one process, over kernels that take everything.
// Arguments: folder with certificates, port, first node, how many. Messages: `jitter`, `stop`.
import { join } from 'node:path';

import type { NodeBundle } from '#compilers/nftables';

import { ControllerClient } from '../../apps/enforcer/src/channel/controller-client.ts';
import { NodeMetadata } from '../../apps/enforcer/src/metadata/node-metadata.ts';

const [folder = '', port = '', first = '0', count = '0'] = process.argv.slice(2);
const nodes = Array.from({ length: Number(count) }, (_, at) => `node-${String(Number(first) + at).padStart(4, '0')}`);
let jitter: () => number = Math.random;

/** A kernel that takes everything. */
class Taker {
  readonly driver = 'fake';
  readonly capabilities: readonly string[] = [];
  held: NodeBundle | undefined;

  take(bundle: NodeBundle): { readonly kind: 'applied'; readonly commitMs: number; readonly elements: number; readonly generation: number } {
    this.held = bundle;
    return { kind: 'applied', commitMs: 0, elements: bundle.pods.length, generation: 1 };
  }

  confirm(): void {
    // there are no trials here
  }

  status(): object {
    return { kind: 'status', state: 'enforcing', ...(this.held && { revision: this.held.revision, hash: this.held.hash }), differences: [] };
  }
}

const clients = nodes.map((node) => {
  const credentials = { certificate: join(folder, `${node}.crt`), key: join(folder, `${node}.key`), authority: join(folder, 'ca.crt') };
  const metadata = new NodeMetadata([], () => undefined);
  return new ControllerClient({ controller: `127.0.0.1:${port}`, credentials, node, enforcerVersion: 'bench', taker: new Taker(), metadata, log: () => undefined, onPresence: () => undefined, random: () => jitter() });
});

process.on('message', (order: { readonly do: string; readonly isJittered?: boolean }) => {
  // without jitter everybody waits for just as long, as back-off without chance does
  if (order.do === 'jitter') jitter = order.isJittered === true ? Math.random : (): number => 1;
  if (order.do === 'stop') {
    for (const client of clients) client.stop();
    process.disconnect?.();
  }
});
for (const client of clients) {
  client.start();
  // one after another: this is about changes, and the storm is measured by itself
  await new Promise((resolve) => setTimeout(resolve, 2));
}
