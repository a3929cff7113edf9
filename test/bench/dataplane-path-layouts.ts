import { spawnSync } from 'node:child_process';

import { layOutRuleset, type NodeBundle, type Profile } from '#compilers/nftables';
import { ConnectionListener, NetlinkDriver } from '#dataplane';
import { type Address, addressFromBits, parseAddress } from '#model';

import type { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { CLIENT, SERVER } from '../kernel/visibility-world.ts';
import { bundleWith, makePod, makeProfile, peerAddress, profileName } from '../support/node-bundles.ts';
import { toolEnvironment } from '../support/system.ts';

export const PORT = 8080;
const CLIENT_ADDRESSES = [parseAddress(CLIENT.four)!, parseAddress(CLIENT.six)!];
const SERVER_ADDRESSES = [parseAddress(SERVER.four)!, parseAddress(SERVER.six)!];
const MOST_PROFILES = 50;

/** Heard while packets pass; undefined where nobody listens. */
export interface Loaded {
  readonly events?: () => number;
  readonly close: () => void;
}

/** One way a router may be set up between the client and the server. */
export interface Layout {
  readonly name: string;
  readonly load: (router: NetworkNamespace) => Loaded;
}

const nothing: Loaded = { close: () => undefined };

export const PLAIN = 'ctonly';

/** Everything that is compared with plain tracking; the first is plain tracking itself, and says what the noise is. */
export function layouts(): readonly Layout[] {
  return [
    { name: 'control', load: plain },
    { name: 'none', load: () => nothing },
    ringfence(1, 10),
    ringfence(500, 10),
    ringfence(1, 100_000),
    ringfence(500, 100_000),
    ringfence(500, 100_000, 'events'),
    ringfence(500, 100_000, 'identified'),
    ...(hasLegacy() ? [linear(1_000), linear(10_000), kubeRouter(100), kubeRouter(500)] : []),
    kubeRouterNft(500),
  ];
}

/** Tracking, and established connections let through. */
export function plain(router: NetworkNamespace): Loaded {
  run(router, 'nft', 'table inet plain { chain forward { type filter hook forward priority -10; ct state established,related accept; }; }\n');
  return nothing;
}

/** Our rules: so many pods, and so many addresses of peers in either family; the server's profile lets the client in. */
function ringfence(pods: number, elements: number, how?: 'events' | 'identified'): Layout {
  const suffix = how === undefined ? '' : `, ${how}`;
  return {
    name: `ringfence ${String(pods)} pods ${String(elements)} elements${suffix}`,
    load: (router) => {
      const driver = new NetlinkDriver({ namespacePath: router.path });
      const commit = driver.replace(layOutRuleset(bundleOf(pods, elements), 1, { isIdentifying: how === 'identified' }));
      if (commit.kind !== 'committed') throw new Error(`load rules: ${commit.why}`);
      const listener = how === undefined ? undefined : listen(router);
      return {
        ...(listener === undefined ? {} : { events: listener.events }),
        close: () => {
          listener?.close();
          driver.close();
        },
      };
    },
  };
}

function listen(router: NetworkNamespace): { readonly events: () => number; readonly close: () => void } {
  let events = 0;
  const listener = new ConnectionListener(
    {
      connection: (change) => {
        if (change === 'new') events += 1;
      },
      lost: (count) => {
        throw new Error(`dataplane-path: ${String(count)} events lost`);
      },
      resynced: () => undefined,
      unreadable: () => {
        throw new Error('dataplane-path: an event cannot be read');
      },
    },
    { namespacePath: router.path },
  );
  return {
    events: () => events,
    close: () => {
      listener.close();
    },
  };
}

/** Pod 0 is the server; see node-bundles.ts for the others. */
export function bundleOf(pods: number, elements: number): NodeBundle {
  const profiles = Math.min(pods, MOST_PROFILES);
  const share = Math.floor(elements / profiles);
  const [client4, client6] = CLIENT_ADDRESSES;
  const server = { pod: 'shop/server', addresses: SERVER_ADDRESSES, ingress: profileName(0) };
  const bundle = bundleWith(
    [server, ...Array.from({ length: pods - 1 }, (_, at) => makePod(at + 1, profiles))],
    Array.from({ length: profiles }, (_, at) => {
      const places = Array.from({ length: at === 0 ? share - 1 : share }, (__, place) => at * share + place);
      const isServers = at === 0;
      return withBoth(
        makeProfile(at, [...(isServers ? [client4!.text] : []), ...places.map((place) => peerAddress(place).text)]),
        [...(isServers ? [client6!.text] : []), ...places.map((place) => peer6(place).text)],
      );
    }),
  );
  return { ...bundle, local4: ['10.64.1.0/24', '10.64.2.0/23', '10.65.0.0/24'], local6: ['fd00:64::100/120', 'fd00:64::200/119', 'fd00:65::/64'] };
}

function peer6(at: number): Address {
  return addressFromBits(6, (0xfd00_0128n << 96n) + BigInt(at + 1));
}

function withBoth(profile: Profile, elements6: readonly string[]): Profile {
  const namespaced = profile.namespaced.map((rule) => ({
    ...rule,
    matches: rule.matches.map((match) => (match.kind === 'peer' && match.peer !== 'any' ? { ...match, peer: { ...match.peer, elements6 } } : match)),
  }));
  return { ...profile, namespaced };
}

/** One rule for each peer, tried one after another; the client is the last. */
function linear(rules: number): Layout {
  return {
    name: `iptables linear ${String(rules)} rules`,
    load: (router) => {
      for (const [at, address] of CLIENT_ADDRESSES.entries()) {
        const others = Array.from({ length: rules - 1 }, (_, place) => (address.family === 4 ? peerAddress(place) : peer6(place)).text);
        restore(router, at, [':FORWARD ACCEPT [0:0]', established('FORWARD'), ...[...others, address.text].map((peer) => `-A FORWARD -s ${peer} -p tcp --dport ${String(PORT)} -j ACCEPT`), '-A FORWARD -j DROP']);
      }
      return nothing;
    },
  };
}

/** Two jumps for each pod, one after another, and established connections only told apart behind them; the server is the last pod. */
function kubeRouter(pods: number): Layout {
  return {
    name: `kube-router iptables ${String(pods)} pods`,
    load: (router) => {
      for (const [at, server] of SERVER_ADDRESSES.entries()) {
        const addresses = podsBefore(server, pods);
        restore(router, at, [
          ':FORWARD ACCEPT [0:0]',
          ':KUBE-ROUTER-FORWARD - [0:0]',
          ...addresses.map((_, pod) => `:KUBE-POD-FW-${String(pod)} - [0:0]`),
          '-A FORWARD -j KUBE-ROUTER-FORWARD',
          ...addresses.flatMap((address, pod) => [`-A KUBE-ROUTER-FORWARD -d ${address} -j KUBE-POD-FW-${String(pod)}`, `-A KUBE-ROUTER-FORWARD -s ${address} -j KUBE-POD-FW-${String(pod)}`]),
          ...addresses.flatMap((_, pod) => [
            established(`KUBE-POD-FW-${String(pod)}`),
            `-A KUBE-POD-FW-${String(pod)} -s ${CLIENT_ADDRESSES[at]!.text} -p tcp --dport ${String(PORT)} -j ACCEPT`,
            `-A KUBE-POD-FW-${String(pod)} -j REJECT`,
          ]),
        ]);
      }
      return nothing;
    },
  };
}

/** The same as its layout for nftables has it. */
function kubeRouterNft(pods: number): Layout {
  return {
    name: `kube-router nft ${String(pods)} pods`,
    load: (router) => {
      const families = SERVER_ADDRESSES.map((server, at) => ({ word: server.family === 4 ? 'ip' : 'ip6', client: CLIENT_ADDRESSES[at]!.text, addresses: podsBefore(server, pods) }));
      const chains = Array.from({ length: pods }, (_, pod) =>
        [`chain fw${String(pod)} {`, 'counter ct state established,related accept', ...families.map(({ word, client }) => `${word} saddr ${client} tcp dport ${String(PORT)} counter accept`), 'counter reject', '}'].join('\n'),
      );
      const jumps = families.flatMap(({ word, addresses }) => addresses.flatMap((address, pod) => [`${word} daddr ${address} counter jump fw${String(pod)}`, `${word} saddr ${address} counter jump fw${String(pod)}`]));
      // each family has a table of its own there, and pays for its own jumps only
      const perFamily = families.map(({ word }) => `table ${word} router {\n${chains.map((chain) => only(chain, word)).join('\n')}\nchain forward {\ntype filter hook forward priority 0;\n${jumps.filter((jump) => jump.startsWith(`${word} `)).join('\n')}\n}\n}`);
      run(router, 'nft', `${perFamily.join('\n')}\n`);
      return nothing;
    },
  };
}

function only(chain: string, word: string): string {
  const other = word === 'ip' ? 'ip6 ' : 'ip ';
  return chain.split('\n').filter((line) => !line.startsWith(other)).join('\n');
}

function podsBefore(server: Address, pods: number): readonly string[] {
  return [...Array.from({ length: pods - 1 }, (_, at) => makePod(at + 1, 1).addresses[server.family === 4 ? 0 : 1]!.text), server.text];
}

function established(chain: string): string {
  return `-A ${chain} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT`;
}

function restore(router: NetworkNamespace, at: number, lines: readonly string[]): void {
  run(router, at === 0 ? 'iptables-legacy-restore' : 'ip6tables-legacy-restore', `*filter\n${lines.join('\n')}\nCOMMIT\n`, []);
}

function hasLegacy(): boolean {
  const isThere = ['iptables-legacy-restore', 'ip6tables-legacy-restore'].every((command) => spawnSync(command, ['--version'], { env: toolEnvironment }).status === 0);
  if (!isThere) process.stderr.write('dataplane-path: without iptables: it is not installed\n');
  return isThere;
}

export function run(namespace: NetworkNamespace, command: string, input: string, args: readonly string[] = ['-f', '-']): string {
  const { status, stdout, stderr, error } = namespace.run(() => spawnSync(command, args, { input, env: toolEnvironment, encoding: 'utf8' }));
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr.slice(0, 500)}`);
  return stdout;
}
