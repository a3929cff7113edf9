// How long bytes of a connection still arrive once the policy forbids it: from the moment the delta
// is handed over to the last byte, whichever end sends; with our table, with the element taken out
// and nothing else, and with `conntrack -D` after that.
import { spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';

import type { NodeBundle } from '#compilers/nftables';
import { ConntrackSweep, NetlinkDriver, NodeTable } from '#dataplane';

import { CLIENT, SERVER, VisibilityWorld } from '../kernel/visibility-world.ts';
import { installMissingTools, toolEnvironment, whyUnusable } from '../support/system.ts';
import { StreamEnd } from './dataplane-cut-stream.ts';
import { bundleOf, PORT, run } from './dataplane-path-layouts.ts';

const SIZE = { pods: 500, elements: 100_000 };
const TRIALS = Number(process.argv[2] ?? 8);
const BASELINE_TRIALS = 2;
const FLOWING_MS = 40;
const WATCHED_MS = { ours: 300, baseline: 1_500 };
const BUDGET_MS = 5;

type Direction = 'client-push' | 'server-push';

const DIRECTIONS = ['client-push', 'server-push'] as const;
const FAMILIES = [4, 6] as const;
type Family = (typeof FAMILIES)[number];

/** A way to let the client in, and to shut it out. */
interface Way {
  readonly name: string;
  readonly allow: () => void;
  readonly forbid: (family: Family) => void;
  readonly watchedMs: number;
  readonly trials: number;
  readonly close: () => void;
}

interface Cut {
  readonly lastByteMs: readonly number[];
  readonly takenMs: readonly number[];
  /** Bytes arrived until nobody looked any more. */
  readonly stillFlowing: number;
}

function ours(world: VisibilityWorld): Way {
  const driver = new NetlinkDriver({ namespacePath: world.node.path });
  const table = new NodeTable({ driver, sweep: new ConntrackSweep({ namespacePath: world.node.path }) });
  const open = bundleOf(SIZE.pods, SIZE.elements);
  const [first, ...others] = open.profiles;
  const shut: NodeBundle = { ...open, hash: 'shut', profiles: [withoutClient(first!), ...others] };
  const apply = (bundle: NodeBundle): void => {
    const report = table.apply(bundle);
    if (report.kind !== 'applied') throw new Error(`dataplane-cut: ${report.why}`);
  };
  apply(open);
  return {
    name: 'ringfence',
    allow: () => {
      apply(open);
      // as an enforcer does when nothing is urgent
      table.prepare();
    },
    forbid: () => {
      apply(shut);
    },
    watchedMs: WATCHED_MS.ours,
    trials: TRIALS,
    close: () => {
      table.remove();
      driver.close();
    },
  };
}

function withoutClient(profile: NodeBundle['profiles'][number]): NodeBundle['profiles'][number] {
  const isClient = (text: string): boolean => text === CLIENT.four || text === CLIENT.six;
  const namespaced = profile.namespaced.map((rule) => ({
    ...rule,
    matches: rule.matches.map((match) => {
      if (match.kind !== 'peer' || match.peer === 'any') return match;
      const { peer } = match;
      return { ...match, peer: { ...peer, digest: `${peer.digest}, shut`, elements4: peer.elements4.filter((text) => !isClient(text)), elements6: peer.elements6.filter((text) => !isClient(text)) } };
    }),
  }));
  return { ...profile, digest: `${profile.digest}, shut`, namespaced };
}

/** What is usual: established connections first, then who may. */
function usual(world: VisibilityWorld, deletes: boolean): Way {
  const sets = [
    { name: 'peers4', type: 'ipv4_addr', word: 'ip', client: CLIENT.four, server: SERVER.four },
    { name: 'peers6', type: 'ipv6_addr', word: 'ip6', client: CLIENT.six, server: SERVER.six },
  ];
  const node = world.node;
  const declared = sets.map(({ name, type }) => `set ${name} { type ${type}; }`).join('\n');
  const rules = sets.flatMap(({ name, word, server }) => [`${word} daddr ${server} ${word} saddr @${name} tcp dport ${String(PORT)} accept`, `${word} daddr ${server} meta l4proto tcp drop`]);
  run(node, 'nft', `table inet usual {\n${declared}\nchain forward {\ntype filter hook forward priority -10;\nct state established,related accept\n${rules.join('\n')}\n}\n}\n`);
  const change = (verb: string): void => {
    run(node, 'nft', sets.map(({ name, client }) => `${verb} element inet usual ${name} { ${client} }\n`).join(''));
  };
  return {
    name: deletes ? 'element and conntrack -D' : 'element only',
    allow: () => {
      change('add');
    },
    forbid: (family) => {
      change('delete');
      if (deletes) node.run(() => spawnSync('conntrack', ['-D', '-f', `ipv${String(family)}`, '-s', family === 4 ? CLIENT.four : CLIENT.six], { env: toolEnvironment }));
    },
    watchedMs: WATCHED_MS.baseline,
    trials: BASELINE_TRIALS,
    close: () => {
      run(node, 'nft', 'delete table inet usual\n');
    },
  };
}

async function measure(way: Way, direction: Direction, family: Family, server: StreamEnd, client: StreamEnd): Promise<Cut> {
  const lastByteMs: number[] = [];
  const takenMs: number[] = [];
  let stillFlowing = 0;
  for (let at = 0; at < way.trials; at += 1) {
    way.allow();
    const receiver = direction === 'client-push' ? server : client;
    await client.tell(direction === 'client-push' ? 'pull' : 'push');
    await until(receiver, (bytes) => bytes > 2_000);
    await wait(FLOWING_MS);
    const from = process.hrtime.bigint();
    way.forbid(family);
    takenMs.push(milliseconds(process.hrtime.bigint() - from));
    await wait(way.watchedMs);
    const asked = process.hrtime.bigint();
    const { last } = await receiver.tell('when');
    lastByteMs.push(milliseconds(BigInt(last) - from));
    // one that is cut has been silent for most of the time
    if (asked - BigInt(last) < BigInt(way.watchedMs) * 500_000n) stillFlowing += 1;
  }
  return { lastByteMs: sorted(lastByteMs), takenMs: sorted(takenMs), stillFlowing };
}

async function until(end: StreamEnd, holds: (bytes: number) => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!holds((await end.tell('when')).bytes)) {
    if (performance.now() > deadline) throw new Error('dataplane-cut: nothing flows that is allowed');
    await wait(5);
  }
}

