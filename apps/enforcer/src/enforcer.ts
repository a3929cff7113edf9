import type { NodeBundle } from '#compilers/nftables';
import { carryOut, chooseDriver, ConntrackSweep, countConnections, FlowThread, type FlowThreadOptions, type LocalPod, NodeKeeper, type NodeOrder, type NodeReply, type NodeReport } from '#dataplane';
import { hostAddresses } from '#sources/hosts';

import { readBundleFile, watchBundleFile } from './bundle-watch.ts';
import { excessCapabilities } from './capabilities.ts';
import type { ControllerLink } from './channel/controller-link.ts';
import { nodeName } from './channel/node-name.ts';
import type { Log } from './log.ts';
import { dockerMetadata, engineSocket } from './metadata/docker-metadata.ts';
import { hostMetadata } from './metadata/host-metadata.ts';
import { NodeMetadata } from './metadata/node-metadata.ts';
import type { EnforcerOptions } from './options.ts';
import { openOrderSocket } from './order-socket.ts';
import { openReportFile } from './report-file.ts';
import { StartRaces } from './start-race.ts';

export interface Enforcer {
  /** Ends the process's part; the kernel goes on. */
  stop(): Promise<void>;
}

const PREPARE_EVERY_MS = 30_000;

/**
 * One node, from its bundle to its reports.
 *
 * ```
 *  bundle file ──► NodeKeeper ──► kernel        local orders ──► NodeKeeper
 *   state folder ◄─┘     │  ◄── drift            (socket)
 *                        └──► log, report ◄── FlowThread ◄── connection events, log groups
 * ```
 *
 * Rules first: nothing that is only about seeing or being told keeps them from the kernel.
 */
export async function startEnforcer(options: EnforcerOptions, log: Log): Promise<Enforcer> {
  const report = openReportFile(options.report);
  const { namespacePath, bundle: path } = options;
  const place = namespacePath === undefined ? {} : { namespacePath };
  const excess = excessCapabilities(options);
  if (excess.length > 0) log('info', 'may do more than it needs to', { excess });

  const races = new StartRaces((race) => {
    log('info', 'a pod waited for its rules', { ...race });
    report.write('start-race', race);
  });
  const connections = new Map<string, number>();
  let watcher: FlowThread | undefined;
  let link: ControllerLink | undefined;
  const keeper = new NodeKeeper({
    ...chooseDriver({ ...place, ...(options.driver === 'auto' ? {} : { only: options.driver }) }),
    sweep: new ConntrackSweep({ ...place, ...(options.ownedMark === undefined ? {} : { ownedMark: options.ownedMark }) }),
    folder: options.state,
    layout: { isIdentifying: options.identifies, ...(options.ownedMark === undefined ? {} : { ownedMark: options.ownedMark }) },
    confirmWithinMs: options.confirmWithinMs,
    onReport: (told) => {
      report.write(told.kind, told);
      tell(told, log);
      link?.told(told);
      if (told.kind !== 'applied' || keeper.applied === undefined) return;
      races.committed(keeper.applied, Date.now());
      watcher?.replacePods(watchedPods(keeper.applied, keeper.applied.node, options));
    },
  });

  // watched before it is read: what replaces it meanwhile is not missed
  const file = path === undefined ? undefined : watchBundleFile(path, () => {
    const bundle = readOffered(path, log, report.write);
    if (bundle !== undefined) keeper.offer(bundle, { origin: 'file' });
  }, (why) => {
    log('error', 'the bundle file is not watched; a restart reads it again', { path, why });
  });
  const offered = path === undefined ? undefined : readOffered(path, log, report.write);
  keeper.start(offered);
  if (offered !== undefined) keeper.offer(offered, { origin: 'file' });

  const node = nodeName(options.controller, keeper.applied, log);
  const seen = (): ReadonlyMap<string, number> | undefined => (watcher === undefined ? undefined : connections);
  const orders = options.socket === undefined ? undefined : await openOrderSocket(options.socket, (order: NodeOrder, by: string): NodeReply => carryOut(keeper, order, by, seen()), log).catch((error: unknown) => {
    log('error', 'local orders are not taken', { path: options.socket, why: error instanceof Error ? error.message : String(error) });
    return undefined;
  });
  if (options.watchesFlows) {
    watcher = watchFlows({
      ...place,
      reporter: node,
      findsProcesses: options.findsProcesses,
      onReport: (flows) => {
        for (const flow of flows.flows) {
          if (flow.verdict !== 'allowed') continue;
          for (const [direction, number] of [['egress', flow.egressRule], ['ingress', flow.ingressRule]] as const) {
            if (number > 0) connections.set(`${direction} ${String(number)}`, (connections.get(`${direction} ${String(number)}`) ?? 0) + flow.connections);
          }
        }
        report.write('flows', flows);
        link?.flowsSeen(flows);
      },
      onUnknown: (address, at) => {
        races.dropped(address, at);
      },
      onTrouble: (why) => {
        // another program reads our log group, say: rules are enforced all the same
        log('error', 'connections are not watched', { why });
        watcher = undefined;
      },
    });
    watcher?.replacePods(watchedPods(keeper.applied, node, options));
    await watcher?.begun;
  }
  const metadata = nodeMetadata(options, node, log);
  if (options.controller !== undefined) {
    // what speaks gRPC is loaded only where there is somebody to speak to
    const { linkController } = await import('./channel/controller-link.ts');
    link = linkController(options.controller, node, keeper, metadata, log);
  }
  const clock = setInterval(() => {
    keeper.prepare();
    // a host gets addresses when it likes
    if (options.tellsUnits) watcher?.replacePods(watchedPods(keeper.applied, node, options));
  }, PREPARE_EVERY_MS);
  log('info', 'ready', { state: keeper.state.kind });
  report.write('ready', { state: keeper.state.kind });

  return {
    stop: async () => {
      clearInterval(clock);
      file?.stop();
      orders?.close();
      // what was seen last is still reported
      await watcher?.close();
      link?.stop();
      await metadata.stop();
      keeper.stop();
      report.write('stopped', {});
      report.close();
      log('info', 'stopped; the kernel goes on enforcing');
    },
  };
}

