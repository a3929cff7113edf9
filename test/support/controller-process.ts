import { createInterface } from 'node:readline';

import { ControllerCertificate, openAuthority, Revocations } from '#certificates';
import { DesiredBundles, readBundleText } from '#distribution';

import { NodeChannelServer } from '../../apps/controller/src/channel/node-channel-server.ts';
import { sha256 } from './sha256.ts';

// The controller's end of the node channel and nothing else, as a process that can be killed.
// Arguments: folder of the authority, host, port. Standard input: a bundle a line, as text.
// Standard output: one JSON object a line for everything that nodes say.

const [folder = '', host = '127.0.0.1', port = '0'] = process.argv.slice(2);

function tell(kind: string, fields: object): void {
  process.stdout.write(`${JSON.stringify({ kind, ...fields })}\n`);
}

const authority = await openAuthority(folder, Date.now());
const certificate = await ControllerCertificate.make(authority, Date.now);
const revocations = new Revocations(folder, (why) => { tell('trouble', { why }); });
const bundles = new DesiredBundles(sha256);

const server = await NodeChannelServer.start({
  listen: [{ host, port: Number(port) }],
  credentials: certificate.credentials,
  controllerVersion: '0.0.0',
  statusEveryMs: 1_000,
  isRevoked: (serial) => revocations.has(serial),
  events: {
    onConnected: (node, hello) => { tell('connected', { node, hello }); },
    onDisconnected: (node, why) => { tell('disconnected', { node, why }); },
    onAck: (node, ack) => { tell('ack', { node, ...ack }); },
    onNack: (node, nack) => { tell('nack', { node, ...nack }); },
    onReport: (node, news) => { tell('report', { node, news }); },
    onFlows: (node, report) => {
      tell('flows', { node, report });
      return Promise.resolve();
    },
    onMetadata: (node, metadata) => {
      tell('metadata', { node, inSync: metadata.inSync });
      return Promise.resolve();
    },
    snapshotOf: (node) => {
      tell('snapshot', { node });
      return Promise.resolve(bundles.snapshot(node));
    },
    onRefused: (peer, why) => { tell('refused', { peer, why }); },
  },
});
tell('listening', { port: server.ports[0] });
revocations.watch(() => { server.review(); });

for await (const line of createInterface({ input: process.stdin })) {
  const reading = readBundleText(line);
  if (reading.kind === 'refused') throw new Error(`desire a bundle: ${reading.why}`);
  const [desired] = bundles.set([reading.bundle]);
  if (desired !== undefined) server.setDesired(desired);
}
await server.close();
revocations.close();
