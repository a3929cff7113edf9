import { labObstacle } from '#lab';
import { currentNumber } from '#review';
import { ClusterConnection, findClusterAccess } from '#sources/kubernetes/watch';

import { runLab } from './lab/run-lab.ts';
import { runRecorded } from './lab/run-recorded.ts';
import { createLog } from './operator/log.ts';
import { type ControllerProcessOptions, stateFolder } from './options.ts';
import { feedFolder } from './sources/folder-feed.ts';
import { inThread } from './sources/folder-link.ts';
import { FOLDER_SOURCE } from './sources/folder-source.ts';
import { feedKubernetes, KUBERNETES_SOURCE } from './sources/kubernetes-feed.ts';
import { stopOnSignals } from './process-end.ts';
import { startController } from './start.ts';

/** What is waited for where there is no orchestrator. */
const NODES_SOURCE = 'nodes';

/** Runs a controller on the first source there is, until it is told to stop. */
export async function run(options: ControllerProcessOptions): Promise<void> {
  const { source, watch } = options;
  if (watch.length > 0) {
    await runFolder(options);
    return;
  }
  if (source === 'auto' || source === 'kubernetes') {
    const access = await findClusterAccess({ ...(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig }), ...(options.context === undefined ? {} : { context: options.context }) });
    if (access !== undefined) {
      await runKubernetes(options, new ClusterConnection(access));
      return;
    }
    if (source === 'kubernetes') throw new Error('find a cluster: there is no kubeconfig, and this is no pod; name one with --kubeconfig');
  }
  if (source === 'nodes') {
    await runNodes(options);
    return;
  }
  const obstacle = source === 'recorded' ? undefined : labObstacle();
  if (source === 'lab' && obstacle !== undefined) throw new Error(`run the lab: it is made of network namespaces: ${obstacle}`);
  if (source === 'recorded' || obstacle !== undefined) await runRecorded(options, obstacle);
  else await runLab(options);
}

async function runFolder(options: ControllerProcessOptions): Promise<void> {
  const log = createLog();
  const fail = (why: Error): void => {
    log.fatal({ why: why.message }, 'a part of the controller has failed');
    process.exit(1);
  };
  const started = await startController(options, { required: [FOLDER_SOURCE], traffic: 'real' }, stateFolder(options, 'files', process.env), log, fail);
  const end = await feedFolder(started.controller, options.watch, inThread(fail), log);
  stopOnSignals(async () => {
    end();
    await started.stop();
  });
}

/** Longer than an enforcer waits before it calls again. */
const NODES_RETURN_MS = 35_000;

/**
 * There is no orchestrator: what runs where is what enforcers say of their own hosts. Where something
 * is approved already they are waited for, so that nobody is cut off from a host that has not called yet.
 */
async function runNodes(options: ControllerProcessOptions): Promise<void> {
  const log = createLog();
  const started = await startController(options, { required: [NODES_SOURCE], traffic: 'real' }, stateFolder(options, 'nodes', process.env), log, (why) => {
    log.fatal({ why: why.message }, 'a part of the controller has failed');
    process.exit(1);
  });
  const { sources, state } = started.controller;
  sources.add(NODES_SOURCE, 'hosts', true);
  const waiting = setTimeout(() => {
    sources.setInSync(NODES_SOURCE, true);
  }, currentNumber(state) === 0 ? 0 : NODES_RETURN_MS);
  stopOnSignals(async () => {
    clearTimeout(waiting);
    await started.stop();
  });
}

async function runKubernetes(options: ControllerProcessOptions, connection: ClusterConnection): Promise<void> {
  const log = createLog();
  for (const { code, subject, message, hint } of connection.weaknesses) log.warn({ code, subject, hint }, message);
  const started = await startController(options, { required: [KUBERNETES_SOURCE], traffic: 'real', cluster: connection }, stateFolder(options, 'kubernetes', process.env), log, (why) => {
    log.fatal({ why: why.message }, 'a part of the controller has failed');
    process.exit(1);
  });
  const end = feedKubernetes(started.controller, connection, log);
  stopOnSignals(async () => {
    await end();
    await started.stop();
    connection.close();
  });
}