/** Whose connections are reported: those of pods, and where programs of the host are told of, the host's own. */
function watchedPods(bundle: NodeBundle | undefined, node: string, { tellsUnits }: EnforcerOptions): readonly LocalPod[] {
  const pods = bundle?.pods ?? [];
  return tellsUnits ? [...pods, { pod: `${node}/host itself`, addresses: hostAddresses() }] : pods;
}

/** What the controller is told of what runs here; nobody looks before it asks. */
function nodeMetadata({ docker, tellsUnits, namespacePath }: EnforcerOptions, node: string, log: Log): NodeMetadata {
  const engine = engineSocket(docker);
  const sources = [...(engine === undefined ? [] : [dockerMetadata(engine, node, namespacePath === undefined ? hostAddresses : () => [])]), ...(tellsUnits ? [hostMetadata(node, engine === undefined)] : [])];
  return new NodeMetadata(sources, ({ code, severity, subject, message, hint }) => {
    log(severity, message, { code, subject, hint });
  });
}

function readOffered(path: string, log: Log, write: (kind: string, fields: object) => void): NodeBundle | undefined {
  const offered = readBundleFile(path);
  if (offered.kind === 'bundle') return offered.bundle;
  if (offered.kind === 'none') {
    log('warning', 'there is no bundle file yet', { path });
    return undefined;
  }
  log('error', 'the bundle file is refused; what was enforced before stays', { path, why: offered.why });
  write('refused', { origin: 'file', why: offered.why, diagnostics: [] });
  return undefined;
}

function watchFlows(options: FlowThreadOptions): FlowThread | undefined {
  try {
    countConnections(options.namespacePath);
    return new FlowThread(options);
  } catch (error) {
    // the kernel has no connection events: rules are enforced all the same
    options.onTrouble(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function tell(report: NodeReport, log: Log): void {
  switch (report.kind) {
    case 'driver':
      log('info', `works with driver ${report.driver}`, { why: report.why });
      return;
    case 'applied': {
      const { how, origin, revision, hash, generation, commitMs, elements, driver } = report;
      log('info', 'bundle in place', { how, origin, revision, hash, generation, commitMs, elements, driver });
      return;
    }
    case 'refused':
      log('error', 'bundle refused; what was enforced before stays', { origin: report.origin, revision: report.revision, hash: report.hash, why: report.why });
      return;
    case 'drift': {
      const { change, differences, healed } = report;
      log('warning', differences.length === 0 ? 'somebody touched our table and changed nothing' : 'somebody changed our table', { ...change, differences, healed: healed?.kind });
      return;
    }
    case 'adopted':
      log('warning', 'what the kernel enforces goes on; its bundle is not on this node', { revision: report.revision, hash: report.hash });
      return;
    case 'trial':
      log('warning', 'bundle on trial', { revision: report.revision, until: new Date(report.until).toISOString() });
      return;
    case 'confirmed':
    case 'reverted':
    case 'panic':
    case 'resumed':
    case 'unknown':
    case 'unsaved':
      log('warning', report.kind, { ...report });
  }
}
