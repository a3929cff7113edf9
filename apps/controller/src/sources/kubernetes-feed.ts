import { type ClusterConnection, KubernetesSource, type KindStatus } from '#sources/kubernetes/watch';
import { systemClock } from '#sources/waiting';
import type { Logger } from 'pino';

import type { Controller } from '../controller.ts';

/** What the cluster is called in its updates. */
export const KUBERNETES_SOURCE = 'kubernetes';

/** Follows a cluster on and on; gives the function that ends it. */
export function feedKubernetes(controller: Pick<Controller, 'sources' | 'update'>, connection: ClusterConnection, log: Logger): () => Promise<void> {
  const { sources } = controller;
  const degraded = new Map<string, KindStatus>();
  let isInSync = false;
  sources.add(KUBERNETES_SOURCE, KUBERNETES_SOURCE, true);
  const state = (): void => {
    const [first, ...rest] = degraded.values();
    if (!isInSync) return;
    if (first === undefined) sources.setState(KUBERNETES_SOURCE, 'in sync');
    else sources.setState(KUBERNETES_SOURCE, 'degraded', `${first.kind} cannot be read${first.why === undefined ? '' : `: ${first.why}`}${rest.length === 0 ? '' : `; and ${String(rest.length)} more kinds`}`);
  };
  const source = new KubernetesSource({
    connection,
    clock: systemClock,
    random: Math.random,
    name: KUBERNETES_SOURCE,
    handlers: {
      update: (update) => {
        controller.update(update);
      },
      inSync: () => {
        log.info({ server: connection.server }, 'the cluster has told all it knows');
        isInSync = true;
        sources.setInSync(KUBERNETES_SOURCE, true);
        state();
      },
      behind: () => {
        log.warn({ server: connection.server }, 'the cluster cannot be read just now; what it said last counts');
        isInSync = false;
        sources.setInSync(KUBERNETES_SOURCE, false, 'the API server cannot be read just now');
      },
      status: (kind) => {
        // nothing hangs on a custom kind nobody here knows
        if (kind.need !== 'never' && (kind.state === 'denied' || kind.state === 'failing')) degraded.set(kind.kind, kind);
        else degraded.delete(kind.kind);
        state();
      },
      problem: ({ code, severity, subject, message, hint }) => {
        // whoever waits for a cluster that has not told all it knows wants to see why in the status too
        if (!isInSync && (code === 'cluster-unreachable' || severity === 'error')) sources.setState(KUBERNETES_SOURCE, 'syncing', message);
        log[severity === 'error' ? 'error' : 'warn']({ code, subject, hint }, message);
      },
    },
  });
  source.start();
  return () => source.stop();
}
