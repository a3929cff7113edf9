import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { type HostWays, isPortNumber } from '#model';

import { storeFolder } from './state-folder.ts';
import { faultOfPassword, type RedisPassword, urlWithPassword } from './redis-password.ts';
import { readStoreChoice, type StoreChoice } from './store-choice.ts';

/** Where what runs is read from; `auto` takes the first there is. */
export type SourceChoice = 'auto' | 'kubernetes' | 'nodes' | 'lab' | 'recorded';

export interface ControllerProcessOptions {
  /** Holds the store, the certificate authority and the log; absent: the usual place, one for each kind of source. */
  readonly state: string | undefined;
  readonly store: string;
  readonly redisPassword: RedisPassword;
  /** How many replicas of Redis have to have a decision before it counts. */
  readonly redisReplicas: number;
  /** A file with what the journal is sealed with; absent: it comes out of the authority's key. */
  readonly journalKey: string | undefined;
  /** Namespace of the Lease object that says which replica leads; absent: the store says so. */
  readonly lease: string | undefined;
  readonly source: SourceChoice;
  readonly watch: readonly string[];
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** Whether NetworkPolicies may be written to the cluster. */
  readonly mayWrite: boolean;
  readonly enforcesExisting: boolean;
  readonly folder: string | undefined;
  readonly invariants: readonly string[];
  /** Files Hubble exports flows to. */
  readonly hubble: readonly string[];
  /** A folder of rules that approve in a person's place; absent: everything waits for a person. */
  readonly autoApproval: string | undefined;
  readonly port: number;
  readonly listen: { readonly host: string; readonly port: number };
  /** Where people log in to plain hosts, however closed those are. */
  readonly ssh: Pick<HostWays, 'sshPort' | 'sshPorts'>;
  /** Begins the lab with nothing decided and nothing seen. */
  readonly isFresh: boolean;
}

export type OptionsReading = { readonly kind: 'options'; readonly options: ControllerProcessOptions } | { readonly kind: 'help' } | { readonly kind: 'problem'; readonly why: string };

export const HELP = `npm start -- [OPTIONS], or bin/ringfence-controller: watches, learns, proposes, and enforces what is approved

What runs is read from the first of these there is:
  --watch PATH            manifests or Compose files, read again when they change; may be repeated;
                          one that cannot be read says what it said last
  --kubeconfig FILE       a cluster; else that of KUBECONFIG, ~/.kube/config, or the pod it runs in
  --context NAME          another context of the kubeconfig
  --source NAME           only this one: auto, kubernetes, nodes, lab, recorded (auto)
                          nodes: no orchestrator, only what enforcers tell of Docker and plain hosts
                          lab: the example shop with real packets in network namespaces (Linux, root)
                          recorded: the same shop with recorded flows
  --hubble FILE           flows that Hubble (Cilium) exports there, read while the file grows; may be repeated

What becomes of what is approved:
  --enforce               NetworkPolicies may be written to the cluster; without it nothing ever is
  --enforce-existing      enforcers enforce the NetworkPolicies of others too: for clusters whose network does not
  --folder DIR            where namespaces of target folder have their YAML written

  --state DIR             store, certificate authority, log (~/.local/state/ringfence/SOURCE)
  --store NAME            sqlite, memory or redis://… without its password (sqlite)
  --redis-password-file FILE
                          holds the password of redis://…; or the environment does: RINGFENCE_REDIS_PASSWORD
  --redis-replicas N      how many replicas of that Redis have to have a decision before it counts (0)
  --journal-key FILE      what the journal is sealed with (comes out of the key of the certificate authority)
  --lease NAMESPACE       replicas agree on who leads by a Lease object there (else by the store)
  --port NUMBER           operator interface, on loopback only; 0 is any that is free (8470)
  --listen HOST:PORT      where enforcers connect, by mutual TLS; [IPV6]:PORT too (127.0.0.1:8471; the lab: any port)
  --ssh-port [HOST=]PORT  where people log in to plain hosts, which stays open however closed they are; for
                          all of them or one; may be repeated (22)
  --invariants FILE       what no proposal may break; may be repeated
  --auto-approval DIR     rules that approve in a person's place (none)
  --fresh                 forgets what an earlier lab saw and what was decided in it
  --help

Each option can be given as an environment variable too: RINGFENCE_STATE, RINGFENCE_STORE, …
`;

const TEXTS = ['state', 'store', 'redis-password-file', 'redis-replicas', 'journal-key', 'lease', 'source', 'kubeconfig', 'context', 'folder', 'port', 'listen', 'auto-approval'] as const;
const LISTS = ['watch', 'invariants', 'hubble', 'ssh-port'] as const;
const FLAGS = ['enforce', 'enforce-existing', 'fresh'] as const;
const SOURCES: readonly SourceChoice[] = ['auto', 'kubernetes', 'nodes', 'lab', 'recorded'];

