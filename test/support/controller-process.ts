import { createInterface } from 'node:readline';

import { ControllerCertificate, openAuthority, Revocations } from '#certificates';
import { DesiredBundles, readBundleText } from '#distribution';
import { MemoryStore } from '#store';

import { pino } from 'pino';

import { NodeChannelServer } from '../../apps/controller/src/channel/node-channel-server.ts';
import { NodeDesk } from '../../apps/controller/src/nodes/node-desk.ts';
import { sha256 } from './sha256.ts';

// The controller's desk of nodes with its end of the channel and nothing else, as a process that can be killed.
// Arguments: folder of the authority, host, port. Standard input: a bundle a line, as text, or
// `confirm NODE HASH`, or `retry NODE HASH`. Standard output: one JSON object a line for everything that nodes say, and how each stands then.

const [folder = '', host = '127.0.0.1', port = '0'] = process.argv.slice(2);

function tell(kind: string, fields: object): void {
  process.stdout.write(`${JSON.stringify({ kind, ...fields })}\n`);
}

const authority = await openAuthority(folder, Date.now());
const certificate = await ControllerCertificate.make(authority, Date.now);
const revocations = new Revocations(folder, (why) => { tell('trouble', { why }); });
const bundles = new DesiredBundles(sha256);

const desk = new NodeDesk({
  enforcement: { snapshotOf: (node) => Promise.resolve(bundles.snapshot(node)) },
  takesFlows: () => true,
  onFlows: () => Promise.resolve(),
  onUpdate: () => undefined,
  onFirstOfProject: () => undefined,
  onInSync: () => undefined,
  onRemembered: () => undefined,
  onForgotten: () => undefined,
  onTrouble: (what) => { tell('trouble', { why: what }); },
  documents: new MemoryStore().documents,
  onChange: () => {
    for (const { node, realisation } of desk.views()) tell('stands', { node, realisation });
  },
  log: pino({ level: 'silent' }),
  now: Date.now,
});
const events = desk.events();

const server = await NodeChannelServer.start({
  listen: [{ host, port: Number(port) }],
  credentials: certificate.credentials,
  controllerVersion: '0.0.0',
  statusEveryMs: 1_000,
  isRevoked: (serial) => revocations.has(serial),
  events: {
    onConnected: (node, hello, peer) => {
      tell('connected', { node, hello });
      events.onConnected(node, hello, peer);
    },
    onDisconnected: (node, why) => {
      tell('disconnected', { node, why });
      events.onDisconnected(node, why);
    },
    onAck: (node, ack) => {
      tell('ack', { node, ...ack });
      events.onAck(node, ack);
    },
    onNack: (node, nack, sent) => {
      tell('nack', { node, ...nack });
      events.onNack(node, nack, sent);
    },
    onReport: (node, news, report) => {
      tell('report', { node, news });
      events.onReport(node, news, report);
    },
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
desk.use(server);
tell('listening', { port: server.ports[0] });
revocations.watch(() => { server.review(); });

for await (const line of createInterface({ input: process.stdin })) {
  const [word, node = '', hash = ''] = line.split(' ');
  if (word === 'confirm' || word === 'retry') {
    desk.decided([{ seq: 1, at: Date.now(), event: { kind: word === 'confirm' ? 'trials-confirmed' : 'trials-retried', trials: [{ node, hash }], by: { kind: 'person', name: 'alice' } } }]);
    continue;
  }
  const reading = readBundleText(line);
  if (reading.kind === 'refused') throw new Error(`desire a bundle: ${reading.why}`);
  const [desired] = bundles.set([reading.bundle]);
  if (desired !== undefined) desk.desire({ kind: 'nodes', nodes: [desired], removed: [], times: { compileMs: 0, encodeMs: 0, updates: 0 } });
}
await server.close();
revocations.close();
