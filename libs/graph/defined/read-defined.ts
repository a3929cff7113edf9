import type { Relationship, Snapshot } from '#model';

import type { ServiceBackends } from '../service-backends.ts';
import { alertmanagerMesh, alertReceivers } from './alerting.ts';
import { apiServerCallbacks } from './api-server-callbacks.ts';
import { apiServerClients } from './api-server-clients.ts';
import { relationshipOf } from './defined-flow.ts';
import { discoveredTargets } from './discovered-targets.ts';
import type { Discovery } from './discovery.ts';
import { monitoredTargets } from './monitors.ts';
import { outsideClients } from './outside-clients.ts';
import { routes } from './routes.ts';
import { scrapeAnnotations } from './scrape-annotations.ts';
import { scrapersOf } from './scrapers.ts';

/** Relationships that objects create by what they are, whatever any text mentions. */
export function readDefined(snapshot: Snapshot, backends: ServiceBackends, discoveries: readonly Discovery[]): readonly Relationship[] {
  const scrapers = scrapersOf(snapshot);
  const flows = [
    apiServerClients(snapshot),
    apiServerCallbacks(snapshot, backends),
    routes(snapshot, backends),
    outsideClients(snapshot, backends),
    monitoredTargets(snapshot, backends, scrapers),
    alertReceivers(backends, scrapers),
    alertmanagerMesh(snapshot),
    scrapeAnnotations(snapshot, backends, discoveries),
    discoveredTargets(snapshot, backends, discoveries),
  ];
  return flows.flat().map(relationshipOf);
}
