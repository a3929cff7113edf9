import { isJsonObject, type Json, type Snapshot, workloadKey } from '#model';

import type { ServiceBackends } from '../service-backends.ts';
import { type DefinedFlow, definedBy } from './defined-flow.ts';
import type { Scraper } from './scrapers.ts';

/** `spec.alerting.alertmanagers` of a Prometheus: where it sends its alerts. */
export function alertReceivers(backends: ServiceBackends, scrapers: readonly Scraper[]): readonly DefinedFlow[] {
  return scrapers.flatMap(({ peer, spec, resource }) => {
    const alerting = spec['alerting'];
    const receivers = isJsonObject(alerting) && Array.isArray(alerting['alertmanagers']) ? (alerting['alertmanagers'] as readonly Json[]) : [];
    return receivers.flatMap((receiver) => {
      if (!isJsonObject(receiver)) return [];
      const { name, namespace = resource.namespace, port } = receiver;
      if (typeof name !== 'string' || typeof namespace !== 'string' || (typeof port !== 'string' && typeof port !== 'number')) return [];
      const place = `${resource.kind} ${resource.namespace}/${resource.name}`;
      const text = `${place} sends its alerts to Service ${namespace}/${name}`;
      return backends.backendsOfTarget({ namespace, service: name, port }).map((backend): DefinedFlow => ({
        from: peer,
        to: backend.workload.ref,
        port: backend.port,
        protocol: backend.protocol,
        application: 'http',
        confidence: 0.97,
        evidence: definedBy('prometheus', resource.origin, `${place} spec.alerting.alertmanagers`, text),
      }));
    });
  });
}

const MESH_PORT = 9094;

/** Replicas of an Alertmanager tell each other what they have sent, over TCP and UDP. */
export function alertmanagerMesh(snapshot: Snapshot): readonly DefinedFlow[] {
  return snapshot.customResources.flatMap(({ kind, apiVersion, namespace, name, origin }) => {
    if (kind !== 'Alertmanager' || !apiVersion.startsWith('monitoring.coreos.com/')) return [];
    const ref = { namespace, kind, name };
    const replicas = snapshot.workloads.get(workloadKey(ref))?.replicas ?? 1;
    if (replicas < 2) return [];
    const text = `its ${String(replicas)} replicas form a mesh on port ${String(MESH_PORT)}`;
    return (['TCP', 'UDP'] as const).map((protocol): DefinedFlow => ({
      from: ref,
      to: ref,
      port: MESH_PORT,
      protocol,
      confidence: 0.95,
      evidence: definedBy('alertmanager', origin, `${kind} ${namespace}/${name} spec.replicas`, text),
    }));
  });
}
