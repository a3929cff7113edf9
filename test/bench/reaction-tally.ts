import type { NodeBundle } from '#compilers/nftables';

import type { Applied } from './reaction-nodes.ts';

/** A pod that is new, and when its event left the server: milliseconds since 1970, with fractions. */
export interface NewPod {
  readonly namespace: string;
  readonly added: { readonly name: string; readonly addresses: readonly string[] };
  readonly workload: string;
  readonly node: string;
  readonly at: number;
  /** When a real server said that it is written. */
  readonly writtenAt?: number;
}

interface Turn {
  readonly at: number;
  readonly nodes: readonly string[];
  readonly compileMs: number;
  readonly encodeMs: number;
}

/** One pod at one node, from the server to the kernel. */
interface Reaction {
  readonly kind: 'own' | 'peers';
  readonly pod: string;
  readonly node: string;
  readonly at: number;
  readonly inKernelAt: number;
  readonly commitMs: number;
}

const KEPT_APPLIED = 100_000;

/** Puts together what the server, the controller and the kernels say of each pod. */
export class ReactionTally {
  readonly #nodes: readonly string[];
  readonly #changes: NewPod[] = [];
  readonly #heard = new Map<string, number>();
  readonly #turns: Turn[] = [];
  /** When each node first had a pod of its own, or let an address in. */
  readonly #own = new Map<string, { readonly at: number; readonly commitMs: number }>();
  readonly #peers = new Map<string, { readonly at: number; readonly commitMs: number }>();
  readonly #known = new Map<string, ReadonlySet<string>>();
  /** Workloads with a pod on each node. */
  readonly #workloads = new Map<string, ReadonlySet<string>>();

  /** `before` is the tally of the time before: what was known then is nothing new. */
  constructor(nodes: readonly string[], before?: ReactionTally) {
    this.#nodes = nodes;
    for (const node of nodes) {
      this.#known.set(node, before === undefined ? new Set() : (before.#known.get(node) ?? new Set()));
      this.#workloads.set(node, before === undefined ? new Set() : (before.#workloads.get(node) ?? new Set()));
    }
  }

  changed(changes: readonly NewPod[]): void {
    this.#changes.push(...changes);
  }

  heard(pods: readonly (readonly [string, number])[]): void {
    for (const [pod, at] of pods) this.#heard.set(pod, at);
  }

  worked(turns: readonly Turn[]): void {
    this.#turns.push(...turns);
  }

  applied({ node, at, commitMs, bundle }: Applied): void {
    const before = this.#known.get(node) ?? new Set();
    const after = namesIn(bundle);
    if (this.#own.size + this.#peers.size < KEPT_APPLIED) {
      for (const name of after) if (!before.has(name)) (name.startsWith('pod ') ? this.#own : this.#peers).set(`${node} ${name}`, { at, commitMs });
    }
    this.#known.set(node, after);
    this.#workloads.set(node, new Set(bundle.pods.map(({ pod }) => workloadOf(pod))));
  }

  summary(): object {
    const reactions = this.#changes.flatMap((change) => this.#reactionsTo(change));
    const expected = this.#changes.reduce((sum, change) => sum + this.#placesOf(change).length, 0);
    const of = (kind: Reaction['kind']): readonly number[] => reactions.filter((each) => each.kind === kind).map(({ at, inKernelAt }) => inKernelAt - at);
    const stages = reactions.flatMap((reaction) => this.#stagesOf(reaction) ?? []);
    const written = this.#changes.flatMap(({ at, writtenAt }) => (writtenAt === undefined ? [] : [writtenAt - at]));
    return {
      changes: this.#changes.length,
      heard: this.#heard.size,
      own: quantiles(of('own')),
      peers: quantiles(of('peers')),
      all: quantiles(reactions.map(({ at, inKernelAt }) => inKernelAt - at)),
      // a pod that is replaced again at once may never be seen
      missing: expected - reactions.length,
      // of a real server, and no part of ours: until it answered the write
      ...(written.length === 0 ? {} : { server: quantiles(written) }),
      where: {
        source: quantiles(stages.map(({ source }) => source)),
        worker: quantiles(stages.map(({ worker }) => worker)),
        channelAndKernel: quantiles(stages.map(({ channel }) => channel)),
        kernel: quantiles(reactions.map(({ commitMs }) => commitMs)),
        turnCompile: quantiles(this.#turns.map(({ compileMs }) => compileMs)),
        turnEncode: quantiles(this.#turns.map(({ encodeMs }) => encodeMs)),
        turns: this.#turns.length,
      },
    };
  }

  #placesOf({ workload, node }: NewPod): readonly { readonly kind: Reaction['kind']; readonly node: string }[] {
    const next = nextOf(workload);
    return this.#nodes.flatMap((each) => [
      ...(each === node ? [{ kind: 'own', node: each } as const] : []),
      ...(this.#workloads.get(each)?.has(next) === true ? [{ kind: 'peers', node: each } as const] : []),
    ]);
  }

  #reactionsTo(change: NewPod): readonly Reaction[] {
    const pod = `${change.namespace}/${change.added.name}`;
    const [address = ''] = change.added.addresses;
    return this.#placesOf(change).flatMap(({ kind, node }) => {
      const found = kind === 'own' ? this.#own.get(`${node} pod ${pod}`) : this.#peers.get(`${node} in ${nextOf(change.workload)} ${address}`);
      return found === undefined ? [] : [{ kind, pod, node, at: change.at, inKernelAt: found.at, commitMs: found.commitMs }];
    });
  }

  #stagesOf({ pod, node, at, inKernelAt }: Reaction): { readonly source: number; readonly worker: number; readonly channel: number } | undefined {
    const heard = this.#heard.get(pod);
    const worked = this.#turns.findLast((turn) => turn.at <= inKernelAt && turn.nodes.includes(node))?.at;
    return heard === undefined || worked === undefined || worked < heard ? undefined : { source: heard - at, worker: worked - heard, channel: inKernelAt - worked };
  }
}

/** Pods of the node, and addresses each of its workloads lets in. */
function namesIn({ pods, profiles }: NodeBundle): ReadonlySet<string> {
  const names = new Set(pods.filter(({ addresses }) => addresses.length > 0).map(({ pod }) => `pod ${pod}`));
  const workloads = new Map<string, string>();
  for (const { pod, ingress } of pods) if (ingress !== undefined) workloads.set(ingress, workloadOf(pod));
  for (const { name, namespaced } of profiles) {
    const workload = workloads.get(name);
    if (workload === undefined) continue;
    for (const { matches } of namespaced) for (const match of matches) if (match.kind === 'peer' && match.peer !== 'any') for (const address of match.peer.elements4) names.add(`in ${workload} ${address}`);
  }
  return names;
}

/** `app-12` of `team-0/app-12-6d4cf56db6-0001`. */
function workloadOf(pod: string): string {
  return /\/(app-\d+)-/.exec(pod)?.[1] ?? '';
}

/** Whom a workload of the made-up cluster calls. */
function nextOf(workload: string): string {
  const number = Number(workload.slice('app-'.length));
  return `app-${String(number % 20 === 19 ? number - 19 : number + 1)}`;
}

function quantiles(values: readonly number[]): { readonly n: number; readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN) * 10) / 10;
  return { n: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}
