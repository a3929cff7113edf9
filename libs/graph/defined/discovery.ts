import type { Snapshot, Workload } from '#model';

import { mountedTexts, textMatcher } from '../mounted-text.ts';

/** What a workload's own configuration says about finding its peers at run time. */
export interface Discovery {
  readonly workload: Workload;
  /** The file that says so. */
  readonly place: string;
  /** Whether it scrapes what asks for it by annotation. */
  readonly followsAnnotations: boolean;
}

const KUBERNETES_DISCOVERY = /^[ \t-]*"?kubernetes_sd_configs"?:/m;
const SCRAPE_ANNOTATION = 'annotation_prometheus_io_scrape';

/** Workloads whose mounted configuration finds targets through the Kubernetes API (`kubernetes_sd_configs`). */
export function discoverers(snapshot: Snapshot): readonly Discovery[] {
  const finds = textMatcher(KUBERNETES_DISCOVERY);
  const found: Discovery[] = [];
  for (const workload of snapshot.workloads.values()) {
    const texts = mountedTexts(workload, snapshot).filter(({ text }) => finds(text));
    const [first] = texts;
    if (first === undefined) continue;
    found.push({ workload, place: first.place, followsAnnotations: texts.some(({ text }) => text.includes(SCRAPE_ANNOTATION)) });
  }
  return found;
}
