import { type GraphPeer, type Relationship, type Snapshot, type WorkloadKey, workloadKey } from '#model';

import { mountedTexts, textMatcher } from '../mounted-text.ts';
import type { ServiceBackends } from '../service-backends.ts';

const MONITORS: ReadonlySet<string> = new Set(['service-monitor', 'pod-monitor', 'scrape-annotation']);
const SCRAPE_FILE = /^"?scrape_configs"?:/m;

/**
 * Tells relationships behind which there is nothing but being monitored: they say nothing about
 * who else calls the server, and nothing about how explicit its real clients' settings are.
 */
export function monitoring(snapshot: Snapshot, backends: ServiceBackends): (relationship: Relationship) => boolean {
  const scrapes = textMatcher(SCRAPE_FILE);
  const otherTexts = new Map<WorkloadKey, string>();
  for (const [key, workload] of snapshot.workloads) {
    const texts = mountedTexts(workload, snapshot).filter(({ text }) => scrapes(text));
    if (texts.length > 0) otherTexts.set(key, texts.map(({ text }) => withoutScraping(text)).join('\n'));
  }
  const namesOf = (peer: GraphPeer): readonly string[] => {
    const workload = typeof peer === 'string' ? undefined : snapshot.workloads.get(workloadKey(peer));
    return workload === undefined ? [] : backends.servicesOf(workload).map(({ name }) => name);
  };
  return ({ from, to, evidence }) => {
    if (from === 'prometheus' || evidence.every(({ source }) => MONITORS.has(source))) return true;
    const otherText = typeof from === 'string' ? undefined : otherTexts.get(workloadKey(from));
    if (otherText === undefined || !evidence.every(({ source }) => source.endsWith('file'))) return false;
    return !namesOf(to).some((name) => otherText.includes(name));
  };
}

/** What is left of a Prometheus configuration without its list of targets: alerting, remote write and the like. */
function withoutScraping(text: string): string {
  let isInside = false;
  return text
    .split('\n')
    .filter((line) => {
      if (/^["\w]/.test(line)) isInside = SCRAPE_FILE.test(line);
      return !isInside;
    })
    .join('\n');
}
