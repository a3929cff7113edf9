import type { NotEnforced } from '#learning';
import { workloadKey } from '#model';

import { cleanText } from './clean-text.ts';

/** "Not enforced, and why": each workload and direction that is left open, grouped by the reason. */
export function notEnforcedLines(open: readonly NotEnforced[], workloads: number): readonly string[] {
  if (workloads === 0) return ['Nothing is enforced: the input holds no workload.'];
  if (open.length === 0) return ['Not enforced: nothing; every workload is covered in both directions.'];
  const byReason = new Map<string, string[]>();
  for (const { workload, direction, why } of open) {
    const reason = `${direction}: ${why}`;
    const names = byReason.get(reason) ?? [];
    names.push(workloadKey(workload));
    byReason.set(reason, names);
  }
  return ['Not enforced, and why:', ...[...byReason].flatMap(([reason, names]) => [`- ${reason}`, ...names.map((name) => `    ${name}`)])];
}

/** The lines as comments, which both YAML and nft read over. */
export function commentLines(lines: readonly string[]): string {
  return lines.map((line) => `# ${cleanText(line)}\n`).join('');
}
