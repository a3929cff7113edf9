import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { addNamespace, deploy, many, running } from '../cluster/cluster-world.ts';
import { awaitControlPlane } from '../support/control-plane.ts';
import type { NewPod } from './reaction-tally.ts';

const HASH = '6d4cf56db6';
const NAMESPACE_SIZE = 20;
const AT_A_TIME = 32;
const TELL_EVERY = 2_000;

/** The cluster of the replaying process, on a real API server: as many pods, nodes and workloads, called the same. */
export class ReactionCluster {
  readonly kubeconfig: string;
  readonly #cluster: Cluster;
  readonly #pods: number;
  readonly #nodes: number;
  readonly #workloads: number;
  readonly #generations = new Map<number, number>();
  #next = 0;

  private constructor(cluster: Cluster, pods: number) {
    this.#cluster = cluster;
    this.kubeconfig = cluster.kubeconfig;
    this.#pods = pods;
    this.#nodes = Math.ceil(pods / 100);
    this.#workloads = Math.ceil(pods / 20);
  }

  static async start(pods: number): Promise<ReactionCluster> {
    await awaitControlPlane();
    const made = new ReactionCluster(await startCluster(), pods);
    await made.#fill();
    return made;
  }

  /** Replaces pods by others with new addresses; `at` is when the new one's addresses were sent to the server. */
  async change(perSecond: number, count: number, changed: (changes: readonly NewPod[]) => void = () => undefined): Promise<void> {
    const started = performance.now();
    const under = new Set<Promise<void>>();
    for (let done = 0; done < count; done += 1) {
      const wait = started + (done * 1_000) / perSecond - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      const one = this.#replace((this.#next * 7_919) % this.#pods, changed).finally(() => under.delete(one));
      this.#next += 1;
      under.add(one);
    }
    await Promise.all(under);
  }

  stop(): Promise<void> {
    return this.#cluster.stop();
  }

  async #fill(): Promise<void> {
    const { client } = this.#cluster;
    await many(this.#nodes, AT_A_TIME, async (index) => {
      const name = `node-${String(index)}`;
      await client.create('/api/v1/nodes', { metadata: { name }, spec: {} });
      await client.patch(`/api/v1/nodes/${name}`, { spec: { taints: null } });
      await client.patch(`/api/v1/nodes/${name}/status`, { status: { addresses: [{ type: 'InternalIP', address: `172.20.${String(index >> 8)}.${String((index & 255) + 1)}` }] } });
    });
    await many(Math.ceil(this.#workloads / NAMESPACE_SIZE), AT_A_TIME, (index) => addNamespace(client, `team-${String(index)}`));
    await many(this.#workloads, AT_A_TIME, async (index) => {
      const next = index % NAMESPACE_SIZE === NAMESPACE_SIZE - 1 ? index - NAMESPACE_SIZE + 1 : index + 1;
      await deploy(client, this.#namespaceOf(index), `app-${String(index)}`, 20, { UPSTREAM_URL: `http://app-${String(next)}` });
    });
    const started = performance.now();
    let made = 0;
    await many(this.#pods, AT_A_TIME, async (index) => {
      await this.#create(index);
      await this.#address(index);
      made += 1;
      if (made % TELL_EVERY === 0) console.error(`reaction: ${String(made)} pods are there after ${String(Math.round((performance.now() - started) / 1_000))} s`);
    });
  }

  async #replace(index: number, changed: (changes: readonly NewPod[]) => void): Promise<void> {
    const workload = index % this.#workloads;
    await this.#cluster.client.remove(`${this.#path(index)}?gracePeriodSeconds=0`);
    this.#generations.set(index, (this.#generations.get(index) ?? 0) + 1);
    await this.#create(index);
    const at = performance.timeOrigin + performance.now();
    await this.#address(index);
    const writtenAt = performance.timeOrigin + performance.now();
    changed([{ namespace: this.#namespaceOf(workload), added: { name: this.#name(index), addresses: this.#addresses(index) }, workload: `app-${String(workload)}`, node: `node-${String(index % this.#nodes)}`, at, writtenAt }]);
  }

  async #create(index: number): Promise<void> {
    const workload = index % this.#workloads;
    const labels = { 'app.kubernetes.io/name': `app-${String(workload)}`, 'pod-template-hash': HASH };
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `app-${String(workload)}-${HASH}`, uid: `rs-${String(workload)}`, controller: true }];
    const spec = { nodeName: `node-${String(index % this.#nodes)}`, containers: [{ name: 'main', image: 'registry.example/app:1', ports: [{ name: 'main', containerPort: 8080 }] }] };
    await this.#cluster.client.create(`/api/v1/namespaces/${this.#namespaceOf(workload)}/pods`, { metadata: { name: this.#name(index), labels, ownerReferences }, spec });
  }

  async #address(index: number): Promise<void> {
    const [ip4 = '', ip6 = ''] = this.#addresses(index);
    await this.#cluster.client.patch(`${this.#path(index)}/status`, running(ip4, ip6));
  }

  #path(index: number): string {
    return `/api/v1/namespaces/${this.#namespaceOf(index % this.#workloads)}/pods/${this.#name(index)}`;
  }

  #name(index: number): string {
    return `app-${String(index % this.#workloads)}-${HASH}-${index.toString(36)}-${String(this.#generations.get(index) ?? 0)}`;
  }

  #namespaceOf(workload: number): string {
    return `team-${String(Math.floor(workload / NAMESPACE_SIZE))}`;
  }

  #addresses(index: number): readonly string[] {
    const number = (index + (this.#generations.get(index) ?? 0) * 65_536) % 2 ** 24;
    return [`10.${String((number >> 16) & 255)}.${String((number >> 8) & 255)}.${String(number & 255)}`, `fd00:10::${((number >> 16) & 0xffff).toString(16)}:${(number & 0xffff).toString(16)}`];
  }
}
