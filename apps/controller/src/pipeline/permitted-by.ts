import { compareText, type Connection, type Endpoint, type GraphPeer, graphPeerKey, parseAddress, type Pod, type Relationship, type Snapshot, workloadKey } from '#model';
import { adoptPolicies, createEvaluator, type Evaluator } from '#policy';

/** One public address of each family stands for the internet: documentation ranges, which nobody has. */
const OUTSIDE = ['203.0.113.1', '2001:db8::1'].flatMap((text) => parseAddress(text) ?? []);

/**
 * Which policies of others let a relationship through already: a reason to believe that somebody
 * wanted it.
 *
 * One pod stands for its workload. Only rules that name this connection count: that nothing
 * covers a workload permits nothing, and neither does a rule at one end of what they deny at the other. Entities but the internet have no addresses to ask about.
 */
export class PermittedRelationships {
  readonly #snapshot: Snapshot;
  readonly #evaluator: Evaluator | undefined;
  readonly #pods: ReadonlyMap<string, Pod>;
  readonly #known = new Map<string, readonly string[]>();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
    this.#evaluator = snapshot.policies.length === 0 ? undefined : createEvaluator(adoptPolicies(snapshot.policies), snapshot);
    this.#pods = this.#evaluator === undefined ? new Map() : onePodEach(snapshot);
  }

  /** Whether what was answered for that snapshot holds for this one as well. */
  holdsFor({ policies, workloads, namespaces, nodes }: Snapshot): boolean {
    const own = this.#snapshot;
    return own.policies === policies && own.workloads === workloads && own.namespaces === namespaces && own.nodes === nodes;
  }

  /** Their names, sorted. */
  by(relationship: Relationship): readonly string[] {
    if (this.#evaluator === undefined) return [];
    const { from, to, port, protocol, host } = relationship;
    const key = `${graphPeerKey(from)}\n${graphPeerKey(to)}\n${host ?? ''}\n${String(port)}\n${protocol}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const names = this.#ask(relationship, this.#evaluator);
    this.#known.set(key, names);
    return names;
  }

  #ask({ from, to, port, protocol, host, application }: Relationship, evaluator: Evaluator): readonly string[] {
    if (port === null && protocol !== 'ICMP') return [];
    const pair = meeting(this.#ends(from), this.#ends(to, host));
    if (pair === undefined) return [];
    const connection: Connection = { ...pair, protocol, port: port ?? 0, ...(application === undefined ? {} : { application }) };
    const { decision, reasons } = evaluator.evaluate(connection);
    const names = (decision === 'deny' ? [] : reasons).flatMap(({ effect, policy }) => (effect === 'allow' && policy !== undefined ? [policy] : []));
    return [...new Set(names)].sort(compareText);
  }

  #ends(peer: GraphPeer, host?: string): readonly Endpoint[] {
    if (typeof peer !== 'string') {
      const pod = this.#pods.get(workloadKey(peer));
      return pod === undefined ? [] : pod.addresses.map((address): Endpoint => ({ kind: 'pod', pod, address }));
    }
    if (peer !== 'internet') return [];
    const address = host === undefined ? undefined : parseAddress(host);
    return (address === undefined ? OUTSIDE : [address]).map((each): Endpoint => ({ kind: 'address', address: each }));
  }
}

function onePodEach(snapshot: Snapshot): ReadonlyMap<string, Pod> {
  const pods = new Map<string, Pod>();
  for (const pod of snapshot.pods.values()) {
    const key = workloadKey(pod.workload);
    if (pod.phase !== 'finished' && pod.addresses.length > 0 && !pods.has(key)) pods.set(key, pod);
  }
  return pods;
}

function meeting(from: readonly Endpoint[], to: readonly Endpoint[]): Pick<Connection, 'from' | 'to'> | undefined {
  for (const sender of from) {
    const receiver = to.find(({ address }) => address.family === sender.address.family);
    if (receiver !== undefined) return { from: sender, to: receiver };
  }
  return undefined;
}
