import type { Snapshot } from '#model';

import type { ServiceBackends } from '../service-backends.ts';
import { type DefinedFlow, definedBy } from './defined-flow.ts';

/** Webhooks, aggregated APIs and conversions: the API server calls the pods behind the Service they name. */
export function apiServerCallbacks(snapshot: Snapshot, backends: ServiceBackends): readonly DefinedFlow[] {
  return snapshot.apiServerCallbacks.flatMap(({ kind, name, target, origin }) =>
    backends.backendsOfTarget(target).map(({ workload, port, protocol }): DefinedFlow => {
      const text = `the API server calls Service ${target.namespace}/${target.service} because of ${kind} ${name}`;
      return {
        from: 'kube-apiserver',
        to: workload.ref,
        port,
        protocol,
        application: 'https',
        confidence: 0.97,
        evidence: definedBy(sourceOf(kind), origin, `${kind} ${name}`, text),
      };
    }),
  );
}

function sourceOf(kind: string): string {
  if (kind === 'APIService') return 'api-service';
  return kind === 'CustomResourceDefinition' ? 'conversion-webhook' : 'webhook';
}
