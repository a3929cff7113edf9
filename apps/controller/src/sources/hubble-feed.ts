import type { Logger } from 'pino';

import type { FlowReport } from '#model';
import { HubbleExport } from '#sources/flows';

/** Who takes reports that no enforcer sent. */
export interface ReportTaker {
  report(report: FlowReport): Promise<void>;
}

/** Reports that are under way at once; nothing is read beyond. */
const MOST_UNDER_WAY = 64;

/** Follows files Hubble exports flows to; gives the function that ends it. */
export function feedHubble(taker: ReportTaker, paths: readonly string[], log: Pick<Logger, 'warn'>): () => void {
  const exports = paths.map((path) => {
    let underWay = 0;
    const source = new HubbleExport({
      path,
      onReport: (report) => {
        if (underWay >= MOST_UNDER_WAY) return false;
        underWay += 1;
        taker
          .report(report)
          .catch((error: unknown) => {
            log.warn({ path, why: error instanceof Error ? error.message : String(error) }, 'flows of Hubble were not taken in');
          })
          .finally(() => {
            underWay -= 1;
          });
        return true;
      },
      onProblem: ({ message }) => {
        log.warn({ path, why: message }, "Hubble's export cannot be read; it is tried again");
      },
    });
    source.start();
    return source;
  });
  return () => {
    for (const source of exports) source.close();
  };
}
