import type { Snapshot } from '#model';

import type { ServiceBackends } from '../service-backends.ts';
import { type DefinedFlow, definedBy } from './defined-flow.ts';

/** Ingresses and Gateway API routes: the ingress controller, or the gateway's proxies, call the backends' pods. */
export function routes(snapshot: Snapshot, backends: ServiceBackends): readonly DefinedFlow[] {
  return snapshot.routes.flatMap((route) =>
    route.backends.flatMap((target) =>
      backends.backendsOfTarget(target).map(({ workload, port, protocol }): DefinedFlow => {
        const hosts = route.hosts.length === 0 ? '' : ` for ${route.hosts.slice(0, 3).join(', ')}${route.hosts.length > 3 ? ', …' : ''}`;
        const text = `${route.kind} ${route.namespace}/${route.name} leads to Service ${target.namespace}/${target.service}${hosts}`;
        const place = `${route.kind} ${route.namespace}/${route.name}`;
        return { from: route.via, to: workload.ref, port, protocol, confidence: 0.97, evidence: definedBy('route', route.origin, place, text) };
      }),
    ),
  );
}