function milliseconds(nanoseconds: bigint): number {
  return Math.round(Number(nanoseconds) / 1_000) / 1_000;
}

function sorted(values: readonly number[]): readonly number[] {
  return [...values].sort((a, b) => a - b);
}

async function main(): Promise<void> {
  installMissingTools();
  const missing = whyUnusable('conntrack');
  if (missing !== undefined) process.stderr.write(`dataplane-cut: without conntrack -D: ${missing}\n`);
  const world = new VisibilityWorld();
  const closing: { close: () => void }[] = [];
  try {
    const server = new StreamEnd(world.server, ['serve', String(PORT)]);
    closing.push(server);
    await server.says();
    const clients = new Map<Family, StreamEnd>();
    for (const family of FAMILIES) {
      const [from, to] = family === 4 ? [CLIENT.four, SERVER.four] : [CLIENT.six, SERVER.six];
      const client = new StreamEnd(world.client, ['connect', from, to, String(PORT)]);
      closing.push(client);
      await client.says();
      clients.set(family, client);
    }
    const results: unknown[] = [];
    const oursMs: number[] = [];
    for (const make of [ours, (each: VisibilityWorld) => usual(each, false), ...(missing === undefined ? [(each: VisibilityWorld) => usual(each, true)] : [])]) {
      const way = make(world);
      for (const family of FAMILIES) {
        for (const direction of DIRECTIONS) {
          process.stderr.write(`dataplane-cut: ${way.name}, ${direction}, IPv${String(family)}\n`);
          const cut = await measure(way, direction, family, server, clients.get(family)!);
          if (way.name === 'ringfence') oursMs.push(...cut.lastByteMs);
          results.push({ way: way.name, direction, family, ...cut });
        }
      }
      way.close();
    }
    process.stdout.write(`${JSON.stringify({ bench: 'dataplane-cut', budgetMs: BUDGET_MS, ...SIZE, watchedMs: WATCHED_MS, oursMs: { median: sorted(oursMs)[oursMs.length >> 1], most: Math.max(...oursMs) }, results })}\n`);
  } finally {
    for (const each of closing) each.close();
    await world.close();
  }
}

await main();
