import { carryOut, chooseDriver, ConntrackSweep, NodeIntents, NodeKeeper, type NodeOrder, type NodeReply, type NodeReport } from '#dataplane';

export interface NodePlace {
  /** The enforcer's state folder. */
  readonly state: string;
  readonly netns?: string;
}

/**
 * Carries out an order where no enforcer runs: straight on the kernel's table, and on the disk, so
 * that the next enforcer goes on from there.
 *
 * A bundle on trial keeps the process until the time to confirm is over, and is then taken away.
 */
export function withoutEnforcer(order: NodeOrder, { state, netns }: NodePlace, onReverted: (report: NodeReport) => void): NodeReply {
  const place = netns === undefined ? {} : { namespacePath: netns };
  const { ownedMark } = new NodeIntents(state).layout();
  const keeper = new NodeKeeper({
    ...chooseDriver(place),
    sweep: new ConntrackSweep({ ...place, ...(ownedMark === undefined ? {} : { ownedMark }) }),
    folder: state,
    onReport: (report) => {
      if (report.kind !== 'reverted') return;
      onReverted(report);
      setImmediate(() => {
        keeper.stop();
      });
    },
  });
  keeper.look();
  const reply = carryOut(keeper, order, `uid ${String(process.getuid?.() ?? 0)}, without an enforcer`);
  if (order.order !== 'apply' || keeper.state.kind !== 'trial') keeper.stop();
  return reply;
}