/** Reads options, and what they do not say from the environment. */
export function readOptions(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): OptionsReading {
  let given: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  try {
    const options = {
      ...Object.fromEntries(TEXTS.map((name) => [name, { type: 'string' as const }])),
      ...Object.fromEntries(LISTS.map((name) => [name, { type: 'string' as const, multiple: true }])),
      ...Object.fromEntries([...FLAGS, 'help' as const].map((name) => [name, { type: 'boolean' as const }])),
    };
    given = parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    return problem(error instanceof Error ? error.message : String(error));
  }
  if (given['help'] === true) return { kind: 'help' };
  const fromEnvironment = (name: string): string | undefined => environment[`RINGFENCE_${name.toUpperCase().replaceAll('-', '_')}`];
  const text = (name: (typeof TEXTS)[number]): string | undefined => {
    const value = typeof given[name] === 'string' ? given[name] : fromEnvironment(name);
    return value === '' ? undefined : value;
  };
  const list = (name: (typeof LISTS)[number]): readonly string[] => {
    const values = given[name];
    const texts = Array.isArray(values) ? values.filter((value) => typeof value === 'string') : [fromEnvironment(name) ?? ''];
    return texts.filter((value) => value !== '');
  };
  const flag = (name: (typeof FLAGS)[number]): boolean => given[name] === true || ['1', 'true', 'yes'].includes(fromEnvironment(name) ?? '');

  const source = SOURCES.find((each) => each === (text('source') ?? 'auto'));
  if (source === undefined) return problem(`--source ${text('source') ?? ''}: there are ${SOURCES.join(', ')}`);
  const store = text('store') ?? 'sqlite';
  if (readStoreChoice(store, '') === undefined) return problem('--store: there are sqlite, memory and redis://…');
  const redisPassword = { password: fromEnvironment('redis-password') === '' ? undefined : fromEnvironment('redis-password'), passwordFile: text('redis-password-file') };
  const faultOfStore = faultOfPassword(store, typeof given['store'] === 'string', redisPassword);
  if (faultOfStore !== undefined) return problem(faultOfStore);
  const redisReplicas = Number(text('redis-replicas') ?? '0');
  if (!Number.isInteger(redisReplicas) || redisReplicas < 0 || redisReplicas > 10) return problem(`--redis-replicas ${text('redis-replicas') ?? ''}: give a number from 0 to 10`);
  if (redisReplicas > 0 && !store.startsWith('redis')) return problem('--redis-replicas: the store is no Redis');
  const port = Number(text('port') ?? '8470');
  if (port !== 0 && !isPortNumber(port)) return problem(`--port ${text('port') ?? ''}: give a port from 0 to 65535`);
  const listen = readListen(text('listen') ?? (source === 'lab' ? '127.0.0.1:0' : '127.0.0.1:8471'));
  if (listen === undefined) return problem(`--listen ${text('listen') ?? ''}: give HOST:PORT or [IPV6]:PORT`);
  if (list('watch').includes('-')) return problem('--watch -: standard input does not change; give a file or a folder');
  const ssh = readSshPorts(list('ssh-port').flatMap((each) => each.split(',')));
  if (typeof ssh === 'string') return problem(ssh);
  if (list('watch').length > 0 && source !== 'auto') return problem('--watch and --source: give one of them');
  return {
    kind: 'options',
    options: {
      state: text('state'),
      store,
      redisPassword,
      redisReplicas,
      journalKey: text('journal-key'),
      lease: text('lease'),
      source,
      watch: list('watch'),
      kubeconfig: text('kubeconfig'),
      context: text('context'),
      mayWrite: flag('enforce'),
      enforcesExisting: flag('enforce-existing'),
      folder: text('folder'),
      invariants: list('invariants'),
      hubble: list('hubble'),
      autoApproval: text('auto-approval'),
      port,
      listen,
      ssh,
      isFresh: flag('fresh'),
    },
  };
}

/** Where a controller keeps its state unless somebody says otherwise. */
export function stateFolder({ state }: Pick<ControllerProcessOptions, 'state'>, source: string, environment: Readonly<Record<string, string | undefined>>): string {
  if (state !== undefined) return resolve(state);
  const given = environment['XDG_STATE_HOME'];
  const base = given === undefined || given === '' ? join(homedir(), '.local', 'state') : given;
  return join(base, 'ringfence', source);
}

/** The store in a state folder, with the password it needs: that may have to be read from a file. */
export function storeIn(folder: string, { store, redisPassword }: Pick<ControllerProcessOptions, 'store' | 'redisPassword'>): StoreChoice {
  const choice = readStoreChoice(store, storeFolder(folder)) ?? { kind: 'memory' };
  return choice.kind === 'redis' ? { kind: 'redis', url: urlWithPassword(choice.url, redisPassword) } : choice;
}

function readListen(text: string): ControllerProcessOptions['listen'] | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? 'none');
  return host === undefined || !(port === 0 || isPortNumber(port)) ? undefined : { host, port };
}

/** A sentence where one of them is none. */
function readSshPorts(texts: readonly string[]): ControllerProcessOptions['ssh'] | string {
  let sshPort: number | undefined;
  const sshPorts: { host: string; port: number }[] = [];
  for (const text of texts) {
    const [, host, digits] = /^(?:([A-Za-z0-9._-]{1,253})=)?(\d{1,5})$/.exec(text) ?? [];
    const port = Number(digits ?? 'none');
    if (!isPortNumber(port)) return `--ssh-port ${text}: give PORT or HOST=PORT`;
    if (host === undefined) sshPort = port;
    else sshPorts.push({ host, port });
  }
  return { ...(sshPort === undefined ? {} : { sshPort }), ...(sshPorts.length === 0 ? {} : { sshPorts }) };
}

function problem(why: string): OptionsReading {
  return { kind: 'problem', why };
}
