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

// targets that stand in a file or are names (static, file, dns) are read where they stand
const RUN_TIME_DISCOVERY = /^[ \t-]*"?(?:kubernetes|docker|dockerswarm|consul|eureka|nomad|serverset|nerve|http|marathon)_sd_configs"?:/m;
const SCRAPE_ANNOTATION = 'annotation_prometheus_io_scrape';

/** Workloads whose mounted configuration finds targets through an API (`kubernetes_sd_configs` and its like). */
export function discoverers(snapshot: Snapshot): readonly Discovery[] {
  const finds = textMatcher(RUN_TIME_DISCOVERY);
  const found: Discovery[] = [];
  for (const workload of snapshot.workloads.values()) {
    const texts = mountedTexts(workload, snapshot).filter(({ text }) => finds(text));
    const [first] = texts;
    if (first === undefined) continue;
    found.push({ workload, place: first.place, followsAnnotations: texts.some(({ text }) => text.includes(SCRAPE_ANNOTATION)) });
  }
  return found;
}
