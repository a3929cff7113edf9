import { isAbsolute } from 'node:path';
import { parseArgs } from 'node:util';

import { isPortNumber } from '#model';

export interface EnforcerOptions {
  readonly bundle: string | undefined;
  readonly state: string;
  readonly driver: 'auto' | 'netlink' | 'nft' | 'iptables';
  readonly namespacePath: string | undefined;
  /** A file, `-` for standard output, or nowhere. */
  readonly report: string | undefined;
  /** Undefined: no local orders are taken. */
  readonly socket: string | undefined;
  readonly confirmWithinMs: number;
  readonly watchesFlows: boolean;
  /** Looks for the programs behind pods' connections, a few times a second. */
  readonly findsProcesses: boolean;
  /** Shows what is spoken to the flow watcher. */
  readonly identifies: boolean;
  /** The bits of connection marks that are ours; all where undefined. */
  readonly ownedMark: number | undefined;
  /** The socket of the Docker engine here, `auto` for the usual one, or `off`. */
  readonly docker: string;
  /** Tells the controller of this host's own programs: systemd units and what they listen on. */
  readonly tellsUnits: boolean;
  /** Undefined: nobody tells this node what to enforce but a file and people on it. */
  readonly controller: ControllerPlace | undefined;
}

/** Where the controller is, and what this node proves itself to it with. */
export interface ControllerPlace {
  /** `HOST:PORT` or `[IPV6]:PORT`. */
  readonly address: string;
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

export type OptionsReading = { readonly kind: 'options'; readonly options: EnforcerOptions } | { readonly kind: 'help' } | { readonly kind: 'problem'; readonly why: string };

export const HELP = `ringfence-enforcer: makes this node's kernel hold exactly the approved rules

  --bundle FILE           what to enforce; taken up again whenever the file is replaced
  --state DIR             last confirmed bundle, and what is meant to happen (/var/lib/ringfence)
  --driver NAME           auto, netlink, nft or iptables (auto)
  --netns PATH            network namespace to enforce in (that of the process)
  --report FILE|-         reports as JSON lines
  --socket PATH|none      local orders: ringfence node (/run/ringfence/enforcer.sock)
  --confirm-within SECS   how long rules for the node itself stay without being confirmed (60)
  --flows on|off          watch and report connections (on)
  --processes on|off      look for the programs behind pods' connections; only with flows; needs
                          CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, and the host's processes (off)
  --identify on|off       tell protocols by first payloads; only with flows (on)
  --mark-mask 0xMASK      bits of connection marks that are ours, at least 8; needs --flows off (all)
  --docker SOCKET|auto|off  tell the controller of the containers of this engine (auto)
  --controller HOST:PORT  take bundles from this controller, instead of a file; needs:
  --cert FILE, --key FILE   what this node proves itself with (\`ringfence node cert NAME\`)
  --ca FILE               whom it trusts to say who the controller is
  --units on|off          tell the controller of this host's systemd units and their ports; needs the same (off)
  --help

Each option can be given as an environment variable too: RINGFENCE_BUNDLE, RINGFENCE_STATE, …
`;

const NAMES = ['bundle', 'state', 'driver', 'netns', 'report', 'socket', 'confirm-within', 'flows', 'processes', 'identify', 'mark-mask', 'docker', 'units', 'controller', 'cert', 'key', 'ca'] as const;
const DRIVERS = ['auto', 'netlink', 'nft', 'iptables'] as const;
const MOST_CONFIRM_S = 86_400;

/** Reads options, and what they do not say from the environment. */
export function readOptions(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): OptionsReading {
  let given: Readonly<Record<string, string | boolean | undefined>>;
  try {
    const strings = Object.fromEntries(NAMES.map((name) => [name, { type: 'string' as const }]));
    given = parseArgs({ args: [...args], options: { ...strings, help: { type: 'boolean' } }, strict: true, allowPositionals: false }).values;
  } catch (error) {
    return problem(error instanceof Error ? error.message : String(error));
  }
  if (given['help'] === true) return { kind: 'help' };
  const value = (name: (typeof NAMES)[number]): string | undefined => {
    const option = given[name];
    const text = typeof option === 'string' ? option : environment[`RINGFENCE_${name.toUpperCase().replaceAll('-', '_')}`];
    return text === '' ? undefined : text;
  };
  const driver = DRIVERS.find((each) => each === (value('driver') ?? 'auto'));
  if (driver === undefined) return problem(`--driver ${value('driver') ?? ''}: there are ${DRIVERS.join(', ')}`);
  const seconds = Number(value('confirm-within') ?? '60');
  if (!(seconds >= 1 && seconds <= MOST_CONFIRM_S)) return problem(`--confirm-within ${value('confirm-within') ?? ''}: give seconds, from 1 to ${String(MOST_CONFIRM_S)}`);
  const flows = value('flows') ?? 'on';
  if (flows !== 'on' && flows !== 'off') return problem(`--flows ${flows}: on or off`);
  const processes = value('processes') ?? 'off';
  if (processes !== 'on' && processes !== 'off') return problem(`--processes ${processes}: on or off`);
  const identify = value('identify') ?? 'on';
  if (identify !== 'on' && identify !== 'off') return problem(`--identify ${identify}: on or off`);
  const mask = value('mark-mask');
  if (mask !== undefined && !/^0x[0-9a-fA-F]{1,8}$/.test(mask)) return problem(`--mark-mask ${mask}: give a mask, such as 0xffff0000`);
  if (mask !== undefined && flows === 'on') return problem('--mark-mask: the rules of flows are read from the whole mark only; say --flows off too');
  const docker = value('docker') ?? 'auto';
  if (docker !== 'auto' && docker !== 'off' && !isAbsolute(docker)) return problem(`--docker ${docker}: give an absolute path, auto or off`);
  const controller = controllerFrom(value('controller'), value('cert'), value('key'), value('ca'));
  if (typeof controller === 'string') return problem(controller);
  if (controller !== undefined && value('bundle') !== undefined) return problem('--controller and --bundle: one or the other says what is enforced');
  const units = value('units') ?? 'off';
  if (units !== 'on' && units !== 'off') return problem(`--units ${units}: on or off`);
  if (units === 'on' && value('netns') !== undefined) return problem('--units: only programs in the network of the enforcer itself are seen; leave out --netns');
  const socket = value('socket') ?? '/run/ringfence/enforcer.sock';
  if (socket !== 'none' && !isAbsolute(socket)) return problem(`--socket ${socket}: give an absolute path, or none`);
  return {
    kind: 'options',
    options: {
      bundle: value('bundle'),
      state: value('state') ?? '/var/lib/ringfence',
      driver,
      namespacePath: value('netns'),
      report: value('report'),
      socket: socket === 'none' ? undefined : socket,
      confirmWithinMs: seconds * 1_000,
      watchesFlows: flows === 'on',
      findsProcesses: flows === 'on' && processes === 'on',
      identifies: flows === 'on' && identify === 'on',
      ownedMark: mask === undefined ? undefined : Number(mask),
      docker,
      tellsUnits: units === 'on',
      controller,
    },
  };
}

function controllerFrom(address: string | undefined, certificate: string | undefined, key: string | undefined, authority: string | undefined): ControllerPlace | string | undefined {
  if (address === undefined) return certificate === undefined && key === undefined && authority === undefined ? undefined : '--cert, --key and --ca are for --controller, which is missing';
  const match = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})$/.exec(address);
  if (match === null || !isPortNumber(Number(match[1]))) return `--controller ${address}: give HOST:PORT, or [ADDRESS]:PORT for IPv6`;
  if (certificate === undefined || key === undefined || authority === undefined) return '--controller needs --cert, --key and --ca';
  return { address, certificate, key, authority };
}

function problem(why: string): OptionsReading {
  return { kind: 'problem', why };
}
