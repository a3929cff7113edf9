import { placeExamplePods } from '#inventory';
import type { Snapshot } from '#model';

const standIns = new WeakMap<Snapshot, Snapshot>();

/**
 * The snapshot with an example pod for every workload that has none running now, such as a CronJob
 * between two runs: what would become of its connections can be asked all the same.
 */
export function withStandIns(snapshot: Snapshot): Snapshot {
  const known = standIns.get(snapshot);
  if (known !== undefined) return known;
  const running = new Map([...snapshot.pods].filter(([, { phase }]) => phase !== 'finished'));
  const placed = placeExamplePods({ ...snapshot, pods: running }, { nodes: 1 });
  standIns.set(snapshot, placed);
  return placed;
}
