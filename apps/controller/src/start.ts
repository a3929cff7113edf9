import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';

import { openAuthority } from '#certificates';
import { ClusterLeases, NetworkPolicyTarget, PolicyFolder } from '#targets';
import type { ClusterConnection } from '#sources/kubernetes/watch';
import type { Logger } from 'pino';

import { Controller } from './controller.ts';
import type { ControllerOptions } from './controller-options.ts';
import { JournalWitness } from './decisions/journal-witness.ts';
import { journalKey } from './journal-key.ts';
import { createOperatorApp } from './operator/operator-app.ts';
import type { ControllerStatus } from './operator/controller-status.ts';
import { type ControllerProcessOptions, storeIn } from './options.ts';
import { packageVersion } from './package-folder.ts';
import { feedHubble } from './sources/hubble-feed.ts';
import { prepareStateFolder } from './state-folder.ts';
import { openStore, placeOfStore } from './store-choice.ts';
import { threadedPipelines } from './workers/pipelines.ts';
import { readAutoApprovalFolder, readInvariantFiles, shippedCatalogue } from './written-files.ts';

/** What is different from one kind of source to another. */
export interface StartPlan {
  /** Sources that have to be in sync before anything is compiled. */
  readonly required: readonly string[];
  readonly traffic: ControllerStatus['traffic'];
  readonly cluster?: ClusterConnection;
  /** How often everything is worked out anew. */
  readonly workEveryMs?: number;
}

export interface Started {
  readonly controller: Controller;
  readonly authority: ControllerOptions['authority'];
  readonly urls: readonly string[];
  readonly channelPort: number;
  readonly stop: () => Promise<void>;
}

/** Starts a controller of its own state, store and certificates, with its operator interface on loopback. */
export async function startController(options: ControllerProcessOptions, plan: StartPlan, state: string, log: Logger, onFailure: (why: Error) => void): Promise<Started> {
  const { lease } = options;
  if (lease !== undefined && plan.cluster === undefined) throw new Error(`lead by a Lease in ${lease}: there is no cluster it could be in`);
  prepareStateFolder(state, options);
  const authority = await openAuthority(state, Date.now());
  const choice = storeIn(state, options);
  const key = journalKey(authority, options.journalKey);
  const store = await openStore(choice, { journalKey: key, replicas: options.redisReplicas, onTrouble: (error) => { log.warn({ why: error.message }, 'the store does not answer'); } });
  const { required, traffic, cluster, workEveryMs } = plan;
  const version = packageVersion();
  const autoApprovals = options.autoApproval === undefined ? { rules: [], diagnostics: [] } : readAutoApprovalFolder(options.autoApproval);
  for (const { subject, message, hint } of autoApprovals.diagnostics) log.error({ subject, message, hint }, 'an auto-approval rule is left out');
  const controller = new Controller({
    version,
    store,
    storePlace: placeOfStore(choice),
    ...(choice.kind === 'memory' ? {} : { witness: new JournalWitness({ folder: state, place: placeOfStore(choice), key }) }),
    authority,
    authorityFolder: state,
    pipelines: threadedPipelines(onFailure),
    required,
    enforcesExisting: options.enforcesExisting,
    catalogue: shippedCatalogue(),
    invariants: readInvariantFiles(options.invariants),
    autoApprovals: autoApprovals.rules,
    ...(workEveryMs === undefined ? {} : { workEveryMs }),
    listen: [options.listen],
    ssh: options.ssh,
    outputs: {
      mayWrite: options.mayWrite,
      ...(cluster === undefined ? {} : { cluster: new NetworkPolicyTarget({ ask: cluster.ask, mayWrite: options.mayWrite }) }),
      ...(options.folder === undefined ? {} : { folder: new PolicyFolder(options.folder) }),
      places: { ...(cluster === undefined ? {} : { networkpolicy: cluster.server }), ...(options.folder === undefined ? {} : { folder: resolve(options.folder) }) },
    },
    traffic,
    ...(cluster === undefined ? {} : { weaknesses: cluster.weaknesses }),
    ...(lease === undefined || cluster === undefined ? {} : { leases: new ClusterLeases({ ask: cluster.ask, namespace: lease, now: () => performance.now(), wallNow: Date.now, knownFence: () => store.knownFence() }) }),
    holder: `${hostname()}-${String(process.pid)}-${randomBytes(4).toString('hex')}`,
    log,
  });
  const { channelPorts } = await controller.start();
  const app = await createOperatorApp(controller.operator, { version, port: options.port, log });
  const urls = await app.listen();
  const endHubble = feedHubble(controller, options.hubble, log);
  log.info({ urls, channelPorts, state }, 'the controller is up');
  return {
    controller,
    authority,
    urls,
    channelPort: channelPorts[0] ?? 0,
    stop: async () => {
      endHubble();
      await app.close();
      await controller.stop();
    },
  };
}
